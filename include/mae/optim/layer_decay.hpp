// Layer-wise learning rates for fine-tuning: lower layers, which pre-training made general, move less (Clark et al.,
// 2020).
//
// The scale of a parameter is decay^(depth + 1 - layer): the tokens, positions and patch embedding are layer 0, block
// i is layer i + 1, and what comes after the blocks is layer depth + 1, whose scale is 1. The number is read off the
// name that the parameter has in the encoder (model/encoder_parameters.hpp).
#pragma once
#include <string_view>

#include <mae/core/config.hpp>
#include <mae/core/math.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The layer of the parameter called `name` in an encoder of `depth` blocks; "" stands for one that is no encoder's.
inline int layer_of(std::string_view name, int depth) {
  constexpr std::string_view blocks = "blocks.";
  if (name == "cls_token" || name == "pos_embed" || name.starts_with("patch_embed.")) return 0;
  if (!name.starts_with(blocks)) return depth + 1;
  int block = 0;
  for (const char c : name.substr(blocks.size())) {
    if (c < '0' || c > '9') break;
    block = 10 * block + (c - '0');
  }
  return block + 1;
}

/// decay^(depth + 1 - layer).
inline double layer_scale(std::string_view name, int depth, double decay) {
  return math::pow(decay, depth + 1 - layer_of(name, depth));
}

}  // namespace mae
MAE_PRECISE_END
