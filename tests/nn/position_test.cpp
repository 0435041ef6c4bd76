#include <mae/nn/position.hpp>

#include <doctest/doctest.h>

#include <mae/autograd/run/weights.hpp>
#include <mae/backend/policy.hpp>

using namespace mae;

namespace {

template <Index Rows, Index Columns, Index D>
struct Table {
  PositionTable<Rows, Columns, D> pos_embed;
  MAE_MODULE(pos_embed)
};

/// The table of 3 rows and 5 columns, width 8.
const Weights<Table<3, 5, 8>, Reference<double>>& table() {
  static const Weights<Table<3, 5, 8>, Reference<double>> weights(1);
  return weights;
}
const double* patch(Index row, Index column) { return table().data() + (1 + row * 5 + column) * 8; }

}  // namespace

TEST_CASE("the class token's row is zero") {
  for (Index d = 0; d < 8; ++d) CHECK(table().data()[d] == 0);
}
TEST_CASE("patch (0, 0) has the sines of 0 and the cosines of 0") {
  const double expected[8] = {0, 0, 1, 1, 0, 0, 1, 1};
  for (Index d = 0; d < 8; ++d) CHECK(patch(0, 0)[d] == expected[d]);
}
TEST_CASE("column first, row second; frequencies 1 and 1/100 at width 8") {
  // Row 2, column 4, from a table of sines and cosines.
  const double expected[8] = {-0.756802495307928, 0.039989334186634, -0.653643620863612, 0.999200106660978,
                              0.909297426825682,  0.019998666693333, -0.416146836547142, 0.999800006666578};
  for (Index d = 0; d < 8; ++d) CHECK(patch(2, 4)[d] == doctest::Approx(expected[d]).epsilon(1e-13));
}
TEST_CASE("patches of one column share the first half, of one row the second") {
  for (Index row = 0; row < 3; ++row)
    for (Index column = 0; column < 5; ++column)
      for (Index d = 0; d < 4; ++d) {
        CHECK(patch(row, column)[d] == patch(0, column)[d]);
        CHECK(patch(row, column)[4 + d] == patch(row, 0)[4 + d]);
      }
}
TEST_CASE("the table has the published name and shape, and is frozen unless asked for") {
  const ParameterInfo& parameter = table().parameters()[0];
  CHECK(parameter.name == "pos_embed");
  CHECK(parameter.shape == std::vector<Index>{1, 16, 8});
  CHECK_FALSE(parameter.trained);
  static_assert(PositionTable<3, 5, 8, Trainable::yes>::trained);
}
