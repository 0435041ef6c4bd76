// What loading did, as a value and as text: nothing of a file is passed over without a word.
//
//   const LoadReport report = load_checkpoint("mae_visualize_vit_base.pth", weights);
//   std::puts(report.text().c_str());
#pragma once
#include <string>
#include <utility>
#include <vector>

#include <mae/core/config.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Why a tensor of a file was not loaded. There are no other reasons: a tensor without one is an error.
enum class Reason {
  optimizer,   ///< the state of an optimizer, a schedule or a scaler of gradients
  counter,     ///< counts batches
  derived,     ///< follows from the sizes
  copy,        ///< of another copy of the model: a moving average, a momentum encoder, a student
  decoder,     ///< of a decoder, where an encoder is loaded
  head,        ///< of a head, where an encoder is loaded
  final_norm,  ///< the encoder's last norm, where the model pools before its own
  pooler,      ///< transformers' pooler, which no MAE has trained
  mask_token,  ///< the mask token of an encoder that sees no masks here
  beside,      ///< of another part of a model of this library, where its encoder is loaded
  asked,       ///< the caller said so
};
inline const char* text(Reason reason) {
  switch (reason) {
    case Reason::optimizer:
      return "state of training";
    case Reason::counter:
      return "a counter";
    case Reason::derived:
      return "follows from the sizes";
    case Reason::copy:
      return "another copy of the model";
    case Reason::decoder:
      return "the decoder";
    case Reason::head:
      return "a head";
    case Reason::final_norm:
      return "the last norm, which pooling does without";
    case Reason::pooler:
      return "a pooler, which was not trained";
    case Reason::mask_token:
      return "a mask token that is not used";
    case Reason::beside:
      return "beside the encoder";
    case Reason::asked:
      return "as asked";
  }
  return "";
}

struct LoadReport {
  struct Conversion {
    std::string parameter, how;
  };
  struct Ignored {
    std::string tensor;
    Reason reason;
  };

  std::string path{}, container{};        ///< "vit.safetensors", "safetensors"
  std::string dialect{}, prefix{};        ///< "Hugging Face", "model."
  std::vector<std::string> loaded{};      ///< parameters that now have the file's numbers
  Index numbers = 0;                      ///< how many these are
  std::vector<Conversion> converted{};    ///< those of them that are not a tensor as it lies in the file
  std::vector<Ignored> ignored{};         ///< tensors without a place
  std::vector<std::string> missing{};     ///< parameters that the file has nothing of: they are kept
  std::vector<std::string> kept{};        ///< parameters that have the values that they had
  std::vector<std::string> assumed{};     ///< what the file does not say and the model does, in words
  std::vector<std::string> suspicious{};  ///< what may be a mistake in the file, in words

  /// The report in lines of a label and a text: a few, or with `full` every name.
  std::vector<std::pair<std::string, std::string>> lines(bool full = false) const;
  /// All of it, a line each.
  std::string text() const {
    std::string all;
    for (const auto& [label, line] : lines(true)) all += label + std::string(12 - label.size(), ' ') + line + '\n';
    return all;
  }
};

namespace detail {

/// Names that differ in one block's number alone are one: "blocks.0-11.attn.qkv.weight". `items` are names and what is
/// said of them; the order stays.
inline std::vector<std::pair<std::string, std::string>> without_numbers(
    const std::vector<std::pair<std::string, std::string>>& items) {
  struct Group {
    std::string before, after, first, last, what;
    Index count;
  };
  std::vector<Group> groups;
  for (const auto& [name, what] : items) {
    std::size_t at = name.find_first_of("0123456789");
    if (at != name.npos && at > 0 && name[at - 1] != '.' && name[at - 1] != '_') at = name.npos;
    const std::size_t end = at == name.npos ? name.npos : name.find_first_not_of("0123456789", at);
    const std::string number = at == name.npos ? "" : name.substr(at, end - at);
    const std::string before = name.substr(0, at), after = end == name.npos ? "" : name.substr(end);
    bool known = false;
    for (Group& group : groups)
      if (!number.empty() && group.before == before && group.after == after && group.what == what) {
        group.last = number, ++group.count, known = true;
        break;
      }
    if (!known) groups.push_back({before, after, number, number, what, 1});
  }
  std::vector<std::pair<std::string, std::string>> out;
  for (const Group& group : groups)
    out.emplace_back(group.before + group.first + (group.count > 1 ? "-" + group.last : "") + group.after, group.what);
  return out;
}
inline std::string counted(std::size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace detail

inline std::vector<std::pair<std::string, std::string>> LoadReport::lines(bool full) const {
  std::vector<std::pair<std::string, std::string>> out, items;
  out.emplace_back("file", path + ": " + container + ", names of " + (dialect.empty() ? "this library" : dialect) +
                               (prefix.empty() ? "" : ", behind " + prefix));
  out.emplace_back("loaded", detail::counted(loaded.size(), "parameter") + ", " + std::to_string(numbers) + " numbers");
  auto list = [&](const char* label) {
    for (const auto& [name, what] : detail::without_numbers(items))
      out.emplace_back(label, name + (what.empty() ? "" : ": " + what));
    items.clear();
  };
  // In short: how many, for each thing that is said of them.
  auto count = [&](const char* label, const char* of) {
    std::vector<std::pair<std::string, std::size_t>> kinds;
    for (const auto& [name, what] : items) {
      bool known = false;
      for (auto& [kind, number] : kinds)
        if (kind == what) ++number, known = true;
      if (!known) kinds.emplace_back(what, 1);
    }
    for (const auto& [kind, number] : kinds) out.emplace_back(label, detail::counted(number, of) + ": " + kind);
    items.clear();
  };
  for (const std::string& name : loaded) items.emplace_back(name, "");
  if (full) list("loaded");
  items.clear();
  for (const Conversion& c : converted) items.emplace_back(c.parameter, c.how);
  full ? list("converted") : count("converted", "parameter");
  for (const Ignored& i : ignored) items.emplace_back(i.tensor, mae::text(i.reason));
  full ? list("ignored") : count("ignored", "tensor");
  for (const std::string& name : missing) items.emplace_back(name, "");
  list("missing");
  for (const std::string& name : kept) items.emplace_back(name, "");
  list("initial");
  for (const std::string& line : assumed) out.emplace_back("assumed", line);
  for (const std::string& line : suspicious) out.emplace_back("suspicious", line);
  return out;
}

}  // namespace mae
MAE_PRECISE_END
