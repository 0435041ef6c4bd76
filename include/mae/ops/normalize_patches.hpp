// Each patch with mean 0 and deviation 1 (unbiased variance + 1e-6): the paper's better target (He et al., 2021,
// section 3, "Reconstruction target"; table 1d). A target: no gradient flows through it.
#pragma once
#include <mae/autograd/trace/operation.hpp>
#include <mae/core/math.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Mean of the n > 1 values of a patch, and deviation, √(unbiased variance + 1e-6).
struct PatchMoments {
  double mean, deviation;
};
template <class T>
MAE_HOST_DEVICE PatchMoments patch_moments(const T* patch, Index n) {
  double mean = 0, variance = 0;
  for (Index i = 0; i < n; ++i) mean += double(patch[i]);
  mean /= double(n);
  for (Index i = 0; i < n; ++i) variance += (double(patch[i]) - mean) * (double(patch[i]) - mean);
  return {mean, math::sqrt(variance / double(n - 1) + 1e-6)};
}

struct NormalizePatchesOperation : Operation {
  static constexpr const char* name = "normalize patches";
  static constexpr unsigned non_differentiable = 1;
  template <class X>
  using Output = X;
  template <class Call>
  static void forward(const Call& f) {
    constexpr Index n = width_of<typename Call::Result>, rows = rows_of<typename Call::Result>;
    const auto x = f.x(first);
    const auto y = f.y();
    Call::Kernels::each(f.batch() * rows, [=] MAE_HOST_DEVICE (Index r) {
      const PatchMoments moments = patch_moments(x + r * n, n);
      const double scale = 1 / moments.deviation;
      for (Index i = 0; i < n; ++i) y[r * n + i] = typename Call::T((double(x[r * n + i]) - moments.mean) * scale);
    });
  }
  static void backward(const auto&) {}
};

/// Patches [B, M, n], each with mean 0 and deviation 1. A target: no gradient flows through it.
template <Expression X>
constexpr auto normalize_patches(const X& patches) {
  static_assert(width_of<ShapeOf<X>> > 1, "mae::normalize_patches: a patch of one value has no variance");
  return apply<NormalizePatchesOperation>(patches);
}

}  // namespace mae
MAE_PRECISE_END
