// Masking: which patches of which image are hidden (He et al., 2021, section 3, "Masking", "Simple implementation").
//
// Give every patch a number; the V patches with the smallest numbers stay. The rank of patch l among the
// numbers of its image says everything: `restore[l]` = rank; if the rank is below V the patch is the rank-th visible
// token, else it is hidden. Ranks are counted (ties: the earlier patch first), which is sorting without a sort
// (L² comparisons: nothing at 196 patches, little at 4,096).
// Numbers are random, or what a mask strategy says (mask_strategy.hpp). They come from (seed, epoch, sample), so an
// image's mask does not depend on its batch. A mask can also be given by noise, by ids or patch by patch.
#pragma once
#include <bit>

#include <mae/core/finite.hpp>
#include <mae/model/mask_strategy.hpp>
#include <mae/tensor/tensor.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The masks of a batch, L patches of which V are kept. Filled sample by sample; holds memory for `capacity` samples.
template <Index L, Index V>
class MaskBatch {
 public:
  using Keep = View<const std::int32_t, Shape<dyn, V>>;
  using Hidden = View<const std::int32_t, Shape<dyn, L - V>>;
  using Restore = View<const std::int32_t, Shape<dyn, L>>;

  /// Until a sample's mask is set, its first V patches are kept.
  explicit MaskBatch(Index capacity) : keep_(capacity), hidden_(capacity), restore_(capacity) {
    for (Index b = 0; b < capacity; ++b)
      for (Index l = 0; l < L; ++l) place(b, l, l);
  }

  /// Sets how many samples are in use.
  void resize(Index batch) {
    if (batch < 1 || batch > keep_.batch())
      throw Error("MaskBatch", "a batch of " + std::to_string(batch),
                  "1 to " + std::to_string(keep_.batch()) + " samples");
    batch_ = batch;
  }
  Index batch() const { return batch_; }

  /// Patches kept, in the order of their numbers: [B, V].
  Keep keep() const { return {keep_.data(), batch_}; }
  /// Patches hidden, in the order of their numbers: [B, L - V].
  Hidden hidden() const { return {hidden_.data(), batch_}; }
  /// Rank of each patch: [B, L]. Called ids_restore in the paper's code.
  Restore restore() const { return {restore_.data(), batch_}; }
  /// 1 where patch l of sample b is hidden, else 0.
  int mask(Index b, Index l) const { return restore_(b, l) >= V; }

  /// The mask that `strategy` draws for sample b, number `sample` of the data set. Throws mae::Error if the grid has
  /// not L patches, or a priority is not finite.
  void draw(Index b, const Masking& strategy, const PatchGrid& grid, std::uint64_t seed, std::uint64_t epoch,
            std::uint64_t sample) {
    if (grid.patches() != L)
      throw Error("mask grid", std::to_string(grid.rows) + " x " + std::to_string(grid.columns) + " patches",
                  std::to_string(L) + ", as the model has");
    constexpr auto not_a_number = std::bit_cast<float>(0x7fc00000u);
    for (Index l = 0; l < L; ++l) noise_(l) = not_a_number;  // a patch left out is noticed
    strategy(MaskSample{grid, V, seed, epoch, sample}, noise_.data());
    sort(b, noise_.data(), strategy.name());
  }
  /// A random mask for sample b, from the numbers of (seed, epoch, sample number in the data set).
  void random(Index b, std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample) {
    draw(b, RandomMasking{}, {1, L, 1}, seed, epoch, sample);
  }
  /// From L numbers: the V smallest stay. They must be finite.
  void from_noise(Index b, const float* noise) { sort(b, noise, "mask noise"); }
  /// From the V patches to keep, in the order in which the encoder shall see them.
  void from_ids(Index b, const std::int32_t* ids) {
    check_sample(b);
    std::int32_t* const rank = rank_.data();
    for (Index l = 0; l < L; ++l) rank[l] = -1;
    for (Index v = 0; v < V; ++v) {
      if (ids[v] < 0 || ids[v] >= L || rank[ids[v]] >= 0)
        throw Error("mask ids", "patch " + std::to_string(ids[v]) + " at place " + std::to_string(v),
                    "distinct patches in [0, " + std::to_string(L) + ")");
      rank[ids[v]] = static_cast<std::int32_t>(v);
    }
    Index next = V;
    for (Index l = 0; l < L; ++l) place(b, l, rank[l] >= 0 ? rank[l] : next++);
  }
  /// From L flags, 1 = hidden; exactly V must be 0.
  void from_mask(Index b, const std::uint8_t* hide) {
    check_sample(b);
    Index visible = 0;
    for (Index l = 0; l < L; ++l) visible += !hide[l];
    if (visible != V)
      throw Error("mask", std::to_string(visible) + " visible patches", std::to_string(V) + ", as the model keeps");
    Index kept = 0, next = V;
    for (Index l = 0; l < L; ++l) place(b, l, hide[l] ? next++ : kept++);
  }

 private:
  void check_sample(Index b) const {
    if (b < 0 || b >= batch_)
      throw Error("MaskBatch", "sample " + std::to_string(b), "one of the batch of " + std::to_string(batch_));
  }
  /// Throws mae::Error about `subject` unless all numbers are finite.
  void sort(Index b, const float* noise, const char* subject) {
    check_sample(b);
    for (Index l = 0; l < L; ++l)
      if (!is_finite(noise[l]))
        throw Error(subject, std::to_string(noise[l]) + " for patch " + std::to_string(l), "a finite number");
    for (Index l = 0; l < L; ++l) {
      Index rank = 0;
      for (Index k = 0; k < l; ++k) rank += noise[k] <= noise[l];
      for (Index k = l + 1; k < L; ++k) rank += noise[k] < noise[l];
      place(b, l, rank);
    }
  }
  void place(Index b, Index patch, Index rank) {
    restore_(b, patch) = static_cast<std::int32_t>(rank);
    (rank < V ? keep_(b, rank) : hidden_(b, rank - V)) = static_cast<std::int32_t>(patch);
  }

  Tensor<std::int32_t, Shape<dyn, V>> keep_;
  Tensor<std::int32_t, Shape<dyn, L - V>> hidden_;
  Tensor<std::int32_t, Shape<dyn, L>> restore_;
  Tensor<float, Shape<L>> noise_;
  Tensor<std::int32_t, Shape<L>> rank_;
  Index batch_ = 0;
};

}  // namespace mae
MAE_PRECISE_END
