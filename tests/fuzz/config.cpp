// Settings in JSON, as the config.json of a model.
#include <mae/io/files/flat_json.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile input({data, size});
  const fuzz::MemoryLimit limit(size);
  fuzz::accepts([&] {
    for (const auto& [key, value] : mae::read_flat_json(mae::InputFile(input.path())))
      fuzz::require(key.size() <= 500 && value.size() <= 2 * size + 16, "what is in the file");
  });
  return 0;
}
