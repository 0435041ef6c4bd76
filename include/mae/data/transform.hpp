// A transform: a pure function of (seed, epoch, sample) that chooses what of an image is seen, or changes its pixels.
//
// Your own takes about ten lines:
//
//   struct Invert {
//     static constexpr const char* name = "invert";
//     static constexpr std::uint32_t draws = 1;                  // random numbers that it takes
//     double share = 0.5;
//     void each_option(const auto& visit) const { visit("share", share); }         // recorded in checkpoints
//     void change(const Draws& random, const PlacedPixels& image) const {
//       if (random.uniform(0) < share) for (float& value : image) value = 1 - value;
//     }
//   };
//   options.augmentation.transforms = {Invert{.share = 0.2}};
//
// `place(random, image, placement)` says where the image lies in the model's input: a target follows by itself.
// `change(random, image)` works on the pixels there, after all placing; if it moves what is seen, it says `static
// constexpr bool moves_pixels = true`, and only targets that have no place take it, such as labels. `mix(batch)` says
// how images of a batch that are ready are mixed (mixing.hpp), in one transform of a list. A transform has one of these
// functions or more, and perhaps ensure_valid(), which throws mae::Error where an option makes no sense.
// Those of a list take their random numbers one after the other from the sample's stream, each as many as it says: no
// two share any, and adding one at the end leaves the others' as they were.
#pragma once
#include <cstring>
#include <string>
#include <type_traits>

#include <mae/core/random.hpp>
#include <mae/data/images.hpp>
#include <mae/data/mixing.hpp>
#include <mae/data/placement.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The random numbers of one transform for one sample: `count` of the stream, from `from` on. A transform that asks for
/// more than it said gets an mae::Error.
struct Draws {
  RandomStream stream;
  std::uint32_t from, count;

  /// Number n, uniform in [0, 1).
  float uniform(std::uint32_t n) const { return stream.uniform(number(n)); }
  float uniform(std::uint32_t n, float low, float high) const { return stream.uniform(number(n), low, high); }
  /// Number n, a whole one, uniform in [0, most).
  std::uint32_t below(std::uint32_t n, std::uint32_t most) const { return stream.below(number(n), most); }
  /// The normal number of mean 0 and deviation 1 that numbers n and n + 1 make.
  double normal(std::uint32_t n) const {
    return RandomStream::normal_of(stream.bits(number(n)), stream.bits(number(n + 1)));
  }

 private:
  std::uint32_t number(std::uint32_t n) const {
    if (n >= count) throw_too_many(n);
    return from + n;
  }
  [[noreturn, gnu::cold]] void throw_too_many(std::uint32_t n) const {
    throw Error("transform", "its random number " + std::to_string(n),
                "one below the " + std::to_string(count) + " that its `draws` says");
  }
};

/// The image as the model will see it, before normalisation: planes [C, H, W] of levels from 0 to 1 (a bicubic resize
/// may go a little beyond).
struct PlacedPixels {
  float* data;
  Index channels, height, width;
  const double *mean = nullptr, *deviation = nullptr;  ///< [C]: the model gets (level - mean) / deviation

  float* begin() const { return data; }
  float* end() const { return data + channels * height * width; }
  float* row(Index c, Index y) const { return data + (c * height + y) * width; }
};

namespace detail {
template <class Kind>
concept PlacesImages = requires(const Kind& kind, const Draws& random, const ImageView& image, Placement& to) {
  kind.place(random, image, to);
};
template <class Kind>
concept MixesBatches = requires(const Kind& kind, const MixedBatch& batch) {
  { kind.mix(batch) } -> std::same_as<Mix>;
};
template <class Kind>
concept ChangesPixels = requires(const Kind& kind, const Draws& random, const PlacedPixels& image) {
  kind.change(random, image);
};
}  // namespace detail

template <class Kind>
concept ImageTransform = (detail::PlacesImages<Kind> || detail::ChangesPixels<Kind> ||
                          detail::MixesBatches<Kind>)&&requires {
  { Kind::name } -> std::convertible_to<const char*>;
  { Kind::draws } -> std::convertible_to<std::uint32_t>;
};

/// Any transform, as a value: a few numbers and what to do with them.
class Transform {
 public:
  template <ImageTransform Kind>
  Transform(const Kind& kind) : calls_(&calls_of<Kind>) {  // NOLINT(google-explicit-constructor)
    static_assert(std::is_trivially_copyable_v<Kind> && sizeof(Kind) <= sizeof options_,
                  "mae: a transform is a struct of plain options, at most 64 bytes");
    static_assert(std::is_default_constructible_v<Kind>, "mae: a transform's options have defaults");
    std::memcpy(options_, &kind, sizeof kind);
  }

