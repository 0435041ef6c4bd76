// Dialects: what other projects call the parameters of a ViT and of a masked autoencoder in their files.
//
//   ours                  Hugging Face                                    mmpretrain
//   blocks.3.attn.qkv.*   encoder.layer.3.attention.attention.{query,…}   layers.3.attn.qkv.*
//
// Ours are the names of the original repository, which timm, DeiT, DINO, MoCo v3 and RETFound have too. Every other
// dialect is a table of rules; from the names that a file has follows its dialect (recognise.hpp). A rule reads both
// ways: loading looks for their name of each of our parameters, and writing for others (save_as.hpp) gives them theirs.
//
//   *        whatever ends the name, such as weight and bias
//   #        a block's number
//   ~        what stands before an encoder that is part of a model ("vit."), and is left out where it is alone
//   {a,b,c}  three tensors, which stacked as rows are ours
//   @1       the number of the second layer of a block (Dialect::layers)
#pragma once
#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mae/core/config.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// What they call a parameter, or several of them.
struct NameRule {
  std::string_view ours, theirs;
  std::string_view axes{};  ///< the order in which our axes are theirs: "10" for a transposed matrix
};

/// The names of one project's files. Of several rules for a name the first holds; a name without a rule is ours.
struct Dialect {
  const char* name;                         ///< as reports call it
  std::span<const std::string_view> signs;  ///< a file that has all of these names is of this dialect
  std::string_view encoder;                 ///< what `~` stands for
  std::span<const NameRule> names;          ///< outside blocks
  std::span<const NameRule> blocks;         ///< before a block's number; and what else goes before `names`
  std::span<const NameRule> inner;          ///< inside a block
  double mean = 0;                          ///< of the images, if all their encoders have one; 0: ImageNet's
  std::string_view layers{};  ///< of a block: @0 stands for the first digit, the number of its first layer
};

