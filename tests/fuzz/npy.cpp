// Arrays of NumPy: as real numbers, whole numbers and images.
#include <mae/io/images/npy_images.hpp>

#include "fuzz.hpp"

namespace {

template <class T>
void read(const std::string& path) {
  fuzz::accepts([&] {
    const mae::NpyArray<T> array = mae::read_npy<T>(path);
    fuzz::require(mae::detail::bytes_of(array.shape, 1) == static_cast<mae::Index>(array.values.size()), "size");
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file({data, size});
  read<float>(file.path());
  read<double>(file.path());
  read<std::int32_t>(file.path());
  read<std::int64_t>(file.path());
  for (const mae::Index channels : {0, 1, 3})
    fuzz::accepts([&] { mae::validate(mae::read_npy_images(file.path(), channels), "input"); });
  return 0;
}
