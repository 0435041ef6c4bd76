// A vision transformer that classifies: fine-tuning, training from scratch, and linear probing (He et al., 2021,
// A.1-A.2).
//
// The trunk is the encoder's, under the same names, so an encoder checkpoint loads into it. With `Pool::mean` the
// patch tokens after the last block are averaged, then normalised by `fc_norm`; with `Pool::class_token` the class
// token after the encoder's `norm` is used. `Classifier` trains everything, position table included. `LinearProbe`
// trains only the head: its features pass through stop_gradient, so the planner drops the encoder's whole backward
// pass.
#pragma once
#include <mae/model/encoder.hpp>
#include <mae/ops/cross_entropy.hpp>
#include <mae/ops/pool.hpp>
#include <mae/ops/standardize.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// images [B, C, H, W] → logits [B, Classes].
template <class ImageType, class Size, Index Classes, Pool How = Pool::mean, StochasticDepth Kind = StochasticDepth::on>
struct Classifier {
  using ImageShape = ImageType;
  using EncoderShape = Size;
  static constexpr Index classes = Classes;
  using Inputs = mae::Inputs<Input<typename ImageType::Pixels>>;
  EncoderTrunk<ImageType, Size, Trainable::yes, Kind> trunk;
  LayerNorm<Size::width> norm;
  Linear<Size::width, Classes, init::Normal<2, 100000>> head;
  MAE_MODULE(flat(trunk), as(How == Pool::mean ? "fc_norm" : "norm", norm), head)
  constexpr void encoder_parts(auto&& visit) {
    visit("", trunk);
    if constexpr (How == Pool::class_token) visit("norm", norm);
  }

  constexpr auto operator()(const Expression auto& images) const {
    auto tokens = trunk(images);                                             // [B, L + 1, D]
    if constexpr (How == Pool::mean) return head(norm(pool<How>(tokens)));   // [B, Classes]
    else return head(pool<How>(norm(tokens)));                               // [B, Classes]
  }
};

/// The head of a probe: features standardised by fixed statistics (a batch norm without parameters), then one linear
/// layer.
template <Index D, Index Classes>
struct ProbeHead {
  Parameter<Shape<D>, init::Zeros, Trainable::no> running_mean;
  Parameter<Shape<D>, init::Ones, Trainable::no> running_var;
  Linear<D, Classes, init::Normal<1, 100>> linear;
  // As published probes call them: batch norm is head.0, the layer head.1.
  MAE_MODULE(as("0.running_mean", running_mean), as("0.running_var", running_var), as("1", linear))

  constexpr auto operator()(const Expression auto& x) const {
    return linear(standardize(x, running_mean, running_var));  // [B, Classes]
  }
};

/// images [B, C, H, W] → logits [B, Classes] from the frozen encoder's class token or mean patch token.
template <class ImageType, class Size, Index Classes, Pool How = Pool::class_token>
struct LinearProbe {
  using ImageShape = ImageType;
  using EncoderShape = Size;
  static constexpr Index classes = Classes;
  using Inputs = mae::Inputs<Input<typename ImageType::Pixels>>;
  Encoder<ImageType, Size> encoder;
  ProbeHead<Size::width, Classes> head;
  MAE_MODULE(flat(encoder), head)

  /// images → features [B, D] that the head sees.
  constexpr auto features(const Expression auto& images) const { return stop_gradient(pool<How>(encoder(images))); }
  constexpr auto operator()(const Expression auto& images) const { return head(features(images)); }
};

/// One cross-entropy a sample, for training: images [B, C, H, W], target probabilities [B, Classes].
template <class Model>
struct ClassificationLoss : Model {
  using Inputs = mae::Inputs<Input<typename Model::ImageShape::Pixels>, Input<Shape<dyn, Model::classes>>>;
  constexpr auto operator()(const Expression auto& images, const Expression auto& target) const {
    return cross_entropy(Model::operator()(images), target);  // [B]
  }
};

/// The features of a probe's encoder, for statistics and nearest neighbours: [B, D].
template <class Model>
struct ProbeFeatures : Model {
  constexpr auto operator()(const Expression auto& images) const { return Model::features(images); }
};

}  // namespace mae
MAE_PRECISE_END