namespace dialects {

inline constexpr NameRule hugging_face_names[] = {
    {"cls_token", "~embeddings.cls_token"},
    {"pos_embed", "~embeddings.position_embeddings"},
    {"patch_embed.proj.*", "~embeddings.patch_embeddings.projection.*"},
    {"norm.*", "~layernorm.*"},
    {"head.*", "classifier.*"},
    {"mask_token", "decoder.mask_token"},
    {"decoder_*", "decoder.decoder_*"},
};
// Of transformers before 5, and of all that facebook/vit-mae-* published.
inline constexpr NameRule hugging_face_inner[] = {
    {"norm1.*", "layernorm_before.*"},           {"attn.qkv.*", "attention.attention.{query,key,value}.*"},
    {"attn.proj.*", "attention.output.dense.*"}, {"norm2.*", "layernorm_after.*"},
    {"mlp.fc1.*", "intermediate.dense.*"},       {"mlp.fc2.*", "output.dense.*"},
};
inline constexpr NameRule hugging_face_blocks[] = {
    {"blocks.#.", "~encoder.layer.#."},
    {"decoder_blocks.#.", "decoder.decoder_layers.#."},
};
inline constexpr NameRule hugging_face_dinov2_inner[] = {
    {"attn.qkv.*", "attention.attention.{query,key,value}.*"},
    {"attn.proj.*", "attention.output.dense.*"},
};
// What save_pretrained of transformers 5 writes: its way back to the old names meets the decoder's too.
inline constexpr NameRule hugging_face_5_saved_blocks[] = {
    {"blocks.#.", "~encoder.layer.#."},
    {"decoder_blocks.#.", "decoder.decoder_encoder.layer.#."},
};
// What transformers 5 has in memory, and on disk with save_original_format=False.
inline constexpr NameRule hugging_face_5_inner[] = {
    {"norm1.*", "layernorm_before.*"},
    {"attn.qkv.*", "attention.{q_proj,k_proj,v_proj}.*"},
    {"attn.proj.*", "attention.o_proj.*"},
    {"norm2.*", "layernorm_after.*"},
};
inline constexpr NameRule hugging_face_5_blocks[] = {
    {"blocks.#.", "~layers.#."},
    {"decoder_blocks.#.", "decoder.decoder_layers.#."},
};

inline constexpr NameRule mmpretrain_names[] = {
    {"patch_embed.proj.*", "~patch_embed.projection.*"},
    {"norm.*", "~ln1.*"},
    {"fc_norm.*", "~ln2.*"},
    {"head.0.*", "neck.bn.*"},
    {"head.1.*", "head.layers.head.*"},
    {"head.*", "head.fc.*"},
    {"mask_token", "neck.mask_token"},
    {"decoder_norm.*", "neck.ln1.*"},
    {"decoder_*", "neck.decoder_*"},
    {"*", "~*"},
};
inline constexpr NameRule mmpretrain_blocks[] = {
    {"blocks.#.", "~layers.#."},
    {"decoder_blocks.#.", "neck.decoder_blocks.#."},
};
inline constexpr NameRule mmpretrain_inner[] = {
    {"norm1.*", "ln1.*"},
    {"norm2.*", "ln2.*"},
    {"mlp.fc1.*", "ffn.layers.0.0.*"},
    {"mlp.fc2.*", "ffn.layers.1.*"},
};

inline constexpr NameRule lightly_names[] = {
    {"mask_token", "decoder.mask_token"},       {"decoder_embed.*", "decoder_embed.*"},
    {"decoder_pos_embed", "decoder.pos_embed"}, {"decoder_norm.*", "decoder.norm.*"},
    {"decoder_pred.*", "prediction_head.*"},    {"*", "~*"},
};
inline constexpr NameRule lightly_blocks[] = {
    {"blocks.#.", "~blocks.#."},
    {"decoder_blocks.#.", "decoder.blocks.#."},
};
// lightly before that, and solo-learn.
inline constexpr NameRule apart_names[] = {
    {"mask_token", "decoder.mask_token"},
    {"decoder_*", "decoder.decoder_*"},
    {"*", "~*"},
};
inline constexpr NameRule apart_blocks[] = {
    {"blocks.#.", "~blocks.#."},
    {"decoder_blocks.#.", "decoder.decoder_blocks.#."},
};

// Flax: a dense layer is [in, out], a filter [height, width, in, out], and heads have an axis of their own.
inline constexpr NameRule flax_names[] = {
    {"cls_token", "cls"},
    {"patch_embed.proj.weight", "embedding/kernel", "3201"},
    {"patch_embed.proj.bias", "embedding/bias"},
    {"norm.weight", "Transformer/encoder_norm/scale"},
    {"norm.bias", "Transformer/encoder_norm/bias"},
    {"head.weight", "head/kernel", "10"},
    {"head.bias", "head/bias"},
};
inline constexpr NameRule augreg_blocks[] = {{"blocks.#.", "Transformer/encoderblock_#/"},
                                             {"pos_embed", "Transformer/posembed_input/pos_embedding"}};
inline constexpr NameRule big_vision_blocks[] = {{"blocks.#.", "Transformer/encoderblock_#/"},
                                                 {"pos_embed", "pos_embedding"}};
inline constexpr NameRule flax_inner[] = {
    {"norm1.weight", "LayerNorm_@0/scale"},
    {"norm1.bias", "LayerNorm_@0/bias"},
    {"attn.qkv.weight", "MultiHeadDotProductAttention_@1/{query,key,value}/kernel", "120"},
    {"attn.qkv.bias", "MultiHeadDotProductAttention_@1/{query,key,value}/bias", "01"},
    {"attn.proj.weight", "MultiHeadDotProductAttention_@1/out/kernel", "201"},
    {"attn.proj.bias", "MultiHeadDotProductAttention_@1/out/bias"},
    {"norm2.weight", "LayerNorm_@2/scale"},
    {"norm2.bias", "LayerNorm_@2/bias"},
    {"mlp.fc1.weight", "MlpBlock_@3/Dense_0/kernel", "10"},
    {"mlp.fc1.bias", "MlpBlock_@3/Dense_0/bias"},
    {"mlp.fc2.weight", "MlpBlock_@3/Dense_1/kernel", "10"},
    {"mlp.fc2.bias", "MlpBlock_@3/Dense_1/bias"},
};

// What a file of each has.
inline constexpr std::string_view hugging_face_5_saved_signs[] = {
    "~encoder.layer.0.attention.attention.query.weight", "decoder.decoder_encoder.layer.0.layernorm_before.weight"};
inline constexpr std::string_view hugging_face_dinov2_signs[] = {"~encoder.layer.0.attention.attention.query.weight",
                                                                 "~encoder.layer.0.layer_scale1.lambda1"};
inline constexpr std::string_view hugging_face_signs[] = {"~encoder.layer.0.attention.attention.query.weight"};
inline constexpr std::string_view hugging_face_5_signs[] = {"~layers.0.attention.q_proj.weight",
                                                            "~layers.0.layernorm_before.weight"};
inline constexpr std::string_view mmpretrain_signs[] = {"~layers.0.ln1.weight", "~layers.0.attn.qkv.weight"};
inline constexpr std::string_view lightly_signs[] = {"backbone.vit.blocks.0.attn.qkv.weight", "decoder.pos_embed"};
inline constexpr std::string_view old_lightly_signs[] = {"backbone.vit.blocks.0.attn.qkv.weight"};
inline constexpr std::string_view solo_learn_signs[] = {"backbone.blocks.0.attn.qkv.weight",
                                                        "decoder.decoder_embed.weight"};
inline constexpr std::string_view augreg_signs[] = {
    "Transformer/encoderblock_0/MultiHeadDotProductAttention_1/query/kernel"};
inline constexpr std::string_view big_vision_signs[] = {
    "Transformer/encoderblock_0/MultiHeadDotProductAttention_0/query/kernel"};
inline constexpr std::string_view original_signs[] = {"blocks.0.attn.qkv.weight"};

/// The table, in the order in which a file is compared with it.
inline constexpr Dialect all[] = {
    {"Hugging Face, as transformers 5 saves", hugging_face_5_saved_signs, "vit.", hugging_face_names,
     hugging_face_5_saved_blocks, hugging_face_inner},
    {"Hugging Face, DINOv2", hugging_face_dinov2_signs, "dinov2.", hugging_face_names, hugging_face_blocks,
     hugging_face_dinov2_inner},
    {"Hugging Face", hugging_face_signs, "vit.", hugging_face_names, hugging_face_blocks, hugging_face_inner},
    {"Hugging Face, transformers 5", hugging_face_5_signs, "vit.", hugging_face_names, hugging_face_5_blocks,
     hugging_face_5_inner},
    {"mmpretrain", mmpretrain_signs, "backbone.", mmpretrain_names, mmpretrain_blocks, mmpretrain_inner},
    {"lightly", lightly_signs, "backbone.vit.", lightly_names, lightly_blocks, {}},
    {"lightly, old", old_lightly_signs, "backbone.vit.", apart_names, apart_blocks, {}},
    {"solo-learn", solo_learn_signs, "backbone.", apart_names, apart_blocks, {}},
    {"augreg", augreg_signs, "", flax_names, augreg_blocks, flax_inner, 0.5, "0123"},
    {"big_vision", big_vision_signs, "", flax_names, big_vision_blocks, flax_inner, 0.5, "0010"},
    {"the original repository", original_signs, "", {}, {}, {}},
};
/// Ours: the names of the original repository.
inline constexpr const Dialect& original = all[std::size(all) - 1];
inline constexpr const Dialect& hugging_face = all[2];

}  // namespace dialects

