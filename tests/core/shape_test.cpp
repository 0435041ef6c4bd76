// Arithmetic on shapes is arithmetic on types.
#include <mae/core/shape.hpp>

#include <doctest/doctest.h>
#include <mae/core/rules.hpp>

using namespace mae;

namespace {
using Tokens = Shape<dyn, 14, 14, 768>;
static_assert(Tokens::rank == 4 && Tokens::batched && Tokens::count == 14 * 14 * 768);
static_assert(Tokens::extent(0) == dyn && Tokens::extent(1) == 14 && Tokens::extent(-1) == 768 &&
              Tokens::extent(-4) == dyn);
static_assert(width_of<Tokens> == 768 && rows_of<Tokens> == 196);

using Matrix = Shape<3, 4>;
static_assert(Matrix::rank == 2 && !Matrix::batched && Matrix::count == 12 && Matrix::extent(-2) == 3);
static_assert(rows_of<Matrix> == 3);

// A single number, and one number a sample.
static_assert(Shape<>::rank == 0 && Shape<>::count == 1 && !Shape<>::batched);
static_assert(Shape<dyn>::rank == 1 && Shape<dyn>::count == 1 && Shape<dyn>::batched);

static_assert(std::is_same_v<WithExtent<Tokens, -1, 5>, Shape<dyn, 14, 14, 5>>);
static_assert(std::is_same_v<WithExtent<Tokens, 1, 7>, Shape<dyn, 7, 14, 768>>);
static_assert(std::is_same_v<WithExtent<Tokens, 0, 2>, Shape<2, 14, 14, 768>>);
static_assert(std::is_same_v<WithExtent<Matrix, 0, dyn>, Shape<dyn, 4>>);
static_assert(std::is_same_v<WithExtent<Matrix, -2, 9>, Shape<9, 4>>);

static_assert(align_up(0) == 0 && align_up(1) == 64 && align_up(64) == 64 && align_up(65) == 128);

// The rules, asked as questions.
static_assert(rule::SameShape<Matrix, Shape<3, 4>>::holds && !rule::SameShape<Matrix, Shape<4, 3>>::holds);
static_assert(rule::LinearInput<128, 128>::holds && !rule::LinearInput<64, 128>::holds);
static_assert(rule::LayerNormInput<128, 128>::holds && !rule::LayerNormInput<64, 128>::holds);
static_assert(rule::TrainedTogether<false, false>::holds && !rule::TrainedTogether<false, true>::holds);
static_assert(rule::IndexElement<std::int32_t>::holds && !rule::IndexElement<float>::holds);
static_assert(rule::PackedHeads<48, 4>::holds && !rule::PackedHeads<48, 5>::holds);
static_assert(!rule::PackedHeads<16, 4>::holds && !rule::PackedHeads<48, 0>::holds);
static_assert(rule::HeadsDivideWidth<768, 12>::holds);
static_assert(!rule::HeadsDivideWidth<768, 7>::holds && !rule::HeadsDivideWidth<768, 0>::holds);
static_assert(rule::PatchesTileImage<224, 192, 16>::holds && !rule::PatchesTileImage<224, 200, 16>::holds);
static_assert(!rule::PatchesTileImage<10, 16, 0>::holds);
static_assert(rule::PositionWidth<64>::holds && !rule::PositionWidth<66>::holds);
static_assert(rule::KeptPatches<1, 4>::holds && !rule::KeptPatches<0, 4>::holds && !rule::KeptPatches<4, 4>::holds);
}  // namespace

TEST_CASE("extents can be asked in a loop") {
  Index product = 1;
  for (Index axis = 1; axis < Tokens::rank; ++axis) product *= Tokens::extent(axis);
  CHECK(product == Tokens::count);
}
