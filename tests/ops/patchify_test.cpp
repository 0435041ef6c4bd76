#include <mae/ops/patchify.hpp>

#include <doctest/doctest.h>

#include "support/operation.hpp"

using namespace test;

namespace {

template <Index C, Index H, Index W, Index P>
struct Patchify : NoParameters {
  static constexpr Index channels = C, height = H, width = W, side = P;
  using Pixels = Shape<dyn, C, H, W>;
  using Inputs = mae::Inputs<Input<Pixels, void, true>>;
  constexpr auto operator()(const Expression auto& images) const { return patchify<P>(images); }
};

template <class Cut, class Policy>
void check_patchify() {
  constexpr Index C = Cut::channels, H = Cut::height, W = Cut::width, P = Cut::side;
  const Weights<Cut, Policy> weights;
  const auto images = random_tensor<double, typename Cut::Pixels>(2, 1);
  const auto patches = evaluate(weights, images);
  static_assert(std::is_same_v<typename decltype(patches)::Shape, Shape<dyn, H / P * (W / P), P * P * C>>);
  for (Index b = 0; b < 2; ++b)
    for (Index row = 0; row < H / P; ++row)
      for (Index column = 0; column < W / P; ++column)
        for (Index y = 0; y < P; ++y)
          for (Index x = 0; x < P; ++x)
            for (Index c = 0; c < C; ++c)
              CHECK(patches(b, row * (W / P) + column, (y * P + x) * C + c) ==
                    images(b, c, row * P + y, column * P + x));

  Tensor<double, Shape<C, H, W>> back;
  for (Index b = 0; b < 2; ++b) {
    unpatchify<typename Cut::Pixels, P>(&patches(b, 0, 0), back.data());
    for (Index i = 0; i < back.size(); ++i) CHECK(back.data()[i] == images.data()[b * back.size() + i]);
  }
  check_backward(weights, images);
}

}  // namespace

TEST_CASE_TEMPLATE("patches row by row, channel last; unpatchify is the inverse", Policy, Reference<double>,
                   Cpu<double>) {
  check_patchify<Patchify<1, 4, 4, 2>, Policy>();
  check_patchify<Patchify<2, 6, 3, 3>, Policy>();
  check_patchify<Patchify<3, 2, 8, 2>, Policy>();
  check_patchify<Patchify<5, 3, 2, 1>, Policy>();
}
