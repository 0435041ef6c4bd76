// Of which dialect a file is: decided by the names of its tensors alone, before any number is read.
//
// What cannot be an encoder of ours is refused first, by the name that gives it away. Then the first dialect of the
// table whose signs are there is the file's, wherever in it the model lies: `prefix` is what stands before all its
// names, such as the key of a training script's dictionary ("model.") and wrappers ("module."). Where a file has the
// same model twice (a teacher and its student, weights and their moving average), the one that its makers publish is
// taken and the other reported; two that are not known as twins are an error.
#pragma once
#include <mae/checkpoint/dialects.hpp>
#include <mae/checkpoint/load_options.hpp>
#include <mae/io/tensors/tensor_file.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Which names a file has.
struct Recognised {
  const Dialect* dialect = nullptr;   ///< null: the names that the model at hand has
  std::string prefix;                 ///< before every name of the dialect
  std::string encoder;                ///< what `~` stands for
  std::vector<std::string> copies{};  ///< prefixes of the other copies of the model
};

namespace detail {

/// A name, or a part of one between points or dashes, that no encoder of ours has.
struct Refusal {
  std::string_view sign, found, why;
};
inline constexpr Refusal refusals[] = {
    {"rel_pos_h", "relative positions", "an encoder without them: attention would be another"},
    {"relative_position_bias_table", "relative positions", "an encoder without them: attention would be another"},
    {"rope", "rotary positions", "an encoder with a position table"},
    {"register_tokens", "register tokens", "an encoder without them"},
    {"reg_token", "register tokens", "an encoder without them"},
    {"dist_token", "a distillation token", "an encoder with a class token alone; DeiT's plain models have no other"},
    {"distillation_token", "a distillation token", "an encoder with a class token alone"},
    {"in_proj_weight", "an encoder of CLIP or of torch.nn.MultiheadAttention", "a ViT: theirs has one more norm"},
    {"class_embedding", "an encoder of CLIP", "a ViT: theirs has one more norm, and another GELU"},
    {"pre_layrnorm", "an encoder of CLIP", "a ViT: theirs has one more norm, and another GELU"},
    {"norm_pre", "a norm before the blocks", "a ViT, which has none"},
    {"encoder_to_decoder", "a model of MAE-pytorch or VideoMAE", "one with a class token and a position table"},
    {"to_patch_embedding", "a model of vit-pytorch", "a ViT with biases in its attention, under names of the table"},
    {"channel_embed", "a model of SatMAE, with groups of channels", "one filter for all channels"},
    {"w12", "a gated MLP (SwiGLU)", "an MLP of two layers"},
    {"fc1_g", "a gated MLP (SwiGLU)", "an MLP of two layers"},
    {"q_norm", "norms of queries and keys", "an encoder without them"},
    {"pos_embed_spatial", "a model of Hiera or MViT", "a plain ViT"},
    {"patch_embed1", "a model of ConvMAE", "a plain ViT"},
    {"weight_format_version", "quantised weights", "real numbers"},
};

/// Whether `part` stands in `name` between its ends, points and slashes.
inline bool has_part(std::string_view name, std::string_view part) {
  for (std::size_t at = name.find(part); at != name.npos; at = name.find(part, at + 1)) {
    auto edge = [&](std::size_t i) { return i >= name.size() || name[i] == '.' || name[i] == '/'; };
    if ((at == 0 || edge(at - 1)) && edge(at + part.size())) return true;
  }
  return false;
}

/// Throws mae::Error if a name, or the shape of a filter, is that of a model which cannot be loaded.
inline void refuse_foreign(const TensorFile& file) {
  for (const TensorEntry& entry : file.entries()) {
    const std::string_view name = entry.name;
    for (const Refusal& refusal : refusals)
      if (has_part(name, refusal.sign))
        throw Error(file.path(), std::string(refusal.found) + " (" + quoted(entry.name) + ")",
                    std::string(refusal.why));
    const bool filter = name.ends_with("patch_embed.proj.weight") || name.ends_with("projection.weight");
    if (filter && entry.shape.size() == 5)
      throw Error(file.path(), "a filter of five axes (" + quoted(entry.name) + "), as models of video have",
                  "one of four: images");
    if (name.find("patch_embed.") == name.npos) continue;
    const std::string rest = entry.name.substr(entry.name.find("patch_embed.") + 12);
    if (rest.starts_with("proj.0.") || rest.starts_with("backbone.") || rest.starts_with("conv"))
      throw Error(file.path(), "patches cut by several convolutions (" + quoted(entry.name) + ")", "one filter");
    if (!rest.empty() && rest[0] >= '0' && rest[0] <= '9')
      throw Error(file.path(), "several patch embeddings (" + quoted(entry.name) + "), as SatMAE has",
                  "one filter for all channels");
  }
}

/// What stands before `sign` in the names that end with it.
inline std::vector<std::string> prefixes_of(const TensorFile& file, const std::string& sign,
                                            const LoadOptions& options) {
  std::vector<std::string> found;
  for (const TensorEntry& entry : file.entries()) {
    const std::string& name = entry.name;
    if (!name.ends_with(sign) || name.starts_with(optimizer_prefix)) continue;
    if (begins_with_any(name, options.may_ignore)) continue;
    const std::size_t length = name.size() - sign.size();
    if (length == 0 || name[length - 1] == '.' || name[length - 1] == '/') found.push_back(name.substr(0, length));
  }
  return found;
}

/// Two models in one file: the one that is taken, and its twin.
inline constexpr std::string_view twins[][2] = {{"teacher.", "student."},
                                                {"backbone.", "momentum_backbone."},
                                                {"base_encoder.", "momentum_encoder."},
                                                {"model.", "model_ema."},
                                                {"state_dict.", "state_dict_ema."},
                                                {"model_state.", "model_ema."},
                                                {"model.", "ema."},
                                                {"backbone.", "backbone_momentum."},
                                                {"model.", "state_dict_ema."},
                                                {"student_backbone.", "teacher_backbone."}};
/// A prefix without what a training script wraps a model into.
inline std::string unwrapped(std::string prefix) {
  for (const std::string_view wrapper : {"module.", "_orig_mod."})
    for (std::size_t at = prefix.find(wrapper); at != prefix.npos; at = prefix.find(wrapper))
      if (at == 0 || prefix[at - 1] == '.') prefix.erase(at, wrapper.size());
      else break;
  return prefix;
}
inline bool is_twin(const std::string& taken, const std::string& other) {
  const std::string a = unwrapped(taken), b = unwrapped(other);
  for (const auto& twin : twins) {
    const std::size_t at = a.find(twin[0]);
    if (at == a.npos || (at > 0 && a[at - 1] != '.')) continue;
    if (a.substr(0, at) + std::string(twin[1]) + a.substr(at + twin[0].size()) == b) return true;
  }
  return a.empty() && (b == "model_ema." || b == "state_dict_ema.");
}
/// The prefix whose twins all others are. Throws mae::Error where there is none.
inline std::string chosen_prefix(const TensorFile& file, std::vector<std::string>& all,
                                 const std::optional<std::string>& wanted) {
  auto text = [](const std::string& prefix) { return prefix.empty() ? "no prefix" : quoted(prefix); };
  std::string chosen;
  bool found = false;
  for (const std::string& taken : all) {
    bool best = wanted ? taken == *wanted : true;
    for (const std::string& other : all) best = best && (wanted || other == taken || is_twin(taken, other));
    if (best) chosen = taken, found = true;
  }
  if (!found) {
    std::string list;
    for (std::size_t i = 0; i < all.size() && i < 4; ++i) list += (list.empty() ? "" : " and ") + text(all[i]);
    if (all.size() > 4) list += " and " + std::to_string(all.size() - 4) + " more";
    throw Error(file.path(), std::to_string(all.size()) + " models, under " + list,
                wanted ? "one under " + text(*wanted) : "one, or the prefix of the one that is meant");
  }
  std::erase(all, chosen);
  return chosen;
}

/// Where in a file a model of `dialect` lies; no dialect, if none does.
inline Recognised find_dialect(const TensorFile& file, const Dialect& dialect, const LoadOptions& options) {
  const std::string_view sign = dialect.signs.front();
  const bool may_be_alone = sign.starts_with('~');
  Recognised found;
  std::vector<std::string> all;
  for (std::string prefix : prefixes_of(file, std::string(may_be_alone ? sign.substr(1) : sign), options)) {
    std::string encoder(dialect.encoder);
    if (may_be_alone && prefix.ends_with(encoder)) prefix.resize(prefix.size() - encoder.size());
    else if (may_be_alone) encoder.clear();
    bool has_all = true;
    for (std::string_view other : dialect.signs) {
      const bool inside = other.starts_with('~');
      if (inside) other.remove_prefix(1);
      has_all = has_all && file.find(prefix + (inside ? encoder : "") + std::string(other));
    }
    if (!has_all) continue;
    found.encoder = encoder;
    all.push_back(prefix);
  }
  if (all.empty()) return {};
  found.dialect = &dialect;
  found.prefix = chosen_prefix(file, all, options.prefix);
  found.copies = std::move(all);
  return found;
}

}  // namespace detail

