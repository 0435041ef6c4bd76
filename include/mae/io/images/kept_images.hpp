// Decoded images kept in memory, as many as fit a budget: what collections that decode on demand share.
//
// The first ones that fit stay: an epoch visits every image once, in random order, and then no rule of exchange finds
// more of them. An image that cannot be decoded is an error, or is remembered, told once, and passed over. Many threads
// may ask at once; two that ask for one image at the same time both decode it.
#pragma once
#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <mae/core/error.hpp>
#include <mae/data/image.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// What becomes of a file that cannot be decoded: an `Error`, or another one takes its place.
enum class BadImage { stop, skip };

class KeptImages {
 public:
  /// Room for `count` images, of `bytes` at most. Throws `Error` if these are negative.
  KeptImages(std::size_t count, Index bytes, BadImage bad, std::function<void(const std::string&)> report)
      : budget_(bytes), bad_(bad), report_(std::move(report)), kept_(count), is_bad_(count) {
    if (bytes < 0) throw Error("cache", std::to_string(bytes) + " bytes", "0 or more");
  }

  /// Image `i`, from memory or what decode() makes; null if it is bad and to be skipped. Throws what `decode` throws.
  template <class Decode>
  std::shared_ptr<const Image> find(Index i, const Decode& decode) const {
    const auto at = static_cast<std::size_t>(i);
    {
      const std::lock_guard lock(mutex_);
      if (kept_[at] || is_bad_[at]) return kept_[at];
    }
    try {
      auto image = std::make_shared<const Image>(decode());
      const auto bytes = static_cast<Index>(image->pixels.size());
      const std::lock_guard lock(mutex_);
      if (!kept_[at] && bytes <= budget_ - bytes_) {
        kept_[at] = image;
        bytes_ += bytes;
      }
      return image;
    } catch (const Error& error) {
      if (bad_ == BadImage::stop) throw;
      note_bad(at, error.what());
      return nullptr;
    }
  }
  /// Images found bad so far.
  Index bad_count() const {
    const std::lock_guard lock(mutex_);
    return std::count(is_bad_.begin(), is_bad_.end(), true);
  }
  /// Bytes in memory.
  Index bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }

 private:
  void note_bad(std::size_t at, const char* why) const {
    {
      const std::lock_guard lock(mutex_);
      if (is_bad_[at]) return;
      is_bad_[at] = true;
    }
    const std::lock_guard lock(report_mutex_);
    if (report_) report_(why);
  }

  Index budget_;
  BadImage bad_;
  std::function<void(const std::string&)> report_;
  mutable std::mutex mutex_, report_mutex_;
  mutable std::vector<std::shared_ptr<const Image>> kept_;
  mutable std::vector<bool> is_bad_;
  mutable Index bytes_ = 0;
};

}  // namespace mae
MAE_PRECISE_END
