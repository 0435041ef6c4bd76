// IDX files of images and of labels, packed or not.
#include <mae/io/images/idx.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file({data, size});
  fuzz::accepts([&] { mae::read_idx_labels(file.path()); });
  for (const mae::Index channels : {1, 3})
    fuzz::accepts([&] {
      const mae::Dataset set = mae::read_idx_dataset(file.path(), "", 0, mae::emnist_layout, channels);
      mae::validate(set, "input");
      fuzz::require(set.channels == channels, "channels");
    });
  return 0;
}