/// Where their parameter is: the tensors that stacked as rows are ours, mostly one, and the order of their axes.
struct TheirName {
  std::vector<std::string> tensors;
  std::string_view axes;
};

/// What `dialect` calls our parameter `name`. `encoder` is what `~` stands for in the file at hand.
TheirName their_name(const Dialect& dialect, const std::string& name, const std::string& encoder);

namespace detail {

/// What `pattern` leaves of `name` for its `*` or, without one, whether they are equal; null if they do not match.
inline const char* rest_of(std::string_view pattern, const std::string& name) {
  const bool open = pattern.ends_with('*');
  if (open) pattern.remove_suffix(1);
  if (!name.starts_with(pattern) || (!open && name.size() != pattern.size())) return nullptr;
  return name.c_str() + pattern.size();
}
/// Their name by the first rule for `name`, with `~` and `*` filled in; `name` itself where there is none.
inline std::string renamed(std::span<const NameRule> rules, const std::string& name, const std::string& encoder,
                           std::string_view& axes) {
  for (const NameRule& rule : rules) {
    const char* const rest = rest_of(rule.ours, name);
    if (!rest) continue;
    std::string out;
    for (const char c : rule.theirs) c == '~' ? out += encoder : c == '*' ? out += rest : out += c;
    axes = rule.axes;
    return out;
  }
  return name;
}
/// A name in which `@0`, `@1`, ... are the digits of `layers`.
inline std::string with_layers(std::string name, std::string_view layers) {
  if (const std::size_t at = layers.empty() ? name.npos : name.find('@'); at != name.npos)
    name.replace(at, 2, 1, layers[static_cast<std::size_t>(name[at + 1] - '0')]);
  return name;
}
/// The length of "blocks.12." at the start of a name, and the number; 0 if it does not begin so.
inline std::size_t block_part(const std::string& name, std::string& number) {
  for (const std::string_view start : {"blocks.", "decoder_blocks."}) {
    if (!name.starts_with(start)) continue;
    const std::size_t end = name.find_first_not_of("0123456789", start.size());
    if (end == name.npos || end == start.size() || name[end] != '.') continue;
    number = name.substr(start.size(), end - start.size());
    return end + 1;
  }
  return 0;
}

}  // namespace detail

inline TheirName their_name(const Dialect& dialect, const std::string& name, const std::string& encoder) {
  TheirName found;
  std::string number, text;
  if (const std::size_t start = detail::block_part(name, number); start > 0 && !dialect.blocks.empty()) {
    const std::string before = name.substr(0, start - number.size() - 1) + "#.";
    text = detail::renamed(dialect.blocks, before, encoder, found.axes);
    text.replace(text.find('#'), 1, number);
    text +=
        detail::with_layers(detail::renamed(dialect.inner, name.substr(start), encoder, found.axes), dialect.layers);
  } else {
    text = detail::renamed(dialect.blocks, name, encoder, found.axes);
    if (text == name) text = detail::renamed(dialect.names, name, encoder, found.axes);
  }
  const std::size_t open = text.find('{'), close = text.find('}');
  if (open == text.npos) return {{text}, found.axes};
  for (std::size_t at = open + 1; at <= close;) {
    const std::size_t end = (std::min)(text.find(',', at), close);
    found.tensors.push_back(text.substr(0, open) + text.substr(at, end - at) + text.substr(close + 1));
    at = end + 1;
  }
  return found;
}

}  // namespace mae
MAE_PRECISE_END
