// Names that options had in files of version 0.1: settings and checkpoints that were written then are still read.
#pragma once
#include <string_view>

namespace mae {

/// An option's name then and now.
struct RenamedOption {
  std::string_view old, now;
};
inline constexpr RenamedOption renamed_options[] = {
    {"base_rate", "base_learning_rate"}, {"minimum_rate", "min_learning_rate"},  {"decay", "weight_decay"},
    {"smallest_crop", "min_crop_scale"}, {"widest", "max_aspect_ratio"},         {"views", "repeats"},
    {"held_out", "validation"},          {"held_out_share", "validation_share"}, {"held_out_loss", "validation_loss"}};

/// The name that an option has now, whichever of the two `name` is.
constexpr std::string_view name_now(std::string_view name) {
  for (const RenamedOption& option : renamed_options)
    if (name == option.old) return option.now;
  return name;
}
/// The name that it had in files of version 0.1.
constexpr std::string_view name_then(std::string_view name) {
  for (const RenamedOption& option : renamed_options)
    if (name == option.now) return option.old;
  return name;
}

}  // namespace mae
