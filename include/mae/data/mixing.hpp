// Mixing: the images of a batch in pairs, each taking something of the other, and their targets in the same shares.
//
// Image b of B and image B - 1 - b are a pair; the middle one of an odd batch stays as it is. `Mix` says what happens
// in a batch: inside a box each gets `own` of itself and the rest of its partner, all else it keeps; its target is then
// `share` its own. A strategy draws it for each batch, from (seed, epoch, number of the batch), so whoever makes the
// batch makes the same. `Mixup` (mixup.hpp) is the one of recipes; one of your own is a name and a function:
//
//   struct Halves {                                                      // the lower half is the partner's
//     static constexpr const char* name = "halves";
//     Mix operator()(const MixedBatch& batch) const {
//       return {.top = batch.height / 2, .height = batch.height - batch.height / 2, .width = batch.width,
//               .own = 0, .share = double(batch.height / 2) / double(batch.height)};
//     }
//   };
//   options.augmentation.mixing = Halves{};
//
// It may have each_option(visit), whose numbers are recorded in checkpoints, and ensure_valid(), which throws
// mae::Error.
#pragma once
#include <cstring>
#include <type_traits>

#include <mae/core/random.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct Mix {
  Index top = 0, left = 0, height = 0, width = 0;  ///< the box, in pixels of the model's input
  double own = 1;                                  ///< weight of an image's own pixels inside the box
  double share = 1;                                ///< weight of its own target
};

/// The batch that is to be mixed: number `number` of its epoch, images of height x width.
struct MixedBatch {
  std::uint64_t seed, epoch, number;
  Index height, width;
  RandomStream random{seed, Purpose::mix, epoch, number};
};

template <class S>
concept MixStrategy = requires(const S& strategy, const MixedBatch& batch) {
  static_cast<const char*>(strategy.name);
  { strategy(batch) } -> std::same_as<Mix>;
};

/// Any strategy, as a value: what options hold; by itself it mixes nothing.
class Mixing {
 public:
  Mixing() = default;
  template <MixStrategy S>
  Mixing(const S& strategy) : calls_(&calls_of<S>) {  // NOLINT(google-explicit-constructor)
    static_assert(std::is_trivially_copyable_v<S> && sizeof(S) <= sizeof strategy_,
                  "mae::Mixing: a strategy is a struct of plain options, at most 48 bytes");
    std::memcpy(strategy_, &strategy, sizeof strategy);
  }

  /// Whether there is a strategy.
  explicit operator bool() const { return calls_ != nullptr; }
  const char* name() const { return calls_ ? calls_->name : "none"; }
  Mix operator()(const MixedBatch& batch) const { return calls_ ? calls_->draw(strategy_, batch) : Mix{}; }
  void ensure_valid() const {
    if (calls_) calls_->ensure_valid(strategy_);
  }
  /// Calls visit(name, value) for each option that it tells.
  template <class Visit>
  void each_option(const Visit& visit) const {
    auto call = [](const void* to, const char* option, double value) {
      (*static_cast<const Visit*>(to))(option, value);
    };
    if (calls_) calls_->each_option(strategy_, call, &visit);
  }

 private:
  using UseOption = void (*)(const void* use, const char* name, double value);
  struct Calls {
    const char* name;
    Mix (*draw)(const void*, const MixedBatch&);
    void (*ensure_valid)(const void*);
    void (*each_option)(const void*, UseOption, const void* use);
  };
  template <class S>
  static S as(const void* bytes) {
    S strategy;
    std::memcpy(&strategy, bytes, sizeof strategy);
    return strategy;
  }
  template <class S>
  static constexpr Calls calls_of{S::name, [](const void* s, const MixedBatch& batch) { return as<S>(s)(batch); },
                                  [](const void* s) {
                                    if constexpr (requires(const S& own) { own.ensure_valid(); })
                                      as<S>(s).ensure_valid();
                                  },
                                  [](const void* s, UseOption use, const void* to) {
                                    const auto visit = [&](const char* name, auto value) {
                                      use(to, name, static_cast<double>(value));
                                    };
                                    const S own = as<S>(s);
                                    if constexpr (requires { own.each_option(visit); }) own.each_option(visit);
                                  }};

  alignas(8) unsigned char strategy_[48] = {};
  const Calls* calls_ = nullptr;
};

/// Mixes `count` rows of `columns` numbers, each with its partner: own x + (1 - own) x of the partner, for columns from
/// `begin` to `end`.
template <class T>
void mix_rows(T* rows, Index count, Index columns, Index begin, Index end, double own) {
  const T kept = T(own), taken = T(1 - own);
  for (Index b = 0; b < count / 2; ++b) {
    T *const one = rows + b * columns, *const other = rows + (count - 1 - b) * columns;
    for (Index i = begin; i < end; ++i) {
      const T x = one[i], y = other[i];
      one[i] = kept * x + taken * y;
      other[i] = kept * y + taken * x;
    }
  }
}
/// Mixes `count` images of [C, H, W], `planes` the C of them.
template <class T>
void mix_images(T* images, Index count, Index planes, Index height, Index width, const Mix& mix) {
  for (Index c = 0; c < planes; ++c)
    for (Index y = mix.top; y < mix.top + mix.height; ++y) {
      const Index row = (c * height + y) * width + mix.left;
      mix_rows(images, count, planes * height * width, row, row + mix.width, mix.own);
    }
}

}  // namespace mae
MAE_PRECISE_END
