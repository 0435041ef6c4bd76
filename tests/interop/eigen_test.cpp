#include <mae/interop/eigen.hpp>

#include <doctest/doctest.h>

#include <mae/backend/reference.hpp>
#include <mae/nn/linear.hpp>
#include <mae/nn/patch_embed.hpp>

#include "support/error_of.hpp"

using namespace mae;
using test::error_of;

namespace {

/// 0, 1, 2 ... in the order of memory.
template <class S>
Tensor<float, S> counted(Index batch) {
  Tensor<float, S> tensor(batch);
  for (Index i = 0; i < tensor.size(); ++i) tensor.data()[i] = static_cast<float>(i);
  return tensor;
}

using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Features = Shape<dyn, 5, 40>;

struct Model {
  Parameter<Shape<1, 1, 8>, init::Zeros> token;
  PatchEmbed<3, 2, 8> embed;
  Linear<8, 4> head;
  MAE_MODULE(token, embed, head)
};

}  // namespace

TEST_CASE("a tensor [B, N, D] is a (B N) x D matrix of the same numbers") {
  Tensor<float, Features> x = counted<Features>(3);
  auto map = as_eigen(x);
  static_assert(decltype(map)::RowsAtCompileTime == Eigen::Dynamic && decltype(map)::IsRowMajor);
  CHECK(map.rows() == 15);
  CHECK(map.cols() == 40);
  CHECK(map.data() == x.data());
  for (Index b = 0; b < 3; ++b)
    for (Index n = 0; n < 5; ++n)
      for (Index d = 0; d < 40; ++d) CHECK(map(b * 5 + n, d) == x(b, n, d));
  map(7, 11) = -1;  // written by Eigen, read by mae
  CHECK(x(1, 2, 11) == -1);
  x(2, 4, 39) = -2;  // and the other way
  CHECK(map(14, 39) == -2);
  map.array() += 1;
  CHECK(x(0, 0, 0) == 1);
  map = map * RowMajor::Identity(40, 40);  // Eigen evaluates a product before it assigns
  CHECK(x(0, 0, 39) == 40);
}

TEST_CASE("a sample alone: N x D, or a column of D") {
  Tensor<float, Features> x = counted<Features>(3);
  auto sample = as_eigen(x, 2);
  static_assert(decltype(sample)::RowsAtCompileTime == 5 && decltype(sample)::ColsAtCompileTime == Eigen::Dynamic);
  CHECK(sample.data() == &x(2, 0, 0));
  CHECK(sample(4, 39) == x(2, 4, 39));
  Tensor<float, Shape<dyn, 6>> rows = counted<Shape<dyn, 6>>(2);
  auto row = as_eigen(rows, 1);
  static_assert(decltype(row)::RowsAtCompileTime == 6 && decltype(row)::ColsAtCompileTime == 1);
  CHECK(row.sum() == 6 + 7 + 8 + 9 + 10 + 11);
  for (const Index b : {Index{-1}, Index{2}})
    CHECK(error_of([&] { as_eigen(rows, b); }).find("a range within 2 samples") != std::string::npos);
}

TEST_CASE("small extents are compile-time sizes, large ones and the batch are Dynamic") {
  Tensor<double, Shape<3, 4>> small;
  static_assert(std::is_same_v<decltype(as_eigen(small)), Eigen::Map<Eigen::Matrix<double, 3, 4, Eigen::RowMajor>>>);
  Tensor<double, Shape<33, 4>> tall;
  static_assert(decltype(as_eigen(tall))::RowsAtCompileTime == Eigen::Dynamic);
  CHECK(as_eigen(tall).rows() == 33);
  Tensor<float, Shape<2, 3, 4>> cube;  // all but the last extent are rows
  static_assert(decltype(as_eigen(cube))::RowsAtCompileTime == 6);
  Tensor<float, Shape<7>> vector;
  static_assert(std::is_same_v<decltype(as_eigen(vector)), Eigen::Map<Eigen::Matrix<float, 7, 1>>>);
  Tensor<float, Shape<>> number;
  number() = 3;
  CHECK(as_eigen(number).value() == 3);
  Tensor<std::int32_t, Shape<dyn>> labels(4);
  as_eigen(labels).setConstant(9);
  CHECK(labels(3) == 9);
  CHECK(as_eigen(labels).cols() == 1);
  Tensor<float, Shape<dyn, 1>> column(3);
  CHECK(as_eigen(column).rows() == 3);
  CHECK(as_eigen(column, 1).size() == 1);
}

TEST_CASE("what is constant stays constant") {
  const Tensor<float, Features> x = counted<Features>(2);
  auto map = as_eigen(x);
  static_assert(std::is_same_v<decltype(map.data()), const float*>);
  static_assert(!(decltype(map)::Flags & Eigen::LvalueBit));
  static_assert(!(decltype(as_eigen(x.view(), 1))::Flags & Eigen::LvalueBit));
  CHECK(as_eigen(x.view()).data() == x.data());  // a view may be a temporary
  const RowMajor matrix = RowMajor::Ones(2, 200);
  static_assert(std::is_same_v<decltype(from_eigen<Features>(matrix)), View<const float, Features>>);
  RowMajor mutable_matrix;
  static_assert(std::is_same_v<decltype(from_eigen<Features>(mutable_matrix)), View<float, Features>>);
}

