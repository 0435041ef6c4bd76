// The sizes of a model whose weights a file has, as far as it shows them: from the shapes of its tensors, and the one
// that no shape shows, the number of heads, from what is written beside them.
#pragma once
#include <mae/checkpoint/recognise.hpp>
#include <mae/core/number_text.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// What a checkpoint says of a model beside its weights: text by key, the metadata of the file.
using Metadata = std::map<std::string, std::string>;

/// Sizes of a transformer; 0: not shown.
struct TransformerSizes {
  Index width = 0, depth = 0, heads = 0;
};
/// Sizes of a model in a file; 0: not shown.
struct FileSizes {
  Index channels = 0, patch = 0, patches = 0, classes = 0;
  TransformerSizes encoder, decoder;
};

/// How many heads published encoders of this width have; 0: no one number.
constexpr Index usual_heads(Index width) {
  return width == 192 ? 3 : width == 384 ? 6 : width == 768 ? 12 : width == 1024 || width == 1280 ? 16 : 0;
}

namespace detail {

/// The entry of our parameter `name`, the first where there are three; null if the file has none.
inline const TensorEntry* find_parameter(const TensorFile& file, const Recognised& names, const std::string& name) {
  if (!names.dialect) return file.find(names.prefix + name);
  return file.find(names.prefix + their_name(*names.dialect, name, names.encoder).tensors.front());
}
inline Index number_of(const TensorFile& file, const char* key) {
  const auto found = file.metadata().find(key);
  const std::optional<double> number = found == file.metadata().end() ? std::nullopt : number_in(found->second);
  return number && *number > 0 && *number < 1e6 ? static_cast<Index>(*number) : 0;
}

}  // namespace detail

/// The sizes of the model in a file of a known dialect.
inline FileSizes sizes_of(const TensorFile& file, const Recognised& names) {
  FileSizes sizes;
  auto entry = [&](const std::string& name) { return detail::find_parameter(file, names, name); };
  auto extent = [&](const std::string& name, std::size_t rank, std::size_t axis) {
    const TensorEntry* const found = entry(name);
    return found && found->shape.size() == rank ? found->shape[axis] : 0;
  };
  auto depth = [&](const std::string& blocks) {
    Index n = 0;
    while (entry(blocks + std::to_string(n) + ".norm1.weight")) ++n;
    return n;
  };
  sizes.encoder = {extent("blocks.0.norm1.weight", 1, 0), depth("blocks."),
                   detail::number_of(file, "config.num_attention_heads")};
  sizes.decoder = {extent("decoder_blocks.0.norm1.weight", 1, 0), depth("decoder_blocks."),
                   detail::number_of(file, "config.decoder_num_attention_heads")};
  const bool flax = names.dialect && !their_name(*names.dialect, "patch_embed.proj.weight", "").axes.empty();
  if (flax) {  // [p, p, C, D], and heads are an axis
    sizes.patch = extent("patch_embed.proj.weight", 4, 0);
    sizes.channels = extent("patch_embed.proj.weight", 4, 2);
    sizes.encoder.heads = extent("blocks.0.attn.qkv.weight", 3, 1);
  } else {
    sizes.patch = extent("patch_embed.proj.weight", 4, 2);
    sizes.channels = extent("patch_embed.proj.weight", 4, 1);
  }
  sizes.patches = (std::max)(Index{0}, extent("pos_embed", 3, 1) - 1);
  sizes.classes = (std::max)(extent("head.bias", 1, 0), extent("head.1.bias", 1, 0));
  return sizes;
}

/// The sizes in words, under the keys and in the form of a checkpoint's metadata (checkpoint.hpp): what the file
/// records goes before what its shapes show, and what neither shows is left out. `heads` are those of encoder and
/// decoder where the file has none.
inline Metadata describe(const TensorFile& file, const Recognised& names, Index heads = 0, Index decoder_heads = 0) {
  Metadata found = file.metadata();
  if (!names.dialect) return found;
  const FileSizes sizes = sizes_of(file, names);
  auto size = [](const TransformerSizes& s, Index otherwise) {
    return std::to_string(s.width) + " wide, " + std::to_string(s.depth) + " blocks, " +
           std::to_string(s.heads > 0 ? s.heads : otherwise) + " heads";
  };
  if (!heads) heads = usual_heads(sizes.encoder.width);
  if (!decoder_heads) decoder_heads = 16;
  // What a folder of Hugging Face says of its model.
  const auto config = [&](const char* key) {
    const auto at = file.metadata().find(std::string("config.") + key);
    return at == file.metadata().end() ? std::string() : at->second;
  };
  if (const std::string target = config("norm_pix_loss"); !target.empty() && sizes.decoder.width > 0)
    found.emplace("target", target == "true" ? "normalized pixels" : "pixels");
  if (const std::optional<double> ratio = number_in(config("mask_ratio")); ratio && sizes.decoder.width > 0)
    found.emplace("mask_ratio", decimal_text(*ratio, 6));
  if (const auto image = numbers_in(config("image_size")); image && image->size() == 2)
    found.emplace("image", std::to_string(sizes.channels) + " x " + short_text((*image)[0], 9) + " x " +
                               short_text((*image)[1], 9));
  Index side = 0;
  while ((side + 1) * (side + 1) <= sizes.patches) ++side;
  if (side * side == sizes.patches && side > 0 && sizes.patch > 0) {
    const std::string pixels = std::to_string(side * sizes.patch);
    found.emplace("image", std::to_string(sizes.channels) + " x " + pixels + " x " + pixels);
  }
  if (sizes.patch > 0) found.emplace("patch", std::to_string(sizes.patch));
  if (sizes.encoder.width > 0 && (sizes.encoder.heads || heads)) found.emplace("encoder", size(sizes.encoder, heads));
  if (sizes.decoder.width > 0) found.emplace("decoder", size(sizes.decoder, decoder_heads));
  return found;
}

}  // namespace mae
MAE_PRECISE_END
