// What the caller of a load allows beyond the strict rule, by which a file and a model have the same tensors of the
// same shapes: names that may be missing or left over, and what is done where images, patches or heads are others.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include <mae/checkpoint/resize_matrix.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// What loading may leave out, by the beginnings of names, and what the file does not say.
struct LoadOptions {
  std::vector<std::string> may_keep{};    ///< parameters that the file need not have
  std::vector<std::string> may_ignore{};  ///< tensors that the model need not have
  std::optional<std::string> prefix{};    ///< before the names of the model that is meant, if the file has several
  bool any_target = false;                ///< what is predicted may be another than the model's: weights are the same
  bool once = false;                      ///< read the file once: after an error weights are half theirs
  bool any_heads = false;                 ///< a width that is published with other heads than the model's is no mistake
  std::optional<Bicubic> resize{};        ///< how positions and patch filters of other images become those of the model
};

/// What the names of an optimizer's tensors begin with, in the checkpoint of a run (run_state.hpp). They are no part of
/// the model: loading a model from such a file ignores them.
inline constexpr const char* optimizer_prefix = "optimizer.";

namespace detail {
inline bool begins_with_any(const std::string& name, const std::vector<std::string>& beginnings) {
  for (const std::string& beginning : beginnings)
    if (name.starts_with(beginning)) return true;
  return false;
}
}  // namespace detail

}  // namespace mae
MAE_PRECISE_END
