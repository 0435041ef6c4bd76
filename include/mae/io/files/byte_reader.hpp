// Bytes of a file read from the front, as far as they are asked for, and kept: for formats that tell only bit by bit
// how long they are. Nothing is read, and no memory taken, on the word of a length that exceeds what is left.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include <mae/io/files/input_file.hpp>

MAE_PRECISE_BEGIN
namespace mae::detail {

/// The bytes [begin, end) of a file, of which at most 64 MiB are read.
class ByteReader {
 public:
  /// `subject` is how errors name them.
  ByteReader(const InputFile& file, Index begin, Index end, std::string subject)
      : file_(file), begin_(begin), size_(end - begin), subject_(std::move(subject)) {
    kept_.reserve(static_cast<std::size_t>((std::min)(size_, longest)));  // no page of it is taken before its use
  }

  /// How many bytes were taken, are left, and are in memory.
  Index position() const { return position_; }
  Index left() const { return size_ - position_; }
  Index kept() const { return static_cast<Index>(kept_.size()); }

  /// Takes the next `bytes` bytes and returns their place. Throws `Error` if there are fewer.
  Index take(std::uint64_t bytes) {
    if (bytes > static_cast<std::uint64_t>(left())) refuse("an early end", std::to_string(bytes) + " more bytes");
    const Index end = position_ + static_cast<Index>(bytes);
    if (end > kept()) {
      if (end > longest) refuse("more than " + std::to_string(longest) + " bytes", "fewer");
      const Index old = kept(), all = (std::min)({size_, longest, (std::max)(end, old + old / 2 + 4096)});
      kept_.resize(static_cast<std::size_t>(all));
      file_.read(begin_ + old, kept_.data() + old, all - old);
    }
    return std::exchange(position_, end);
  }
  /// The next `bytes` bytes, at most eight, as a number of which the least significant comes first.
  std::uint64_t number(Index bytes) {
    const Index at = take(static_cast<std::uint64_t>(bytes));
    std::uint64_t value = 0;
    for (Index i = bytes; i-- > 0;)
      value = value << 8 | static_cast<unsigned char>(kept_[static_cast<std::size_t>(at + i)]);
    return value;
  }
  /// Bytes that were taken. The view is valid until more are.
  std::string_view text(Index place, Index bytes) const {
    return std::string_view(kept_).substr(static_cast<std::size_t>(place), static_cast<std::size_t>(bytes));
  }
  /// Throws `Error` about what was taken last.
  [[noreturn]] void refuse(const std::string& found, const std::string& expected) const {
    throw Error(subject_, found + " at byte " + std::to_string(begin_ + position_), expected);
  }
  const std::string& subject() const { return subject_; }

 private:
  static constexpr Index longest = 64 << 20;

  const InputFile& file_;
  Index begin_, size_, position_ = 0;
  std::string subject_, kept_;
};

}  // namespace mae::detail
MAE_PRECISE_END
