// What the targets of files of tensors share.
#pragma once
#include <mae/io/tensors/tensor_file.hpp>

#include "fuzz.hpp"

namespace fuzz {

/// Reads the first tensors of a file in every way.
inline void read_tensors(const mae::TensorFile& file) {
  std::size_t count = 0;
  for (const mae::TensorEntry& entry : file.entries()) {
    require(file.find(entry.name) == &entry, "a tensor is found by its name");
    if (++count > 5) continue;
    const auto bytes = static_cast<mae::Index>(file.bytes(entry.name).size());
    require(bytes == entry.count() * mae::dtype_bytes(entry.dtype), "all of a tensor is read");
    accepts([&] { require(static_cast<mae::Index>(file.values<float>(entry.name).size()) == entry.count(), "all"); });
    accepts([&] { file.values<std::int64_t>(entry.name); });
  }
}

}  // namespace fuzz
