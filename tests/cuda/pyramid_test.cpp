// What large images and their maps are made of, on a GPU: windows of attention, convolutions, transposed ones, pooling
// and interpolation give the results and the gradients that the plain loops give.
#include <mae/mae.cuh>

#include <doctest/doctest.h>

#include <mae/model/pyramid_segmenter.hpp>

#include "beside_reference.hpp"
#include "machine.hpp"

namespace {
using namespace mae;

using Map = Grid<4, 6, 4>;
using X = Shape<dyn, Map::places, 8>;
struct Everything {
  using Inputs = mae::Inputs<Input<X, void, true>>;
  using Pyramid = FeaturePyramid<Map, 8, Scales<1, 0, -1>, 6>;
  Linear<8, 24> qkv;
  Pyramid neck;
  FusingHead<Pyramid::Levels, 6, 3> head;
  MAE_MODULE(qkv, neck, head)
  constexpr auto operator()(const Expression auto& x) const {
    auto windows = qkv(reshape<X>(merge<2, Map>(x)));                             // [B, 24, 3·8]
    auto seen = window_attention<2, 6, 8>(windows);                               // [B, 24, 8]
    auto tokens = spread<2, Grid<2, 3, 8>>(reshape<Shape<dyn, 6, 4 * 8>>(seen));  // [B, 24, 8]
    return head(neck.maps(tokens));                                               // [B, 384, 3]
  }
};

template <class Policy>
std::vector<double> found() {
  return test::result_and_gradients<Everything, X, Policy>();
}
}  // namespace

TEST_CASE("float") { test::check_close(found<Cuda<float>>(), found<Reference<float>>(), 1e-5); }
TEST_CASE("bf16") { test::check_close(found<Cuda<bf16>>(), found<Reference<bf16>>(), 0.1); }
