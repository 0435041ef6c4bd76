// What is to be read from a file for each parameter of a model, and why the rest of the file is not: decided whole from
// names and shapes, before a number is read.
#pragma once
#include <set>

#include <mae/autograd/trace/parameter.hpp>
#include <mae/checkpoint/file_sizes.hpp>
#include <mae/checkpoint/load_report.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {

/// A parameter that is wanted, and its name in a file of this library's; "" for one that shall keep its values.
struct Wanted {
  const ParameterInfo* parameter;
  std::string name;
};

/// Where a parameter's numbers are: tensors that are stacked as rows, "" for rows of zeros; none: it keeps its values.
struct Source {
  const ParameterInfo* parameter;
  std::string name;
  std::vector<std::string> tensors{};
  std::string_view axes{};   ///< the order of their axes (NameRule)
  std::string factor{};      ///< whose i-th number multiplies row i; "" for none
  std::string_view scale{};  ///< what that is called inside its block
};

/// What LayerScale is called beside the layer whose result it multiplies.
inline constexpr std::string_view layer_scales[][2] = {
    {"attn.proj.", "ls1.gamma"}, {"attn.proj.", "gamma_1"}, {"attn.proj.", "layer_scale1.lambda1"},
    {"mlp.fc2.", "ls2.gamma"},   {"mlp.fc2.", "gamma_2"},   {"mlp.fc2.", "layer_scale2.lambda1"}};

/// Whether no block of the file has its `tail`, "attn.qkv.bias".
inline bool no_block_has(const TensorFile& file, const Recognised& names, const std::string& tail) {
  for (Index n = 0; find_parameter(file, names, "blocks." + std::to_string(n) + ".norm1.weight"); ++n)
    if (find_parameter(file, names, "blocks." + std::to_string(n) + "." + tail)) return false;
  return true;
}

/// Finds the tensors of a parameter; none, if the file has not all of them.
inline Source find_source(const TensorFile& file, const Recognised& names, const Wanted& wanted) {
  Source source{wanted.parameter, wanted.name};
  if (!names.dialect) {
    if (file.find(names.prefix + wanted.name)) source.tensors = {names.prefix + wanted.name};
    return source;
  }
  auto theirs = [&](const std::string& name) {
    TheirName found = their_name(*names.dialect, name, names.encoder);
    for (std::string& tensor : found.tensors) tensor = names.prefix + tensor;
    return found;
  };
  TheirName found = theirs(wanted.name);
  bool all = true;
  for (const std::string& tensor : found.tensors) all = all && file.find(tensor);
  std::string number;
  const std::size_t start = block_part(wanted.name, number);
  const std::string block = wanted.name.substr(0, start), inside = wanted.name.substr(start);
  if (all) {
    source.tensors = std::move(found.tensors);
    source.axes = found.axes;
  } else if (start > 0 && inside == "attn.qkv.bias") {
    const std::string q = theirs(block + "attn.q_bias").tensors.front();
    const std::string v = theirs(block + "attn.v_bias").tensors.front();
    if (file.find(q) && file.find(v)) source.tensors = {q, "", v};
    else if (no_block_has(file, names, inside) && no_block_has(file, names, "attn.q_bias")) source.tensors = {""};
  }
  for (const auto& [layer, gamma] : layer_scales)
    if (start > 0 && inside.starts_with(layer)) {
      const std::string name = theirs(block + std::string(gamma)).tensors.front();
      if (file.find(name)) source.factor = name, source.scale = gamma;
    }
  return source;
}

/// Why a tensor without a place may be left: by how its name begins, without what training scripts put before.
struct IgnoreRule {
  std::string_view start;
  Reason reason;
  bool only_for_encoder = true;
};
inline constexpr IgnoreRule ignore_rules[] = {{"optimizer", Reason::optimizer, false},
                                              {"lr_scheduler", Reason::optimizer, false},
                                              {"scaler", Reason::optimizer, false},
                                              {"callbacks", Reason::optimizer, false},
                                              {"loops", Reason::optimizer, false},
                                              {"message_hub", Reason::optimizer, false},
                                              {"epoch", Reason::counter, false},
                                              {"global_step", Reason::counter, false},
                                              {"pooler.", Reason::pooler, false},
                                              {"vit.pooler.", Reason::pooler, false},
                                              {"momentum_", Reason::copy},
                                              {"decoder", Reason::decoder},
                                              {"neck.", Reason::decoder},
                                              {"prediction_head.", Reason::decoder},
                                              {"head", Reason::head},
                                              {"fc_norm.", Reason::head},
                                              {"fc.", Reason::head},
                                              {"classifier", Reason::head},
                                              {"online_", Reason::head},
                                              {"projector.", Reason::head},
                                              {"predictor.", Reason::head},
                                              {"projection_head.", Reason::head},
                                              {"backbone.ln2.", Reason::head},
                                              {"pre_logits", Reason::head},
                                              {"criterion.", Reason::head},
                                              {"center", Reason::head}};
