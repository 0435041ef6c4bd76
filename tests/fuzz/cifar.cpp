// Records of CIFAR-10 and -100, and the file of their names.
#include <mae/io/images/cifar.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file({data, size});
  for (const mae::Index label_bytes : {1, 2})
    fuzz::accepts([&] {
      // Images of 2 x 2 in place of 32 x 32: the fuzzer need not breed thousands of bytes that nobody looks at.
      mae::Dataset set{3, 2, 2, {}, {}, label_bytes == 1 ? 10 : 100};
      mae::read_cifar_file(file.path(), label_bytes, set);
      mae::validate(set, "input");
    });
  for (const std::string& line : mae::read_lines(file.path())) fuzz::require(!line.empty(), "a line");
  return 0;
}
