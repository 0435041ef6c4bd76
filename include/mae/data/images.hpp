// Where images come from: any collection of them, seen through one small window.
//
// Some collections hold all images in memory (`Dataset`), others decode them when asked (an image folder). What
// trains on them needs five questions answered: how many there are, of how many channels and classes, what is said of
// image i (its target: a label, unless the collection chooses another, `target.hpp`), and its bytes for a moment.
// `Images` asks them of any collection, borrowed, as a span borrows elements: the collection must outlive it. Asking
// costs one call through a pointer.
#pragma once
#include <concepts>
#include <cstdint>
#include <string>
#include <vector>

#include <mae/core/config.hpp>
#include <mae/core/error.hpp>
#include <mae/data/target.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// An image that somebody else holds: bytes 0..255, [C, H, W].
struct ImageView {
  const std::uint8_t* pixels;
  Index channels, height, width;
  Index number;  ///< in its collection; another than asked for where that one cannot be read and is replaced
};

namespace detail {
struct TakesAnyImage {
  void operator()(const ImageView&) const {}
};
template <class Target>
struct TakesAnyTarget {
  void operator()(const typename Target::View&) const {}
};
template <class Set, class Target>
concept GivesTarget = std::same_as<Target, NoTarget> || requires(const Set& set, Index i) {
  { set.class_count() } -> std::same_as<Index>;
  requires std::same_as<Target, Label> || requires { set.with_target(i, TakesAnyTarget<Target>{}); };
  requires !std::same_as<Target, Label> || requires {
    { set.label(i) } -> std::same_as<std::int32_t>;
  };
};
}  // namespace detail

/// What a collection of images offers. `with_image(i, use)` calls use(ImageView) once and keeps the bytes alive
/// meanwhile; many threads may ask at once. `validate(set, subject)` throws mae::Error about `subject` unless the
/// collection is whole. What it says of an image:
///   a label         label(i), a class in [0, class_count()), or -1 where there are none
///   another Target  `using Target = …`, with_target(i, use), which calls use(Target::View) once, and class_count()
///   nothing         `using Target = NoTarget`
/// `i` is an image's own number there: `ImageView::number`.
template <class Set>
concept ImageCollection = requires(const Set& set, Index i, std::string subject) {
  { set.size() } -> std::same_as<Index>;
  { set.channel_count() } -> std::same_as<Index>;
  set.with_image(i, detail::TakesAnyImage{});
  validate(set, subject);
}
&&ImageTarget<TargetOf<Set>>&& detail::GivesTarget<Set, TargetOf<Set>>;

/// A borrowed view of any collection of images.
class Images {
 public:
  template <ImageCollection Set>
  Images(const Set& set)  // NOLINT(google-explicit-constructor): a view, like std::span
      : set_(&set), calls_(&calls_of<Set>) {}

  /// Number of images.
  Index size() const { return calls_->size(set_); }
  Index channels() const { return calls_->channels(set_); }
  /// Number of classes; 0 without labels.
  Index classes() const { return calls_->classes(set_); }
  /// The class of image `i`, or -1: where there are none, and where the target is no label.
  std::int32_t label(Index i) const {
    std::int32_t label = -1;
    if (gives<Label>()) with_target<Label>(i, [&](std::int32_t found) { label = found; });
    return label;
  }
  /// Whether the target of images is a `Target`. Any collection gives `NoTarget`.
  template <ImageTarget Target>
  bool gives() const {
    return std::same_as<Target, NoTarget> || calls_->target == &detail::target_name<Target>;
  }
  /// Throws mae::Error about `subject` unless it is.
  template <ImageTarget Target>
  void ensure_gives(const std::string& subject) const {
    if (!gives<Target>())
      throw Error(subject, std::string("images with ") + *calls_->target, std::string("images with ") + Target::name);
  }
  /// Calls use(Target::View) for what the collection says of image `i`. Throws mae::Error if it gives another target.
  template <ImageTarget Target, class Use>
  void with_target(Index i, const Use& use) const {
    ensure_gives<Target>("images");
    auto call = [](const void* to, const void* view) {
      (*static_cast<const Use*>(to))(*static_cast<const typename Target::View*>(view));
    };
    if constexpr (std::same_as<Target, NoTarget>) use(typename NoTarget::View{});
    else calls_->with_target(set_, i, call, &use);
  }
  /// Throws mae::Error about `subject` unless there are images, all whole.
  void ensure_valid(const std::string& subject) const { calls_->validate(set_, subject); }

  /// Calls use(ImageView) for image `i`. Throws mae::Error if it cannot be read.
  template <class Use>
  void with_image(Index i, const Use& use) const {
    auto call = [](const void* to, const ImageView& image) { (*static_cast<const Use*>(to))(image); };
    calls_->with_image(set_, i, call, &use);
  }

 private:
  using UseImage = void (*)(const void* use, const ImageView&);
  using UseTarget = void (*)(const void* use, const void* view);
  struct Calls {
    Index (*size)(const void*);
    Index (*channels)(const void*);
    Index (*classes)(const void*);
    const char* const* target;  // `detail::target_name` of it
    void (*with_target)(const void*, Index, UseTarget, const void* use);
    void (*validate)(const void*, const std::string&);
    void (*with_image)(const void*, Index, UseImage, const void* use);
  };
  template <class Set>
  static const Set& as(const void* set) {
    return *static_cast<const Set*>(set);
  }
  template <class Set>
  static constexpr Calls calls_of{[](const void* set) { return as<Set>(set).size(); },
                                  [](const void* set) { return as<Set>(set).channel_count(); },
                                  [](const void* set) {
                                    if constexpr (requires { as<Set>(set).class_count(); })
                                      return as<Set>(set).class_count();
                                    else return static_cast<void>(set), Index{0};
                                  },
                                  &detail::target_name<TargetOf<Set>>,
                                  [](const void* set, Index i, UseTarget use, const void* to) {
                                    using Given = TargetOf<Set>;
                                    if constexpr (std::same_as<Given, Label>) {
                                      const std::int32_t label = as<Set>(set).label(i);
                                      use(to, &label);
                                    } else if constexpr (!std::same_as<Given, NoTarget>) {
                                      as<Set>(set).with_target(
                                          i, [&](const typename Given::View& view) { use(to, &view); });
                                    }
                                  },
                                  [](const void* set, const std::string& subject) { validate(as<Set>(set), subject); },
                                  [](const void* set, Index i, UseImage use, const void* to) {
                                    as<Set>(set).with_image(i, [&](const ImageView& image) { use(to, image); });
                                  }};

  const void* set_;
  const Calls* calls_;
};

/// The same for those who keep the view longer than a call, as a run does: images that have no name, and so are gone
/// after the call, are a mistake; and so is a collection, if its type is known, of another target than `Taken`.
template <class Taken = NoTarget>
class LastingImages : public Images {
 public:
  LastingImages(const Images& images) : Images(images) {}  // NOLINT(google-explicit-constructor)
  template <ImageCollection Set>
  LastingImages(const Set& set) : Images(set) {  // NOLINT(google-explicit-constructor)
    static_assert(rule::SameTarget<TargetOf<Set>, Taken>::holds,
                  "mae::Finetuning: the collection gives another target than the model's head is trained on");
  }
  template <ImageCollection Set>
  LastingImages(const Set&& gone) : Images(gone) {  // NOLINT(google-explicit-constructor)
    static_assert(sizeof(Set) == 0,
                  "mae: a run looks at its images as long as it lives, but these are a temporary; give them a name");
  }
};

}  // namespace mae
MAE_PRECISE_END
