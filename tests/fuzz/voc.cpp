// Annotations in Pascal VOC's XML.
#include <mae/io/annotations/voc.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::accepts([&] {
    mae::Findings findings;
    const mae::detail::VocFile file = mae::decode_voc({reinterpret_cast<const char*>(data), size}, "input", findings);
    fuzz::require(file.annotations.size() == file.names.size(), "a name for each");
    fuzz::require(file.image.height >= 0 && file.image.width >= 0, "a size or none");
  });
  return 0;
}
