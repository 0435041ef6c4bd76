// Operations: those of the library agree with differences; one of your own takes ten lines.
#include <algorithm>

#include <doctest/doctest.h>

#include <mae/autograd/run/gradient_check.hpp>

#include "modules.hpp"

using namespace test;

namespace {
// As the header of operation.hpp shows it.
struct Square : Operation {
  static constexpr const char* name = "square";
  static constexpr unsigned keep = keep_input(0);
  template <class X>
  using Output = X;
  static void forward(const auto& f) {
    f.each([x = f.x(first), y = f.y()](Index i) { y[i] = x[i] * x[i]; });
  }
  static void backward(const auto& f) {
    f.each([x = f.x(first), dy = f.dy(), dx = f.dx(first)](Index i) { dx.add(i, 2 * x[i] * dy[i]); });
  }
};
constexpr auto square(const Expression auto& x) { return apply<Square>(x); }

// Rows of x [B, N, D] by number, indices [B, K] -> [B, K, D]; a row may be taken twice.
struct Take : Operation {
  static constexpr const char* name = "take rows";
  static constexpr unsigned keep = keep_input(1), non_differentiable = 1u << 1;
  template <class X, class I>
  using Output = WithExtent<X, 1, I::extent(1)>;
  static void forward(const auto& f) {
    using Y = typename std::remove_cvref_t<decltype(f)>::Result;
    rows(f, [y = f.y(), x = f.x(first)](Index to, Index from) {
      for (Index c = 0; c < width_of<Y>; ++c) y[to + c] = x[from + c];
    });
  }
  static void backward(const auto& f) {
    using Call = std::remove_cvref_t<decltype(f)>;
    using X = typename Call::template Operand<0>::Shape;
    const auto dx = f.dx(first);
    if (!dx.accumulate)
      for (Index i = 0; i < f.batch() * X::count; ++i) dx.data[i] = 0;
    rows(f, [dy = f.dy(), dx](Index to, Index from) {
      for (Index c = 0; c < width_of<X>; ++c) dx.data[from + c] += dy[to + c];
    });
  }

 private:
  static void rows(const auto& f, const auto& visit) {
    using Call = std::remove_cvref_t<decltype(f)>;
    using X = typename Call::template Operand<0>::Shape;
    constexpr Index kept = Call::Result::extent(1), all = X::extent(1), width = width_of<X>;
    for (Index r = 0; r < f.batch() * kept; ++r) visit(r * width, (r / kept * all + f.x(second)[r]) * width);
  }
};

using S = Shape<dyn, 5, 8>;
struct Squares {
  Affine<8, 8> a;
  MAE_MODULE(a)
  constexpr auto operator()(const Expression auto& x) const {
    auto y = square(a(x));
    return square(y + x) - y;
  }
};
struct FusedGelu {
  Affine<8, 16> a;
  Affine<16, 8> b;
  MAE_MODULE(a, b)
  constexpr auto operator()(const Expression auto& x) const { return b(gelu(a(x))); }
};
struct Taking {
  Affine<8, 6> a;
  MAE_MODULE(a)
  using Inputs = mae::Inputs<Input<S, void, true>, Indices<Shape<dyn, 3>>>;
  constexpr auto operator()(const Expression auto& x, const Expression auto& rows) const {
    auto y = a(x);
    return weighted_squares(apply<Take>(y, rows) * apply<Take>(gelu(y), rows));
  }
};

// A wrong sign in the derivative, and a derivative that is sometimes not written at all.
struct WrongSquare : Square {
  static void backward(const auto& f) {
    f.each([x = f.x(first), dy = f.dy(), dx = f.dx(first)](Index i) { dx.add(i, -2 * x[i] * dy[i]); });
  }
};
struct LazySquare : Square {
  static void backward(const auto& f) {
    f.each([x = f.x(first), dy = f.dy(), dx = f.dx(first)](Index i) {
      if (i != 3) dx.add(i, 2 * x[i] * dy[i]);
    });
  }
};
template <class Op>
struct Using {
  Affine<8, 8> a;
  MAE_MODULE(a)
  constexpr auto operator()(const Expression auto& x) const { return apply<Op>(a(x)); }
};

template <class Module>
void check() {
  const GradientReport keep = gradient_report<Module, S, KeepAll>(),
                       cheap = gradient_report<Module, S, RecomputeCheap>();
  INFO(keep.where, "[", keep.index, "]: ", keep.derivative, " against ", keep.difference);
  CHECK(keep.worst <= 1e-6);
  CHECK(cheap.worst <= 1e-6);
  CHECK(keep.checked > 40);
}
}  // namespace

TEST_CASE("the library's operations agree with finite differences") {
  check<Affine<8, 12>>();
  check<FusedGelu>();
  check<Norm<8>>();
  check<SelfAttention<8, 2>>();
  check<Block<8, 4>>();
}

TEST_CASE("an operation of one's own, in ten lines") { check<Squares>(); }

TEST_CASE("an operation with whole numbers as an operand") {
  Tensor<std::int32_t, Shape<dyn, 3>> rows(2);
  const std::int32_t numbers[] = {4, 0, 4, 1, 2, 3};
  std::copy(numbers, numbers + 6, rows.data());
  using Policy = Reference<double>;
  const Weights<Taking, Policy> weights(1);
  const auto report = check_gradients<Program<Taking, Policy, KeepAll>>(weights, random_tensor<double, S>(2, 3), rows);
  CHECK(report.worst <= 1e-6);
  CHECK(report.checked == 6 * 8 + 6 + 2 * 5 * 8);
}

TEST_CASE("a wrong derivative is found and named") {
  const GradientReport wrong = gradient_report<Using<WrongSquare>, S, KeepAll>();
  CHECK(wrong.worst > 1);
  CHECK((wrong.where.starts_with("module.a.") || wrong.where == "input 0"));
  CHECK(wrong.derivative == doctest::Approx(-wrong.difference));
}

TEST_CASE("a gradient that is not written is an infinite error, not last step's number") {
  CHECK(std::isinf(gradient_report<Using<LazySquare>, S, KeepAll>().worst));
}
