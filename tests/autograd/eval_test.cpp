// An expression of tensors in one call: what Eager and a session compute for the same lines.
#include <mae/autograd/run/eval.hpp>

#include <doctest/doctest.h>

#include <mae/autograd/run/session.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/gelu.hpp>
#include <mae/ops/pool.hpp>

#include "modules.hpp"
#include "support/error_of.hpp"

using namespace test;

namespace {
using S = Shape<dyn, 5, 8>;

struct Mixture {
  MAE_MODULE()
  using Inputs = mae::Inputs<Input<S>, Input<S>>;
  constexpr auto operator()(const Expression auto& a, const Expression auto& b) const { return mae::gelu(a * b) + a; }
};
}  // namespace

TEST_CASE("eval computes the bits of a session, in float by default on the CPU") {
  const auto a = random_tensor<float, S>(3, 1), b = random_tensor<float, S>(3, 2);
  const auto found = eval([](auto x, auto y) { return mae::gelu(x * y) + x; }, a, b.view());
  static_assert(std::is_same_v<decltype(found), const Tensor<float, S>>);
  Session<Program<Mixture, Cpu<float>, Inference>> session(3);
  const auto expected = session.forward(Weights<Mixture, Cpu<float>>(), a, b);
  REQUIRE(found.batch() == 3);
  for (Index i = 0; i < found.size(); ++i) CHECK(found.data()[i] == expected.data()[i]);
}

TEST_CASE("the shape is the expression's, the precision the inputs' or the policy's, a batch is not needed") {
  const auto x = random_tensor<double, S>(2, 3);
  const auto pooled = eval([](auto t) { return pool<Pool::mean>(t); }, x);
  static_assert(std::is_same_v<decltype(pooled), const Tensor<double, Shape<dyn, 8>>>);
  for (Index b = 0; b < 2; ++b)  // the mean over all tokens but the first
    CHECK(pooled(b, 3) == doctest::Approx((x(b, 1, 3) + x(b, 2, 3) + x(b, 3, 3) + x(b, 4, 3)) / 4).epsilon(1e-12));

  const auto plain = eval<Reference<double>>([](const auto& t) { return t - t * t; }, x);
  CHECK(plain(1, 4, 7) == x(1, 4, 7) - x(1, 4, 7) * x(1, 4, 7));

  Tensor<float, Shape<2, 3>> fixed;
  fixed(1, 2) = 3;
  const auto squared = eval([](auto t) { return t * t; }, fixed);
  static_assert(std::is_same_v<decltype(squared), const Tensor<float, Shape<2, 3>>>);
  CHECK(squared(1, 2) == 9);

  Tensor<bf16, Shape<dyn, 2>> half(1);
  half(0, 1) = bf16(1.5f);
  CHECK(float(eval([](auto t) { return t + t; }, half)(0, 1)) == 3);

  CHECK(eval([](auto t) { return t; }, fixed)(1, 2) == 3);  // a copy
}

TEST_CASE("tensors of two batch sizes are an error") {
  const auto two = random_tensor<float, S>(2, 1), three = random_tensor<float, S>(3, 1);
  CHECK(error_of([&] { eval([](auto a, auto b) { return a + b; }, two, three); }) ==
        "mae: eval: found a batch of 3, expected 2, as the first input has");
}
