// What of a file of weights could be loaded, told without a model at hand: the sizes are the file's own.
//
//   const TensorFile file = open_tensors("vit.pth");
//   const Loadable encoder = loadable(file, recognise(file, "cls_token"), ModelPart::encoder);
//   std::puts(encoder.refused.empty() ? encoder.report.text().c_str() : encoder.refused.c_str());
//
// Names and shapes decide, as in load_into.hpp, by the same plan: no number is read. What a model of other sizes makes
// of the file is not told.
#pragma once
#include <mae/checkpoint/load_weights.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// What of a file is wanted: an encoder without its last norm, which pooling does without, an encoder, or the whole
/// masked autoencoder.
enum class ModelPart { trunk, encoder, autoencoder };

/// The parameters of a part of these sizes: under the names, in the order and of the shapes that `parameters<Model>()`
/// gives them. `hidden` and `decoder_hidden` are the widths inside their MLPs.
inline std::vector<ParameterInfo> parameters_of(const FileSizes& sizes, Index hidden, Index decoder_hidden,
                                                ModelPart part) {
  std::vector<ParameterInfo> all;
  const auto add = [&](const std::string& name, std::vector<Index> shape) {
    Index count = 1;
    for (const Index extent : shape) count *= extent;
    all.push_back({name, std::move(shape), 0, count, true, nullptr, nullptr, true});
  };
  const auto linear = [&](const std::string& name, Index in, Index out) {
    add(name + ".weight", {out, in});
    add(name + ".bias", {out});
  };
  const auto norm = [&](const std::string& name, Index width) {
    add(name + ".weight", {width});
    add(name + ".bias", {width});
  };
  const auto blocks = [&](const std::string& name, const TransformerSizes& of, Index inner) {
    for (Index n = 0; n < of.depth; ++n) {
      const std::string block = name + "." + std::to_string(n) + ".";
      norm(block + "norm1", of.width);
      linear(block + "attn.qkv", of.width, 3 * of.width);
      linear(block + "attn.proj", of.width, of.width);
      norm(block + "norm2", of.width);
      linear(block + "mlp.fc1", of.width, inner);
      linear(block + "mlp.fc2", inner, of.width);
    }
  };
  const Index width = sizes.encoder.width, narrow = sizes.decoder.width, side = sizes.patch;
  add("cls_token", {1, 1, width});
  add("pos_embed", {1, sizes.patches + 1, width});
  add("patch_embed.proj.weight", {width, sizes.channels, side, side});
  add("patch_embed.proj.bias", {width});
  blocks("blocks", sizes.encoder, hidden);
  if (part != ModelPart::trunk) norm("norm", width);
  if (part != ModelPart::autoencoder) return all;
  add("mask_token", {1, 1, narrow});
  add("decoder_pos_embed", {1, sizes.patches + 1, narrow});
  linear("decoder_embed", width, narrow);
  blocks("decoder_blocks", sizes.decoder, decoder_hidden);
  norm("decoder_norm", narrow);
  linear("decoder_pred", narrow, side * side * sizes.channels);
  return all;
}

/// What loading a part would do.
struct Loadable {
  std::string refused;  ///< why it cannot be loaded, "found ..., expected ..."; "": it can
  LoadReport report{};  ///< if it can: what would be loaded and what ignored, without what numbers alone show
};

/// What loading `part` of `file` would do, if the model has the file's sizes.
inline Loadable loadable(const TensorFile& file, const Recognised& names, ModelPart part,
                         const LoadOptions& options = {}) {
  const FileSizes sizes = sizes_of(file, names);
  const auto hidden = [&](const std::string& blocks) {
    const TensorEntry* const bias = detail::find_parameter(file, names, blocks + ".0.mlp.fc1.bias");
    return bias != nullptr && bias->shape.size() == 1 ? bias->shape[0] : 0;
  };
  const std::vector<ParameterInfo> all = parameters_of(sizes, hidden("blocks"), hidden("decoder_blocks"), part);
  Loadable result{"", {file.path(), file.container(), names.dialect ? names.dialect->name : "", names.prefix}};
  try {
    std::vector<detail::Wanted> wanted;
    for (const ParameterInfo& parameter : all) wanted.push_back({&parameter, parameter.name});
    const bool encoder = part != ModelPart::autoencoder;
    const auto plan = detail::plan_loading(file, names, wanted, encoder, options, result.report);
    const detail::PatchGeometry geometry{sizes.channels, {1, sizes.patches, sizes.patch}};
    const detail::SourceReader reader(file, describe(file, names), geometry, options.resize);
    for (const detail::Source& source : plan) {
      reader.ensure_readable(source);
      if (source.tensors.empty()) continue;
      result.report.loaded.push_back(source.name);
      result.report.numbers += source.parameter->count;
    }
  } catch (const Error& error) {
    result.refused = std::string(error.what()).substr(5);  // without "mae: "
    if (const std::string path = file.path() + ": "; result.refused.starts_with(path))
      result.refused.erase(0, path.size());
  }
  return result;
}

}  // namespace mae
MAE_PRECISE_END
