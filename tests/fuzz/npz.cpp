// Archives of NumPy's.
#include <mae/io/tensors/npz.hpp>

#include "tensors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile input({data, size});
  const fuzz::MemoryLimit limit(size);
  fuzz::accepts([&] { fuzz::read_tensors(mae::read_npz(input.path())); });
  return 0;
}
