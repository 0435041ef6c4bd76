// IDX files of images and of labels, packed or not.
#include <mae/io/idx.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file({data, size});
  for (const int rank : {1, 3})
    fuzz::accepts([&] {
      const mae::IdxArray array = mae::read_idx(file.path(), rank);
      fuzz::require(mae::detail::bytes_of(array.extents, 1) == static_cast<mae::Index>(array.values.size()), "size");
    });
  fuzz::accepts([&] { mae::read_idx_dataset(file.path(), "", 0, mae::emnist_layout); });
  return 0;
}
