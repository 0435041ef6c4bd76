// Indexes of weights in several files, beside two files that are there.
#include <mae/io/tensors/shards.hpp>

#include "fuzz.hpp"

namespace {

// Each file has tensors of which the names are its own, so that an index can be right.
mae::TensorFile shard(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  if (name != "0" && name != "1") throw mae::Error(path, "another file", "0 or 1");
  std::vector<mae::InputFile> parts;
  parts.emplace_back("/proc/self/exe");
  return {path, "", std::move(parts), {{"a" + name, "U8", {4}, 0, 4}, {"b" + name, "F32", {}, 4, 8}}, {}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile input({data, size});  // in the folder /proc/self/fd, of which 0 and 1 are files
  const fuzz::MemoryLimit limit(size);
  fuzz::accepts([&] {
    const mae::TensorFile file = mae::read_shards(input.path(), shard);
    fuzz::require(file.entries().size() % 2 == 0 && !file.entries().empty(), "whole files");
    for (const std::string& name : file.names()) file.bytes(name);
  });
  return 0;
}