/// The dialect of a file and where the model lies in it. `first_name` is the name that the model at hand has for its
/// first parameter: a file that this library wrote, or one of no dialect, has the model's own names. Throws mae::Error,
/// with the reason, about a file of which no encoder can be made.
inline Recognised recognise(const TensorFile& file, const std::string& first_name, const LoadOptions& options = {}) {
  const auto format = file.metadata().find("format");
  const bool own = format != file.metadata().end() && format->second == "mae";
  if (!own) {
    detail::refuse_foreign(file);
    for (const Dialect& dialect : dialects::all)
      if (Recognised found = detail::find_dialect(file, dialect, options); found.dialect) return found;
  }
  std::vector<std::string> all = detail::prefixes_of(file, first_name, options);
  if (std::find(all.begin(), all.end(), "") != all.end()) return {};
  if (all.size() == 1 || (own && !all.empty()))
    return {nullptr, detail::chosen_prefix(file, all, options.prefix), "", all};
  if (own) return {};
  if (file.entries().empty()) throw Error(file.path(), "no tensors", "the weights of a model");
  bool optimizer = true;
  for (const TensorEntry& entry : file.entries())
    optimizer = optimizer && (entry.name.starts_with("optimizer") || entry.name.starts_with("state.") ||
                              entry.name.starts_with("scaler"));
  if (optimizer) throw Error(file.path(), "the state of an optimizer alone", "the weights of a model");
  throw Error(file.path(), "tensors of no known family, such as " + detail::quoted(file.entries().front().name),
              "an encoder under the names of the original repository, timm, Hugging Face or another of the table in "
              "README.md");
}

}  // namespace mae
MAE_PRECISE_END