  std::uint32_t draw_count() const { return calls_->draws; }
  bool changes() const { return calls_->change != nullptr; }
  /// Whether pixels are moved so that no target follows.
  bool moves_pixels() const { return calls_->moves_pixels; }
  void place(const Draws& random, const ImageView& image, Placement& to) const {
    if (calls_->place) calls_->place(options_, random, image, to);
    ensure_inside(image, to);
  }
  void change(const Draws& random, const PlacedPixels& image) const {
    if (calls_->change) calls_->change(options_, random, image);
  }
  bool mixes() const { return calls_->mix != nullptr; }
  /// What is mixed in a batch; nothing, if it does not mix.
  Mix mix(const MixedBatch& batch) const { return calls_->mix ? calls_->mix(options_, batch) : Mix{}; }
  void ensure_valid() const { calls_->ensure_valid(options_); }
  const char* name() const { return calls_->name; }
  /// Calls visit(name, value) for each option that it tells.
  template <class Visit>
  void each_option(const Visit& visit) const {
    auto call = [](const void* to, const char* option, double value) {
      (*static_cast<const Visit*>(to))(option, value);
    };
    calls_->each_option(options_, call, &visit);
  }

 private:
  using UseOption = void (*)(const void* use, const char* name, double value);
  struct Calls {
    std::uint32_t draws;
    const char* name;
    bool moves_pixels;
    void (*place)(const void*, const Draws&, const ImageView&, Placement&);
    void (*change)(const void*, const Draws&, const PlacedPixels&);
    Mix (*mix)(const void*, const MixedBatch&);
    void (*ensure_valid)(const void*);
    void (*each_option)(const void*, UseOption, const void* use);
  };
  template <class Kind>
  static Kind as(const void* options) {
    Kind kind;
    std::memcpy(&kind, options, sizeof kind);
    return kind;
  }
  template <class Kind>
  static constexpr Calls calls_of = [] {
    Calls calls{Kind::draws, Kind::name, false, nullptr, nullptr, nullptr, [](const void*) {}, nullptr};
    if constexpr (requires { Kind::moves_pixels; }) calls.moves_pixels = Kind::moves_pixels;
    if constexpr (detail::PlacesImages<Kind>)
      calls.place = [](const void* o, const Draws& random, const ImageView& image, Placement& to) {
        as<Kind>(o).place(random, image, to);
      };
    if constexpr (detail::ChangesPixels<Kind>)
      calls.change = [](const void* o, const Draws& random, const PlacedPixels& image) {
        as<Kind>(o).change(random, image);
      };
    if constexpr (detail::MixesBatches<Kind>)
      calls.mix = [](const void* o, const MixedBatch& batch) { return as<Kind>(o).mix(batch); };
    if constexpr (requires(const Kind& kind) { kind.ensure_valid(); })
      calls.ensure_valid = [](const void* o) { as<Kind>(o).ensure_valid(); };
    calls.each_option = [](const void* o, UseOption use, const void* to) {
      const auto visit = [&](const char* name, auto value) { use(to, name, static_cast<double>(value)); };
      const Kind kind = as<Kind>(o);
      if constexpr (requires { kind.each_option(visit); }) kind.each_option(visit);
    };
    return calls;
  }();
  /// Resizing trusts the box.
  void ensure_inside(const ImageView& image, const Placement& to) const {
    const auto fits = [](double from, double extent, Index of) {
      return from >= 0 && extent >= 1 && from + extent <= double(of) && from == double(Index(from)) &&
             extent == double(Index(extent));
    };
    const auto reached = [](Index steps) { return steps >= -(Index{1} << 32) && steps <= Index{1} << 32; };
    if (!fits(to.box.top, to.box.height, image.height) || !fits(to.box.left, to.box.width, image.width) ||
        !reached(to.down) || !reached(to.right))
      throw_outside(image, to.box);
    if (to.rows < 1 || to.rows > to.height || to.columns < 1 || to.columns > to.width)
      throw Error(calls_->name, std::to_string(to.rows) + " x " + std::to_string(to.columns),
                  "1 to the input's pixels");
  }

  [[noreturn, gnu::cold]] void throw_outside(const ImageView& image, const CropBox& box) const {
    throw Error(
        std::string("transform ") + calls_->name,
        "a box of " + std::to_string(box.height) + " rows and " + std::to_string(box.width) + " columns",
        "whole pixels inside the image of " + std::to_string(image.height) + " x " + std::to_string(image.width));
  }

  alignas(8) unsigned char options_[64] = {};
  const Calls* calls_;
};

}  // namespace mae
MAE_PRECISE_END