TEST_CASE("a row-major matrix as samples: a row is a sample, or one line of it") {
  RowMajor wide(3, 200), narrow(15, 40);
  for (RowMajor* const matrix : {&wide, &narrow}) {
    const View<float, Features> view = from_eigen<Features>(*matrix);
    CHECK(view.data() == matrix->data());
    CHECK(view.batch() == 3);
    view(2, 3, 7) = 5;
    CHECK((*matrix).reshaped<Eigen::RowMajor>()(2 * 200 + 3 * 40 + 7) == 5);
  }
  CHECK(from_eigen<Shape<15, 40>>(narrow).size() == 600);
  CHECK(from_eigen<Features>(wide.bottomRows(2)).data() == &wide(1, 0));  // a block without gaps
  float numbers[6] = {1, 2, 3, 4, 5, 6};
  const Eigen::Map<Eigen::Matrix<float, 2, 3, Eigen::RowMajor>> map(numbers);
  CHECK(from_eigen<Shape<dyn, 3>>(map)(1, 0) == 4);
  CHECK(from_eigen<Shape<2, 3>>(Eigen::Map<const Eigen::Matrix<float, 2, 3, Eigen::RowMajor>>(numbers))(1, 2) == 6);
  Eigen::VectorXf vector = Eigen::VectorXf::LinSpaced(6, 1, 6);
  CHECK(from_eigen<Shape<dyn>>(vector).batch() == 6);
  CHECK(from_eigen<Shape<6>>(vector)(5) == 6);
  CHECK(from_eigen<Shape<dyn, 3>>(vector)(1, 1) == 5);
  Eigen::RowVectorXf row = vector;
  CHECK(from_eigen<Shape<2, 3>>(row)(1, 1) == 5);
  Eigen::Array<double, 2, 2, Eigen::RowMajor> array;
  array << 1, 2, 3, 4;
  CHECK(from_eigen<Shape<2, 2>>(array)(1, 0) == 3);
}

TEST_CASE("matrices that are not whole samples, or have gaps") {
  RowMajor matrix = RowMajor::Zero(4, 6);
  CHECK(error_of([&] { from_eigen<Shape<dyn, 2, 5>>(matrix); }) ==
        "mae: from_eigen: found a matrix of 4 x 6, expected samples of 10 numbers, one or a part of one in each row");
  CHECK(error_of([&] { from_eigen<Shape<dyn, 3, 6>>(matrix); }).find("a matrix of 4 x 6") != std::string::npos);
  CHECK(error_of([&] { from_eigen<Shape<2, 6>>(matrix); }).find("one sample of 12") != std::string::npos);
  CHECK(error_of([&] { from_eigen<Shape<dyn, 3>>(matrix); }).find("samples of 3") != std::string::npos);
  RowMajor none(0, 6);
  CHECK(error_of([&] { from_eigen<Shape<dyn, 6>>(none); }).find("a matrix of 0 x 6") != std::string::npos);
  CHECK(error_of([&] { from_eigen<Shape<dyn, 3>>(matrix.leftCols(3)); }) ==
        "mae: from_eigen: found gaps between the numbers of a 4 x 3 matrix, expected numbers that lie one behind the "
        "other");
  CHECK(error_of([&] { from_eigen<Shape<dyn>>(matrix.col(0)); }).find("gaps") != std::string::npos);
  CHECK(from_eigen<Shape<dyn, 6>>(matrix.row(2)).data() == &matrix(2, 0));
}

TEST_CASE("a model's parameters by name, as matrices") {
  using Policy = Reference<float>;
  Weights<Model, Policy> weights(3);
  std::string sizes;
  for (const ParameterInfo& p : weights.parameters()) {
    const auto map = as_eigen(weights, p);
    CHECK(map.data() == weights.at(p));
    sizes += p.name + " " + std::to_string(map.rows()) + " x " + std::to_string(map.cols()) + "; ";
  }
  CHECK(sizes == "token 1 x 8; embed.proj.weight 8 x 12; embed.proj.bias 1 x 8; head.weight 4 x 8; head.bias 1 x 4; ");
  as_eigen(weights, "head.weight")(1, 2) = 42;
  CHECK(weights.at(*weights.find("head.weight"))[1 * 8 + 2] == 42);
  const Weights<Model, Policy>& constant = weights;
  static_assert(std::is_same_v<decltype(as_eigen(constant, "head.weight").data()), const float*>);
  CHECK(as_eigen(constant, "head.weight")(1, 2) == 42);
  CHECK(error_of([&] { as_eigen(weights, "head.wieght"); }) ==
        "mae: parameter: found head.wieght, expected a name of the model, such as token");
}
