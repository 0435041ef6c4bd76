// Mask strategies: which patches stay visible is decided by a priority for each of them.
//
// A strategy writes one number for each of the L patches of a sample, and the V patches with the smallest stay
// (`MaskBatch::draw`). However its rule comes out, V is exact, so a model never notices which strategy is at work. One
// of your own is a name and a function:
//
//   struct CentreMasking {  // what is near the middle stays
//     static constexpr const char* name = "centre";
//     void operator()(const mae::MaskSample& sample, float* priority) const {
//       const auto [rows, columns, patch] = sample.grid;
//       for (mae::Index l = 0; l < sample.patches(); ++l) {
//         const mae::Index y = 2 * (l / columns) + 1 - rows, x = 2 * (l % columns) + 1 - columns;
//         priority[l] = static_cast<float>(y * y + x * x) + sample.uniform(l);
//       }
//     }
//   };
//   mae::Pretraining<Model> run(images, {.masking = CentreMasking{}}, normalization);
//
// `RandomMasking` is the paper's choice and the default; others: mask_strategies.hpp.
#pragma once
#include <new>
#include <type_traits>

#include <mae/core/random.hpp>
#include <mae/model/geometry.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The sample that a mask is drawn for. A mask is a function of this alone: not of its batch, of threads, or of masks
/// drawn before.
struct MaskSample {
  PatchGrid grid;
  Index visible;                      ///< V, the patches that stay
  std::uint64_t seed, epoch, number;  ///< number: in the data set
  /// The random numbers of (seed, epoch, number). The l-th is patch l's by custom; those from L on are free.
  RandomStream random{seed, Purpose::mask, epoch, number};

  Index patches() const { return grid.patches(); }
  Index hidden() const { return patches() - visible; }
  /// The n-th random number, uniform in [0, 1).
  float uniform(Index n) const { return random.uniform(static_cast<std::uint32_t>(n)); }
};

/// A mask strategy: `strategy(sample, priority)` sets priority[l] to a finite number for each of the sample's L
/// patches, and `name` is a text that lives as long as the program. Two strategies that draw different masks have
/// different names: checkpoints record them, and a run goes on with the strategy that it began with.
template <class S>
concept MaskStrategy = requires(const S& strategy, const MaskSample& sample, float* priority) {
  static_cast<const char*>(strategy.name);
  strategy(sample, priority);
};

/// Every patch has the same chance, and every choice of V patches (He et al., 2021, section 3, "Masking").
struct RandomMasking {
  static constexpr const char* name = "random";
  void operator()(const MaskSample& sample, float* priority) const {
    for (Index l = 0; l < sample.patches(); ++l) priority[l] = sample.uniform(l);
  }
};

/// Any mask strategy, as a value: what options hold. Drawing costs one call through a pointer.
class Masking {
 public:
  Masking() : Masking(RandomMasking{}) {}
  template <class S>
  requires(!std::is_same_v<S, Masking>)
      Masking(const S& strategy) {  // NOLINT(google-explicit-constructor): a strategy is meant wherever one is taken
    static_assert(MaskStrategy<S>,
                  "mae::Masking: a mask strategy has a text `name` and sets a priority for each patch: "
                  "void operator()(const mae::MaskSample&, float* priority) const");
    constexpr bool fits = sizeof(S) <= sizeof strategy_ && alignof(S) <= 8 && std::is_trivially_copyable_v<S>;
    static_assert(fits || !MaskStrategy<S>,
                  "mae::Masking: a mask strategy is copied byte by byte and has at most 32 "
                  "bytes; let it point to more");
    if constexpr (MaskStrategy<S> && fits) {
      ::new (static_cast<void*>(strategy_)) S(strategy);
      name_ = strategy.name;
      draw_ = [](const void* to, const MaskSample& sample, float* priority) {
        (*static_cast<const S*>(to))(sample, priority);
      };
    }
  }

  const char* name() const { return name_; }
  /// Sets a priority for each of the sample's L patches.
  void operator()(const MaskSample& sample, float* priority) const { draw_(strategy_, sample, priority); }

 private:
  alignas(8) unsigned char strategy_[32]{};
  const char* name_ = nullptr;
  void (*draw_)(const void* strategy, const MaskSample&, float* priority) = nullptr;
};

}  // namespace mae
MAE_PRECISE_END
