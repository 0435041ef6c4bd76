// The log of a run. What is kept of a file is a log, which is kept whole when it is opened again.
#include "framework/log.hpp"

#include <filesystem>

#include <mae/io/files/atomic_file.hpp>
#include <mae/io/files/input_file.hpp>

#include "fuzz.hpp"

namespace {

/// A folder in memory, gone at the end.
struct Folder {
  std::string path = "/dev/shm/mae-fuzz-XXXXXX";
  Folder() {
    if (!::mkdtemp(path.data())) std::abort();
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code unknown;
    std::filesystem::remove_all(path, unknown);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  const std::string path = folder.path + "/log.jsonl";
  mae::write_file(path, data, static_cast<mae::Index>(size));
  fuzz::accepts([&] {
    constexpr mae::Index step = 1000;
    const program::Log log(path, step);
    for (const program::Record& record : log.records()) fuzz::require(record.step <= step, "later lines are removed");
    const std::vector<char> kept = mae::read_file<char>(path);
    const program::Log again(path, step);
    fuzz::require(again.records().size() == log.records().size(), "what was kept is read again");
    fuzz::require(mae::read_file<char>(path) == kept, "what was kept stays");
  });
  return 0;
}
