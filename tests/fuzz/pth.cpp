// Whole files of PyTorch's, of both forms.
#include <mae/io/tensors/pth.hpp>

#include "tensors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile input({data, size});
  const fuzz::MemoryLimit limit(size);
  fuzz::accepts([&] { fuzz::read_tensors(mae::read_pth(input.path())); });
  return 0;
}
