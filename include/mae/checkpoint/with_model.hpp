// Opening a checkpoint whose sizes the program need not know: they are in the file, and choose among models.
//
//   with_encoder("encoder.safetensors", [&](const auto& encoder) {               // a Pretrained<Encoder<...>, Policy>
//     write_npy("features.npy", extract_features(encoder, images));
//   });
//   with_model<presets::Base, Mine>("mae.safetensors", [&](const auto& model) { ... });    // among these two
//
// Sizes are types, so what is done with a model is compiled once for each model that may come. Without a list these are
// all of model/presets.hpp, which takes the compiler its time; who knows what may come lists the models.
#pragma once
#include <mae/checkpoint/load_encoder.hpp>
#include <mae/model/presets.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {

template <class... Model>
struct ModelList {};

template <class... Model, class... More>
ModelList<Model..., More...> operator+(ModelList<Model...>, ModelList<More...>);
template <class P, class... Ratio>
ModelList<typename P::template Autoencoder<Ratio>...> models_of_preset(std::tuple<Ratio...>*);
template <class... P>
auto models_of_presets(std::tuple<P...>*)
    -> decltype((ModelList<>() + ... + models_of_preset<P>(static_cast<typename P::Ratios*>(nullptr))));
using PresetModels = decltype(models_of_presets(static_cast<presets::All*>(nullptr)));

/// The sizes of a model in words, for an error.
inline std::string sizes_text(const Metadata& metadata, bool whole) {
  auto text = [&](const char* key) { return metadata.contains(key) ? metadata.at(key) : std::string("unknown"); };
  std::string sizes = "images " + text("image") + " in patches of " + text("patch") + ", encoder " + text("encoder");
  if (whole) sizes += ", decoder " + text("decoder") + ", target " + text("target") + ", mask " + text("mask_ratio");
  return sizes;
}

/// What a file records of its sizes, or shows if it is of another project.
template <class Model>
Metadata shown_sizes(const TensorFile& file) {
  if (file.metadata().contains("encoder")) return file.metadata();
  const Recognised names = recognise(file, parameters<typename Model::Encoder>().front().name);
  Index heads = usual_heads(Model::EncoderShape::width), decoder_heads = 0;
  if (heads == 0) heads = Model::EncoderShape::heads;
  if constexpr (requires { typename Model::DecoderShape; }) decoder_heads = Model::DecoderShape::heads;
  return describe(file, names, heads, decoder_heads);
}

/// Whether the file is of this model. With `whole`, whatever else is recorded must agree: decoder, target, mask ratio.
template <class Model>
bool is_of(const TensorFile& file, bool whole) {
  const Metadata shown = shown_sizes<Model>(file);
  Metadata metadata = mae::describe<typename Model::Encoder>();
  for (const auto& [key, value] : metadata)
    if (!shown.contains(key) || shown.at(key) != value) return false;
  if (!whole) return true;
  metadata = checkpoint_metadata<Model, Model>({});
  for (const char* const key : {"decoder", "target", "mask_ratio"})
    if (shown.contains(key) && shown.at(key) != metadata[key]) return false;
  return true;
}

/// Calls use(std::type_identity<Model>) for the first model that the file is of.
template <class... Model, class Use>
void dispatch(ModelList<Model...>, const TensorFile& file, bool whole, const Use& use) {
  if (((is_of<Model>(file, whole) && (use(std::type_identity<Model>()), true)) || ...)) return;
  std::string known;
  ((known += (known.empty() ? "" : "; ") + sizes_text(checkpoint_metadata<Model, Model>({}), whole)), ...);
  using First = std::tuple_element_t<0, std::tuple<Model...>>;
  throw Error(file.path(), "a model of " + sizes_text(shown_sizes<First>(file), whole), "one of: " + known);
}

template <class... Model>
using Candidates = std::conditional_t<sizeof...(Model) == 0, PresetModels, ModelList<Model...>>;

}  // namespace detail

/// Calls use(encoder) with the encoder of the file at `path`, a `Pretrained<Encoder<...>, Policy>`, which has
/// `weights`, `normalization` and `channels`. `Models` are those whose encoder it may be, or none: any preset's. Throws
/// mae::Error as `load_encoder` does, or if the file is of none of them.
template <class... Models, class Use>
void with_encoder(const std::string& path, const Use& use) {
  detail::dispatch(detail::Candidates<Models...>(), open_tensors(path), false,
                   [&]<class Model>(std::type_identity<Model>) {
                     const auto encoder = load_encoder<typename Model::Encoder>(path);
                     use(encoder);
                   });
}

/// Calls use(model) with the masked autoencoder of the file, a `Pretrained<MaskedAutoencoder<...>, Policy>`; its target
/// and mask ratio are those that the file records.
template <class... Models, class Use>
void with_model(const std::string& path, const Use& use) {
  const TensorFile file = open_tensors(path);
  detail::dispatch(detail::Candidates<Models...>(), file, true, [&]<class Model>(std::type_identity<Model>) {
    Pretrained<Model, Cpu<float>> model{{}, recorded_normalization(file)};
    load_checkpoint(file, model.weights, {.once = true});
    use(std::as_const(model));
  });
}

}  // namespace mae
MAE_PRECISE_END
