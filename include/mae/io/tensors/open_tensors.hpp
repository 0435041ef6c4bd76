// Named tensors from a file of any kind that weights are handed out in.
#pragma once
#include <mae/io/tensors/safetensors.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Opens the weights at `path`, whatever they are kept in. Throws `Error` as the reader of the container does.
inline TensorFile open_tensors(const std::string& path) { return SafetensorsFile::read(path); }

}  // namespace mae
MAE_PRECISE_END
