// What a reader sees of a plan.
#include <mae/autograd/run/print_plan.hpp>

#include <doctest/doctest.h>
#include <sstream>

#include "modules.hpp"

using namespace test;

namespace {
struct Net {
  Affine<16, 8> in;
  Repeat<3, Affine<8, 8>> layers;
  Norm<8> norm;
  MAE_MODULE(in, layers, norm)
  using Inputs = mae::Inputs<Input<Shape<dyn, 5, 16>>>;
  constexpr auto operator()(const Expression auto& x) const {
    auto y = gelu(in(x));
    return weighted_squares(y + norm(layers(y)));
  }
};
template <class Program>
std::string plan_of(Index batch) {
  std::ostringstream out;
  print_plan<Program>(out, batch);
  return out.str();
}
}  // namespace

TEST_CASE("a plan is a table of what runs and where it lies") {
  CHECK("\n" + plan_of<Program<Net, Reference<float>, RecomputeCheap>>(10) == R"(
step  forward           module  shape      bytes   flops  result                   notes
0     linear + gelu     in      [B, 5, 8]    192  1.28 k  scratch + 0, recomputed  192 in saved + 384
1     repeat            layers  [B, 5, 8]    192  1.92 k  saved + 0                384 in saved + 576
2     layer norm        norm    [B, 5, 8]    192     320  scratch + 192            64 in saved + 960
3     element-wise              [B, 5, 8]    192       0  saved + 192
4     weighted squares          [B]           64       0  output

step  backward                 module  reads gradient  writes gradients
4     weighted squares                 seed            scratch + 0
3     element-wise                     scratch + 0     in place, in place
2     layer norm               norm    scratch + 0     scratch + 192
0     recompute linear + gelu  in                      result in scratch + 384
1     repeat                   layers  scratch + 192   += scratch + 0
0     linear + gelu            in      scratch + 0     of parameters only

One block of step 1: saved 0 B, scratch 0 B a sample

  step  forward  module    shape      bytes  flops  result  notes
  0     linear   layers.0  [B, 5, 8]    192    640  output

  step  backward  module    reads gradient  writes gradients
  0     linear    layers.0  seed            gradient of input 0

For a batch of 10
  saved    1.02 kB a sample, 10.2 kB in all
  scratch  768 B a sample, 7.68 kB in all
  forward  3.52 kflop a sample, 35.2 kflop in all
)");
}

TEST_CASE("an inference plan has no backward part") {
  const std::string text = plan_of<Program<Net, Reference<float>, Inference>>(1);
  CHECK(text.find("backward") == std::string::npos);
  CHECK(text.find("saved    0 B a sample") != std::string::npos);
}

TEST_CASE("amounts have three digits") {
  CHECK(mae::detail::rounded(0) == "0");
  CHECK(mae::detail::rounded(999) == "999");
  CHECK(mae::detail::rounded(1638) == "1.64 k");
  CHECK(mae::detail::rounded(9999) == "10.0 k");
  CHECK(mae::detail::rounded(99960) == "100 k");
  CHECK(mae::detail::rounded(999600) == "1.00 M");
  CHECK(mae::detail::rounded(25600000000) == "25.6 G");
}
