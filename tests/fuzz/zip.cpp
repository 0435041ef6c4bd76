// The directories of ZIP archives.
#include <mae/io/tensors/zip_archive.hpp>

#include <algorithm>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile input({data, size});
  const fuzz::MemoryLimit limit(size);
  fuzz::accepts([&] {
    std::vector<mae::ZipEntry> entries = mae::read_zip(mae::InputFile(input.path()));
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
    mae::Index position = 0;
    for (const mae::ZipEntry& entry : entries) {
      fuzz::require(entry.begin >= position && entry.end >= entry.begin, "entries lie one after another");
      fuzz::require(entry.end <= static_cast<mae::Index>(size), "entries lie within the file");
      fuzz::require(entry.name.find("..") == entry.name.npos || entry.name.find("/../") == entry.name.npos,
                    "plain names");
      position = entry.end;
    }
  });
  return 0;
}
