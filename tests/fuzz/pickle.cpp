// Pickles, in an archive as PyTorch writes it with two storages: the machine, and what its objects mean.
#include <mae/io/tensors/pth.hpp>

#include "../support/archive.hpp"
#include "tensors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string program(reinterpret_cast<const char*>(data), size);
  const std::string bytes =
      test::zip({{"a/data.pkl", program}, {"a/data/0", std::string(48, '?')}, {"a/data/1", "four"}});
  const fuzz::MemoryFile input({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  const fuzz::MemoryLimit limit(bytes.size());
  fuzz::accepts([&] { fuzz::read_tensors(mae::read_pth(input.path())); });
  return 0;
}
