// Where pictures come from: any collection of them, seen through one small window.
//
// Some collections hold all pictures in memory (`Dataset`), others decode them when asked (an image folder). What
// trains on them needs five questions answered: how many there are, of how many channels and classes, which class
// picture i has, and its bytes for a moment. `Images` asks them of any collection, borrowed, as a span borrows
// elements: the collection must outlive it. Asking costs one call through a pointer.
#pragma once
#include <concepts>
#include <cstdint>
#include <exception>
#include <string>
#include <vector>

#include <mae/core/config.hpp>
#include <mae/core/error.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A picture that somebody else holds: bytes 0..255, [C, H, W].
struct PictureView {
  const std::uint8_t* pixels;
  Index channels, height, width;
  Index number;  ///< in its collection; another than asked for where that one cannot be read and is replaced
};

namespace detail {
struct TakesAnyPicture {
  void operator()(const PictureView&) const {}
};
}  // namespace detail

/// What a collection of pictures offers. `with_picture(i, use)` calls use(PictureView) once and keeps the bytes alive
/// meanwhile; many threads may ask at once. `label(i)` is a class in [0, class_count()), or -1 where there are none.
/// `validate(set, subject)` throws mae::Error about `subject` unless the collection is whole.
template <class Set>
concept ImageCollection = requires(const Set& set, Index i, std::string subject) {
  { set.size() } -> std::same_as<Index>;
  { set.channel_count() } -> std::same_as<Index>;
  { set.class_count() } -> std::same_as<Index>;
  { set.label(i) } -> std::same_as<std::int32_t>;
  set.with_picture(i, detail::TakesAnyPicture{});
  validate(set, subject);
};

/// A borrowed view of any collection of pictures.
class Images {
 public:
  template <ImageCollection Set>
  Images(const Set& set)  // NOLINT(google-explicit-constructor): a view, like std::span
      : set_(&set), calls_(&calls_of<Set>) {}

  /// Number of pictures.
  Index size() const { return calls_->size(set_); }
  Index channels() const { return calls_->channels(set_); }
  /// Number of classes; 0 without labels.
  Index classes() const { return calls_->classes(set_); }
  /// The class of picture `i`, or -1.
  std::int32_t label(Index i) const { return calls_->label(set_, i); }
  /// Throws mae::Error about `subject` unless there are pictures, all whole.
  void ensure_valid(const std::string& subject) const { calls_->validate(set_, subject); }

  /// Calls use(PictureView) for picture `i`. Throws mae::Error if it cannot be read.
  template <class Use>
  void with_picture(Index i, const Use& use) const {
    auto call = [](const void* to, const PictureView& picture) { (*static_cast<const Use*>(to))(picture); };
    calls_->with_picture(set_, i, call, &use);
  }

 private:
  using UsePicture = void (*)(const void* use, const PictureView&);
  struct Calls {
    Index (*size)(const void*);
    Index (*channels)(const void*);
    Index (*classes)(const void*);
    std::int32_t (*label)(const void*, Index);
    void (*validate)(const void*, const std::string&);
    void (*with_picture)(const void*, Index, UsePicture, const void* use);
  };
  template <class Set>
  static const Set& as(const void* set) {
    return *static_cast<const Set*>(set);
  }
  template <class Set>
  static constexpr Calls calls_of{
      [](const void* set) { return as<Set>(set).size(); },
      [](const void* set) { return as<Set>(set).channel_count(); },
      [](const void* set) { return as<Set>(set).class_count(); },
      [](const void* set, Index i) { return as<Set>(set).label(i); },
      [](const void* set, const std::string& subject) { validate(as<Set>(set), subject); },
      [](const void* set, Index i, UsePicture use, const void* to) {
        as<Set>(set).with_picture(i, [&](const PictureView& picture) { use(to, picture); });
      }};

  const void* set_;
  const Calls* calls_;
};

/// The same for those who keep the view longer than a call, as a run does: images that have no name, and so are gone
/// after the call, are a mistake.
class LastingImages : public Images {
 public:
  LastingImages(const Images& images) : Images(images) {}  // NOLINT(google-explicit-constructor)
  template <ImageCollection Set>
  LastingImages(const Set& set) : Images(set) {}  // NOLINT(google-explicit-constructor)
  template <ImageCollection Set>
  LastingImages(const Set&& gone) : Images(gone) {  // NOLINT(google-explicit-constructor)
    static_assert(sizeof(Set) == 0,
                  "mae: a run looks at its images as long as it lives, but these are a temporary; give them a name");
  }
};

namespace detail {
/// Calls work(i, thread) for every i in [0, count) on `threads` of `Threads`. An exception ends that thread's part; the
/// first one, in the order of threads, is thrown when all have stopped.
template <class Threads, class Work>
void share_pictures(Index count, int threads, const Work& work) {
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(threads));
  Threads::run(threads, [&](int thread) {
    try {
      for (Index i = thread; i < count; i += threads) work(i, thread);
    } catch (...) {
      errors[static_cast<std::size_t>(thread)] = std::current_exception();
    }
  });
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}
}  // namespace detail

}  // namespace mae
MAE_PRECISE_END
