// Images that a trained model looks at, each under its name: one that cannot be read is told and passed over.
#pragma once
#include <atomic>
#include <functional>

#include "display.hpp"
#include "source.hpp"

namespace program {

/// The numbers of all images.
std::vector<mae::Index> all_of(const Opened& opened);
/// `most` of `count` places, evenly spread, or all: classes often stand one after the other.
std::vector<mae::Index> spread(mae::Index count, mae::Index most);

/// A collection in which nothing takes the place of what cannot be read: that is empty, and `read` says so.
class NewImages {
 public:
  /// Images of what was opened, by their numbers; both must outlive it. With `stops`, one that cannot be read is an
  /// error instead.
  NewImages(const Opened& opened, std::vector<mae::Index> numbers, const DataSettings& settings, bool stops = false);
  NewImages(const NewImages&) = delete;
  NewImages& operator=(const NewImages&) = delete;

  mae::Index size() const { return static_cast<mae::Index>(numbers_.size()); }
  mae::Index channel_count() const { return opened_.images().channels(); }
  mae::Index class_count() const { return opened_.images().classes(); }
  std::int32_t label(mae::Index i) const { return opened_.images().label(number(i)); }
  /// Throws mae::Error if it cannot be read, where that is to stop the program.
  template <class Use>
  void with_image(mae::Index i, const Use& use) const {
    look(i, [&](const mae::ImageView& image) { use(image); });
  }

  const Opened& opened() const { return opened_; }
  /// Its number in what was opened.
  mae::Index number(mae::Index i) const { return numbers_[static_cast<std::size_t>(i)]; }
  /// Relative to the folder; of a file of many images, the number of the image.
  std::string name(mae::Index i) const;
  /// Height and width that an image which was read has in its file.
  std::pair<mae::Index, mae::Index> file_size(mae::Index i) const;
  /// Whether it could be read when it was looked at last.
  bool read(mae::Index i) const { return state_[static_cast<std::size_t>(i)] != unreadable; }
  mae::Index passed_over() const;
  /// Images that are looked at for the first time are counted there; null: nowhere.
  void count_in(Progress* progress) const { progress_ = progress; }
  /// Throws mae::Error about how many were skipped, if any, for the end, when the others have been told of.
  void ensure_all_read() const;

 private:
  enum State : char { unseen, seen, unreadable };
  void look(mae::Index i, const std::function<void(const mae::ImageView&)>& use) const;

  const Opened& opened_;
  std::vector<mae::Index> numbers_;
  const DataSettings& settings_;
  bool stops_;
  mutable std::vector<std::atomic<State>> state_;
  mutable Progress* progress_ = nullptr;
};
inline void validate(const NewImages& images, const std::string& subject) {
  if (images.size() == 0) throw mae::Error(subject, "no images", "at least one");
}

/// Shows how many have been looked at, as long as it lives.
struct Watched {
  explicit Watched(const NewImages& watched) : images(watched), progress("images", watched.size()) {
    images.count_in(&progress);
  }
  ~Watched() { images.count_in(nullptr); }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

  const NewImages& images;
  Progress progress;
};

/// A part of them, [begin, end), which counts as a collection of its own.
struct SomeImages {
  const NewImages& images;
  mae::Index begin, end;

  mae::Index size() const { return end - begin; }
  mae::Index channel_count() const { return images.channel_count(); }
  mae::Index class_count() const { return 0; }
  std::int32_t label(mae::Index) const { return -1; }
  template <class Use>
  void with_image(mae::Index i, const Use& use) const {
    images.with_image(begin + i, [&](mae::ImageView image) {
      image.number = i;
      use(image);
    });
  }
};
inline void validate(const SomeImages& some, const std::string& subject) { validate(some.images, subject); }

}  // namespace program