inline constexpr std::string_view wrappers[] = {"module.",           "_orig_mod.",   "model.",
                                                "state_dict.",       "model_state.", "net.",
                                                "model_state_dict.", "teacher.",     "student."};

/// Why `name` has no place, if there is a reason.
inline std::optional<Reason> reason_of(const TensorFile& file, const Recognised& names, const std::string& name,
                                       bool encoder, const LoadOptions& options) {
  if (begins_with_any(name, options.may_ignore)) return Reason::asked;
  if (name.starts_with(optimizer_prefix)) return Reason::optimizer;
  for (const std::string& copy : names.copies)
    if (!copy.empty() && name.starts_with(copy)) return Reason::copy;
  const bool within = name.starts_with(names.prefix);
  std::string rest = within ? name.substr(names.prefix.size()) : name;
  for (bool again = !within; again;) {
    again = false;
    for (const std::string_view wrapper : wrappers)
      if (rest.starts_with(wrapper)) rest.erase(0, wrapper.size()), again = true;
  }
  const std::string mask_token =
      names.dialect ? their_name(*names.dialect, "mask_token", "").tensors.front() : "mask_token";
  if (has_part(rest, "mask_token") &&
      (rest != mask_token || (encoder && !find_parameter(file, names, "decoder_embed.weight"))))
    return rest == mask_token || names.dialect ? std::optional(Reason::mask_token) : std::nullopt;
  if (encoder && rest == mask_token) return Reason::decoder;
  if (names.dialect && has_part(rest, "num_batches_tracked")) return Reason::counter;
  if (names.dialect && has_part(rest, "relative_position_index")) return Reason::derived;
  for (const char* const norm : {"norm.weight", "norm.bias"})
    if (encoder && rest == (names.dialect ? their_name(*names.dialect, norm, names.encoder).tensors.front() : norm))
      return Reason::final_norm;
  for (const IgnoreRule& rule : ignore_rules)
    if (rest.starts_with(rule.start) && (names.dialect || encoder) && (encoder || !rule.only_for_encoder))
      return rule.reason;
  // What a model of this library has beside its encoder may be called as it likes, but not as a part of the encoder.
  if (encoder && !names.dialect) return Reason::beside;
  return {};
}

inline std::string first_part(const std::string& name) { return name.substr(0, name.find('.')); }

/// Throws mae::Error about a parameter that the file has nothing of.
[[noreturn]] inline void refuse_missing(const TensorFile& file, const Recognised& names, const std::string& missing) {
  if ((missing == "mask_token" || missing.starts_with("decoder_")) &&
      !find_parameter(file, names, "decoder_norm.weight"))
    throw Error(file.path(), "an encoder without a decoder", "a whole masked autoencoder");
  if (missing == "cls_token" && names.dialect)
    throw Error(file.path(), "an encoder without a class token", "one that has it, as MAE's do");
  if (missing == "norm.weight" && find_parameter(file, names, "fc_norm.weight"))
    throw Error(file.path(), "no tensor norm.weight: a classifier that pools, with fc_norm after it",
                "a last norm, behind which features are taken; fine-tuning can begin from this file");
  throw Error(file.path(), "no tensor " + missing, "all parameters of the model");
}

/// Where each parameter is, and a reason for every other tensor. `encoder`: an encoder is wanted, whatever lies beside.
/// Throws mae::Error if a parameter is missing that may not be, or a tensor has no place and no reason.
inline std::vector<Source> plan_loading(const TensorFile& file, const Recognised& names,
                                        const std::vector<Wanted>& wanted, bool encoder, const LoadOptions& options,
                                        LoadReport& report) {
  const std::string whose = encoder ? "encoder" : "model";
  std::vector<Source> plan;
  std::set<std::string> used;
  for (const Wanted& one : wanted) {
    if (one.name.empty()) {
      plan.push_back({one.parameter, ""});
      report.kept.push_back(one.parameter->name);
      continue;
    }
    Source source = find_source(file, names, one);
    if (source.tensors.empty()) {
      if (!begins_with_any(one.parameter->name, options.may_keep)) refuse_missing(file, names, one.name);
      report.missing.push_back(one.parameter->name);
      report.kept.push_back(one.parameter->name);
    }
    used.insert(source.tensors.begin(), source.tensors.end());
    used.insert(source.factor);
    plan.push_back(std::move(source));
  }
  for (const TensorEntry& entry : file.entries()) {
    if (used.contains(entry.name)) continue;
    bool related = false;  // a block too many, for example: what the others compute would be something else
    if (encoder && !names.dialect && entry.name.starts_with(names.prefix))
      for (const Wanted& one : wanted)
        related = related || first_part(entry.name.substr(names.prefix.size())) == first_part(one.name);
    const std::optional<Reason> reason = reason_of(file, names, entry.name, encoder, options);
    if (!reason || (related && *reason == Reason::beside))
      throw Error(file.path(), "a tensor " + entry.name,
                  "only tensors that the " + whose + " has; is this another model's file?");
    report.ignored.push_back({entry.name, *reason});
  }
  return plan;
}

}  // namespace detail
}  // namespace mae
MAE_PRECISE_END
