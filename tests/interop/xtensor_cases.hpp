// What interop/xtensor.hpp does, the same for both layouts of xtensor's headers.
#pragma once
#include <mae/interop/xtensor.hpp>

#include <doctest/doctest.h>

#include <mae/backend/reference.hpp>
#include <mae/nn/linear.hpp>
#include <mae/nn/patch_embed.hpp>

#include "support/error_of.hpp"

using namespace mae;
using test::error_of;

namespace {

using Features = Shape<dyn, 5, 4>;

/// 0, 1, 2 ... in the order of memory.
Tensor<float, Features> counted(Index batch) {
  Tensor<float, Features> tensor(batch);
  for (Index i = 0; i < tensor.size(); ++i) tensor.data()[i] = static_cast<float>(i);
  return tensor;
}

struct Model {
  Parameter<Shape<1, 6, 8>, init::Zeros> table;
  PatchEmbed<3, 2, 8> embed;
  Linear<8, 4> head;
  MAE_MODULE(table, embed, head)
};

}  // namespace

TEST_CASE("a tensor [B, N, D] is an xtensor [B, N, D] of the same numbers") {
  Tensor<float, Features> x = counted(3);
  auto a = as_xtensor(x);
  static_assert(xt::get_rank<decltype(a)>::value == 3);
  CHECK(a.shape() == std::array<std::size_t, 3>{3, 5, 4});
  CHECK(a.strides() == std::array<std::ptrdiff_t, 3>{20, 4, 1});
  CHECK(a.data() == x.data());
  for (std::size_t b = 0; b < 3; ++b)
    for (std::size_t n = 0; n < 5; ++n)
      for (std::size_t d = 0; d < 4; ++d) CHECK(a(b, n, d) == x(Index(b), Index(n), Index(d)));
  a(1, 2, 3) = -1;  // written by xtensor, read by mae
  CHECK(x(1, 2, 3) == -1);
  x(2, 4, 0) = -2;  // and the other way
  CHECK(a(2, 4, 0) == -2);
  a = a + 1.f;
  CHECK(a.data() == x.data());
  CHECK(x(0, 0, 0) == 1);
}

TEST_CASE("every rank, and what is constant stays constant") {
  Tensor<std::int32_t, Shape<dyn>> labels(4);
  as_xtensor(labels).fill(9);
  CHECK(labels(3) == 9);
  Tensor<double, Shape<2, 3>> small;
  CHECK(as_xtensor(small).shape() == std::array<std::size_t, 2>{2, 3});
  Tensor<float, Shape<>> number;
  as_xtensor(number)() = 3;
  CHECK(number() == 3);
  const Tensor<float, Features> constant = counted(2);
  static_assert(std::is_same_v<decltype(*as_xtensor(constant).data()), const float&>);
  CHECK(as_xtensor(constant.view().slice(1, 1))(0, 0, 0) == 20);  // a view may be a temporary
  const xt::xtensor<float, 3> container = xt::xtensor<float, 3>::from_shape({2, 5, 4});
  static_assert(std::is_same_v<decltype(from_xtensor<Features>(container)), View<const float, Features>>);
}

TEST_CASE("a container of the same extents as samples") {
  xt::xtensor<float, 3> fixed = xt::xtensor<float, 3>::from_shape({3, 5, 4});
  xt::xarray<float> array = xt::xarray<float>::from_shape({3, 5, 4});
  auto check = [](auto& container) {
    const View<float, Features> view = from_xtensor<Features>(container);
    CHECK(view.data() == container.data());
    CHECK(view.batch() == 3);
    view(2, 3, 1) = 5;
    CHECK(container(2, 3, 1) == 5);
  };
  check(fixed);
  check(array);
  xt::xarray<float, xt::layout_type::dynamic> dynamic(std::vector<std::size_t>{3, 5, 4}, xt::layout_type::row_major);
  check(dynamic);
  xt::xtensor<float, 2> one = xt::xtensor<float, 2>::from_shape({1, 4});  // xtensor gives single elements stride 0
  CHECK(from_xtensor<Shape<1, 4>>(one).size() == 4);
  CHECK(from_xtensor<Shape<dyn, 4>>(one).batch() == 1);
  xt::xtensor<std::int32_t, 1> labels = {1, 2, 3};
  CHECK(from_xtensor<Shape<dyn>>(labels)(2) == 3);
  Tensor<float, Features> x = counted(2);
  auto adaptor = as_xtensor(x);
  CHECK(from_xtensor<Features>(adaptor).data() == x.data());  // there and back
}

TEST_CASE("arrays of another shape, or with gaps") {
  xt::xarray<float> array = xt::xarray<float>::from_shape({3, 5, 4});
  CHECK(error_of([&] { from_xtensor<Shape<dyn, 5, 5>>(array); }) ==
        "mae: from_xtensor: found an array [3, 5, 4], expected [B, 5, 5]");
  CHECK(error_of([&] { from_xtensor<Shape<dyn, 20>>(array); }) ==
        "mae: from_xtensor: found an array [3, 5, 4], expected [B, 20]");
  CHECK(error_of([&] { from_xtensor<Shape<2, 5, 4>>(array); }) ==
        "mae: from_xtensor: found an array [3, 5, 4], expected [2, 5, 4]");
  xt::xarray<float> none = xt::xarray<float>::from_shape({0, 5, 4});
  CHECK(error_of([&] { from_xtensor<Features>(none); }) ==
        "mae: from_xtensor: found an array [0, 5, 4], expected [B, 5, 4]");
  xt::xarray<float, xt::layout_type::dynamic> columns(std::vector<std::size_t>{3, 5, 4},
                                                      xt::layout_type::column_major);
  CHECK(error_of([&] { from_xtensor<Features>(columns); }) ==
        "mae: from_xtensor: found an array [3, 5, 4] with strides [1, 3, 15], expected numbers that lie one behind "
        "the other, row-major");
}

TEST_CASE("a model's parameters by name, as matrices") {
  using Policy = Reference<float>;
  Weights<Model, Policy> weights(3);
  std::string sizes;
  for (const ParameterInfo& p : weights.parameters()) {
    const auto matrix = as_xtensor(weights, p);
    CHECK(matrix.data() == weights.at(p));
    sizes += p.name + " " + detail::extents_of(matrix.shape()) + "; ";
  }
  CHECK(sizes ==
        "table [6, 8]; embed.proj.weight [8, 12]; embed.proj.bias [1, 8]; head.weight [4, 8]; head.bias [1, 4]; ");
  as_xtensor(weights, "head.weight")(1, 2) = 42;
  const Weights<Model, Policy>& constant = weights;
  static_assert(std::is_same_v<decltype(*as_xtensor(constant, "head.weight").data()), const float&>);
  CHECK(as_xtensor(constant, "head.weight")(1, 2) == 42);
  CHECK(error_of([&] { as_xtensor(weights, "tail"); }) ==
        "mae: parameter: found tail, expected a name of the model, such as table");
}
