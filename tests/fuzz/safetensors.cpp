// safetensors files: the header, and every tensor as every type.
#include <mae/io/tensors/safetensors.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile input({data, size});
  fuzz::accepts([&] {
    const auto file = mae::SafetensorsFile::read(input.path());
    for (const mae::TensorEntry& entry : file.entries()) {
      fuzz::require(file.find(entry.name) != nullptr, "a tensor is found by its name");
      fuzz::accepts([&] { file.values<float>(entry.name); });
      fuzz::accepts([&] { file.values<mae::bf16>(entry.name); });
      fuzz::accepts([&] { file.values<std::uint8_t>(entry.name); });
      fuzz::accepts([&] { file.at(entry.name, {2, 3}); });
      fuzz::require(file.bytes(entry.name).size() <= size, "a tensor lies within the file");
    }
  });
  return 0;
}
