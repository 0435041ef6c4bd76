// Weights: what could be loaded of them by whom, and what their numbers are.
#include "info.hpp"

#include <mae/checkpoint/loadable.hpp>
#include <mae/checkpoint/run_state.hpp>

#include <map>
#include <tuple>

namespace program {
namespace {

/// What a part of it would be for those programs.
void tell_part(const char* title, const mae::Loadable& part, const std::vector<std::string>& by, Facts& facts) {
  std::string programs;
  for (const std::string& name : by) programs += (programs.empty() ? "" : ", ") + name;
  if (!part.refused.empty()) {
    facts.add_to("not loaded", std::string(title) + " by " + programs + ": " + part.refused, "refused",
                 {{"part", title}, {"by", by}, {"why", part.refused}});
    return;
  }
  std::map<std::string, mae::Index> ignored;
  for (const auto& one : part.report.ignored) ++ignored[mae::text(one.reason)];
  std::string rest;
  for (const auto& [reason, count] : ignored)
    rest += (rest.empty() ? "; ignored: " : ", ") + counted(count, "tensor") + " (" + reason + ")";
  facts.add_to("loaded",
               std::string(title) + " by " + programs + ": " +
                   counted(static_cast<mae::Index>(part.report.loaded.size()), "parameter") + " of " +
                   counted(part.report.numbers, "number") + rest,
               "loaded",
               {{"part", title},
                {"by", by},
                {"parameters", part.report.loaded.size()},
                {"numbers", part.report.numbers},
                {"ignored", ignored}});
}

}  // namespace

std::string without_mae(const mae::Error& error, const std::string& path) {
  std::string text = std::string(error.what()).substr(5);
  if (const std::string subject = path + ": "; text.starts_with(subject)) text.erase(0, subject.size());
  return text;
}
void suspect(Facts& facts, const std::string& what) { facts.add_to("suspicious", what); }

void tell_models(const mae::TensorFile& file, const mae::Recognised& names, const Asked& asked, Facts& facts) {
  const Fitting fitting = fitting_models(file, names, asked.models);
  std::string text;
  for (const std::string& name : fitting.exact) text += (text.empty() ? "" : ", ") + name;
  for (const std::string& name : fitting.resized) text += (text.empty() ? "" : ", ") + name + " with positions resized";
  for (const std::string& name : fitting.on_demand)
    text += (text.empty() ? "" : ", ") + name + ", which is compiled on demand";
  facts.add("fits", text.empty() ? "no model that has a name" : text, "fits", fitting.exact);
  facts.set("fits_on_demand", fitting.on_demand);
  facts.set("fits_resized", fitting.resized);
}

void tell_loading(const mae::TensorFile& file, const mae::Recognised& names, const std::string& kind, Facts& facts) {
  const mae::Loadable encoder = mae::loadable(file, names, mae::ModelPart::encoder);
  const mae::Loadable trunk = mae::loadable(file, names, mae::ModelPart::trunk);
  if (encoder.refused.empty() || !trunk.refused.empty()) {
    tell_part("the encoder", encoder, {"features", "finetune", "probe", "segment", "detect", "onnx"}, facts);
  } else {
    tell_part("the encoder without its last norm", trunk, {"finetune", "detect", "segment --head pyramid"}, facts);
    tell_part("the encoder", encoder, {"features", "probe", "segment"}, facts);
  }
  if (kind == "masked autoencoder")
    tell_part("the whole", mae::loadable(file, names, mae::ModelPart::autoencoder), {"reconstruct", "onnx"}, facts);
  const auto made_by = file.metadata().find("program");
  const std::string program = made_by == file.metadata().end() ? "" : made_by->second;
  if ((kind == "classifier" || kind == "linear probe") && (encoder.refused.empty() || trunk.refused.empty()))
    facts.add_to("loaded",
                 "the " + kind + " with its head by predict, evaluate, onnx, with a model of " +
                     std::to_string(mae::sizes_of(file, names).classes) + " classes",
                 "loaded", {{"part", "the whole"}, {"by", std::vector<std::string>{"predict", "evaluate", "onnx"}}});
  if (kind == "detector" || kind == "segmenter")
    facts.add_to("loaded", "the whole by predict, evaluate", "loaded",
                 {{"part", "the whole"}, {"by", std::vector<std::string>{"predict", "evaluate"}}});
  if (file.metadata().contains(mae::detail::checksum_key) && !program.empty())
    facts.add_to("loaded", "the state of a run by " + program + " --resume", "loaded",
                 {{"part", "the state of a run"}, {"by", std::vector{program}}});
  // Names of several parameters for the same bytes: tied, or a mistake.
  std::map<std::tuple<std::size_t, mae::Index, mae::Index, std::vector<mae::Index>>, std::string> known;
  for (const mae::TensorEntry& entry : file.entries()) {
    if (entry.begin == entry.end || entry.count() == 0 || entry.name.starts_with("optimizer")) continue;
    const auto [first, fresh] =
        known.emplace(std::tuple(entry.part, entry.begin, entry.end, entry.strides), entry.name);
    if (!fresh) suspect(facts, entry.name + ": the bytes that are " + first->second + " too");
  }
}

void scan_numbers(const mae::TensorFile& file, Facts& facts) {
  mae::Index tensors = 0;
  for (const mae::TensorEntry& entry : file.entries()) {
    bool real = false;
    mae::detail::visit_dtype(entry.dtype, [&]<class T>(T) { real = mae::detail::is_real<T>; });
    if (!real || entry.count() == 0) continue;
    const auto look = [&](const auto& values) {
      ++tensors;
      try {
        mae::detail::require_finite(values.data(), entry.shape, entry.name);
      } catch (const mae::Error& error) { suspect(facts, without_mae(error, "")); }
      const bool may_be = entry.name.ends_with("bias") || entry.name.ends_with("running_mean") ||
                          entry.name.starts_with(mae::optimizer_prefix);
      if (!may_be && mae::detail::all_zero(values.data(), entry.count())) suspect(facts, entry.name + ": all zero");
    };
    if (entry.dtype == "F64") look(file.values<double>(entry.name));
    else look(file.values<float>(entry.name));
  }
  if (file.metadata().contains(mae::detail::checksum_key)) {
    try {
      mae::check_checkpoint(file.path());
    } catch (const mae::Error& error) { suspect(facts, without_mae(error, file.path())); }
  }
  facts.add("scanned", "the numbers of " + counted(tensors, "tensor"), "scanned", tensors);
}

}  // namespace program
