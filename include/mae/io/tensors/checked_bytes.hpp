// Bytes of files that a container tells the checksums of, as ZIP archives do for each of their entries: checked where
// they are read, on the way to who wants them, and once.
#pragma once
#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include <mae/io/files/checked_size.hpp>
#include <mae/io/files/input_file.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Bytes [begin, end) of a file, of several the one numbered `part`, and their CRC-32. `sum` is `crc32_of` (crc32.hpp):
/// a pointer, so that zlib is needed where such bytes are made, and not by all who read tensors.
struct CheckedBytes {
  std::string name;
  Index begin = 0, end = 0;
  std::uint32_t crc = 0;
  std::size_t part = 0;
  std::uint32_t (*sum)(std::uint32_t crc, const void* more, Index count) = nullptr;
};

namespace detail {

/// What is read at a time: it is summed up while it still lies in the processor's cache.
inline constexpr Index checked_piece = 1 << 18;

/// The checksum of bytes that are passed in their order. Throws `Error`, naming them, if it is another than told.
class RunningCheck {
 public:
  /// Checks nothing without `bytes`.
  RunningCheck(const InputFile& file, const CheckedBytes* bytes) : file_(file), bytes_(bytes) {}

  void add(const void* more, Index count) {
    if (bytes_ != nullptr) crc_ = bytes_->sum(crc_, more, count);
  }
  /// Passes the bytes [from, to) of the file.
  void pass(Index from, Index to) {
    if (bytes_ == nullptr || from >= to) return;
    const std::unique_ptr<char[]> piece(new char[static_cast<std::size_t>((std::min)(checked_piece, to - from))]);
    for (Index now = 0; from < to; from += now) {
      now = (std::min)(checked_piece, to - from);
      file_.read(from, piece.get(), now);
      add(piece.get(), now);
    }
  }
  void finish() const {
    if (bytes_ != nullptr && crc_ != bytes_->crc)
      throw Error(file_.path() + ": " + quoted(bytes_->name), "bytes with another checksum than it was written with",
                  "those that were written: the file is damaged, copy or download it again");
  }

 private:
  const InputFile& file_;
  const CheckedBytes* bytes_;
  std::uint32_t crc_ = 0;
};

/// Checks all of `bytes`.
inline void require_checksum(const InputFile& file, const CheckedBytes& bytes) {
  RunningCheck running(file, &bytes);
  running.pass(bytes.begin, bytes.end);
  running.finish();
}

/// The checksums of a container, and which of them were found right. Several threads may ask.
class Checksums {
 public:
  Checksums() = default;
  explicit Checksums(std::vector<CheckedBytes> all) : all_(std::move(all)), right_(all_.size()) {
    std::sort(all_.begin(), all_.end(), [](const CheckedBytes& a, const CheckedBytes& b) {
      return std::tie(a.part, a.begin) < std::tie(b.part, b.begin);
    });
  }
  /// Adds those of files that now are numbered from `first` on.
  void append(const Checksums& other, std::size_t first) {
    for (CheckedBytes bytes : other.all_) {
      bytes.part += first;
      all_.push_back(std::move(bytes));
    }
    right_.insert(right_.end(), other.right_.begin(), other.right_.end());
  }
  /// The bytes that [begin, end) of a part belong to, if their checksum is told and was not yet found right; else null.
  const CheckedBytes* unchecked(std::size_t part, Index begin, Index end) const {
    const auto later = [](const auto& at, const CheckedBytes& b) { return at < std::tie(b.part, b.begin); };
    const auto after = std::upper_bound(all_.begin(), all_.end(), std::tie(part, begin), later);
    if (after == all_.begin() || begin >= end) return nullptr;
    const CheckedBytes& found = *(after - 1);
    if (found.part != part || end > found.end || flag(found).load(std::memory_order_relaxed) != 0) return nullptr;
    return &found;
  }
  void set_right(const CheckedBytes* bytes) const {
    if (bytes != nullptr) flag(*bytes).store(1, std::memory_order_relaxed);
  }

 private:
  std::atomic_ref<char> flag(const CheckedBytes& bytes) const {
    return std::atomic_ref<char>(right_[static_cast<std::size_t>(&bytes - all_.data())]);
  }
  std::vector<CheckedBytes> all_;  // by part and place
  mutable std::vector<char> right_;
};

}  // namespace detail
}  // namespace mae
MAE_PRECISE_END
