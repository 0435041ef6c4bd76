// Which parameters of a model are its encoder's and which are new.
//
// Fine-tuning begins from an encoder: its parameters are loaded, and their rates follow from their layers; the head is
// new. A model says which is which by a member:
//
//     Encoder<ImageShape, Size> encoder;                       // everything in it came from pre-training, all else is
//     new Linear<Size::width, 10> classifier;
//
// or, where the encoder's parts are members of its own, by listing these as they are called in an encoder's checkpoint:
//
//     constexpr void encoder_parts(auto&& visit) { visit("", trunk); visit("norm", norm); }
//
// What counts is where a parameter lies in the weights: how the model calls it, or its head, does not matter.
#pragma once
#include <mae/autograd/trace/parameter.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {
/// The encoder of a model as a module.
template <class Model>
struct EncoderPart {
  Model model;
  constexpr void each(auto&& visit) {
    if constexpr (requires { model.encoder_parts(visit); }) {
      model.encoder_parts(visit);
    } else if constexpr (requires { model.encoder; }) {
      visit("", model.encoder);
    } else {
      static_assert(
          requires { model.encoder; },
          "mae: this model does not say which part of it is the encoder: call that member `encoder`, or list "
          "its parts in encoder_parts(visit)");
    }
  }
};
}  // namespace detail

/// The parameters of `Model`'s encoder: under the names that an encoder's checkpoint has, at their places in the
/// weights of `Model`.
template <class Model>
[[gnu::cold]] std::vector<ParameterInfo> encoder_parameters() {
  detail::EncoderPart<Model> part{bound<Model>()};
  std::vector<ParameterInfo> out;
  detail::list(part, "", 0, out);
  return out;
}

/// What `parameter` of the model is called in its encoder; "" for one that is not the encoder's.
[[gnu::cold]] inline std::string name_in_encoder(const std::vector<ParameterInfo>& encoder,
                                                 const ParameterInfo& parameter) {
  for (const ParameterInfo& known : encoder)
    if (known.offset == parameter.offset) return known.name;
  return "";
}

}  // namespace mae
MAE_PRECISE_END
