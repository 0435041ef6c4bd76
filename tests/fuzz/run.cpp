// The state of a run: as it is, and with the checksum that fits it, which breeding would not find.
#include <mae/checkpoint/run_state.hpp>

#include <cstring>
#include <optional>

#include "fuzz.hpp"
#include "run.hpp"

namespace {

/// All numbers that a run goes on from.
std::vector<float> numbers_of(const fuzz::Run& run) {
  std::vector<float> numbers;
  mae::detail::each_run_tensor(run, [&](const std::string&, const mae::ParameterInfo& parameter, const float* values) {
    numbers.insert(numbers.end(), values, values + parameter.count);
  });
  return numbers;
}

void load(const std::string& path) {
  static const fuzz::Run untouched(fuzz::images(), fuzz::options(), fuzz::normalization());
  static const std::vector<float> before = numbers_of(untouched);
  static std::optional<fuzz::Run> run;
  if (!run) run.emplace(fuzz::images(), fuzz::options(), fuzz::normalization());
  if (fuzz::accepts([&] { mae::load_run(path, *run); })) {
    const mae::Progress progress = run->progress();
    fuzz::require(progress.steps >= 0 && run->epoch() <= run->options().epochs, "the run goes on within its epochs");
    run.reset();
    return;
  }
  const std::vector<float> after = numbers_of(*run);
  fuzz::require(std::memcmp(after.data(), before.data(), before.size() * sizeof(float)) == 0 &&
                    run->progress().steps == 0,
                "a refused file changes nothing");
}

/// The bytes of the file, whose metadata get the checksum of all others and of the tensors.
std::string with_checksum(const mae::SafetensorsFile& file) {
  mae::Metadata facts = file.metadata();
  std::vector<std::vector<std::byte>> values;
  std::vector<mae::TensorBytes> tensors;
  mae::Checksum sum;
  mae::detail::add_metadata(sum, facts);
  for (const mae::TensorEntry& entry : file.entries()) {
    values.push_back(file.bytes(entry.name));
    tensors.push_back({entry.name, entry.dtype, entry.shape, values.back().data()});
    sum.add(values.back().data(), static_cast<mae::Index>(values.back().size()));
  }
  facts[mae::detail::checksum_key] = sum.text();
  std::vector<mae::Index> sizes;
  const std::string header = mae::detail::header_text(file.path(), tensors, facts, sizes);
  const std::uint64_t length = header.size();
  std::string bytes(reinterpret_cast<const char*>(&length), sizeof length);
  bytes += header;
  for (const std::vector<std::byte>& tensor : values)
    bytes.append(reinterpret_cast<const char*>(tensor.data()), tensor.size());
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile input({data, size});
  fuzz::accepts([&] {
    const auto file = mae::SafetensorsFile::read(input.path());  // most inputs end here
    load(input.path());
    const std::string fitting = with_checksum(file);
    const fuzz::MemoryFile other({reinterpret_cast<const std::uint8_t*>(fitting.data()), fitting.size()});
    load(other.path());
  });
  return 0;
}
