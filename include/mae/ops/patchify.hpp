// Cutting an image into patches: a permutation of its values.
//
// images [B, C, H, W] → patches [B, L, P·P·C]. Patches run row by row over the image; inside a patch the order is (y,
// x, channel), channel last, which is the order of MAE's targets and predictions. Backward is the inverse permutation.
#pragma once
#include <mae/autograd/trace/operation.hpp>
#include <mae/core/rules.hpp>
#include <mae/ops/error_placeholder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Where value v of patch l lies in an image [C, H, W].
template <class Image, Index P>
struct PatchOrder {
  static constexpr Index C = Image::extent(1), H = Image::extent(2), W = Image::extent(3);
  static constexpr Index columns = W / P, patches = H / P * columns, values = P * P * C;
  MAE_HOST_DEVICE static constexpr Index pixel(Index l, Index v) {
    const Index y = l / columns * P + v / (P * C), x = l % columns * P + v / C % P;
    return (v % C * H + y) * W + x;
  }
};

template <Index P>
struct PatchifyOperation : Operation {
  static constexpr const char* name = "patchify";
  template <class X>
  using Output = Shape<dyn, PatchOrder<X, P>::patches, PatchOrder<X, P>::values>;
  template <class Call>
  static void forward(const Call& f) {
    using Order = PatchOrder<typename Call::template Operand<0>::Shape, P>;
    constexpr Index L = Order::patches, n = Order::values;
    const auto x = f.x(first);
    const auto y = f.y();
    Call::Kernels::rows(f.batch() * L, n, [=] MAE_HOST_DEVICE (Index r, Index v) {
      y[r * n + v] = x[r / L * L * n + Order::pixel(r % L, v)];
    });
  }
  template <class Call>
  static void backward(const Call& f) {
    using Order = PatchOrder<typename Call::template Operand<0>::Shape, P>;
    constexpr Index L = Order::patches, n = Order::values;
    const auto dy = f.dy();
    if (const auto dx = f.dx(first); dx.wanted())
      Call::Kernels::rows(f.batch() * L, n, [=] MAE_HOST_DEVICE (Index r, Index v) {
        dx.add(r / L * L * n + Order::pixel(r % L, v), typename Call::A(dy[r * n + v]));
      });
  }
};

/// images [B, C, H, W] → [B, (H/P)·(W/P), P·P·C].
template <Index P, Expression X>
constexpr auto patchify(const X& images) {
  static_assert(ShapeOf<X>::rank == 4, "mae::patchify: images must be [B, C, H, W]");
  if constexpr (ShapeOf<X>::rank == 4) {
    using Rule = rule::PatchesTileImage<ShapeOf<X>::extent(2), ShapeOf<X>::extent(3), P>;
    static_assert(Rule::holds, "mae::patchify: height and width of the images must be multiples of the patch side");
    if constexpr (Rule::holds) return apply<PatchifyOperation<P>>(images);
    else return detail::error_placeholder<ShapeOf<X>>(images);
  } else {
    return detail::error_placeholder<ShapeOf<X>>(images);
  }
}

/// The inverse on plain memory, to look at: patches [L, P·P·C] → image [C, H, W].
template <class Image, Index P, class T>
void unpatchify(const T* patches, T* image) {
  using Order = PatchOrder<Image, P>;
  for (Index l = 0; l < Order::patches; ++l)
    for (Index v = 0; v < Order::values; ++v) image[Order::pixel(l, v)] = patches[l * Order::values + v];
}

}  // namespace mae
MAE_PRECISE_END
