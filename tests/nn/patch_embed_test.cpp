#include <mae/nn/patch_embed.hpp>

#include <doctest/doctest.h>

#include <mae/ops/patchify.hpp>

#include "support/operation.hpp"

using namespace test;

namespace {

constexpr Index C = 3, H = 4, W = 6, P = 2, D = 5;

struct Embedding {
  using Inputs = mae::Inputs<Input<Shape<dyn, C, H, W>, void, true>>;
  PatchEmbed<C, P, D> patch_embed;
  MAE_MODULE(patch_embed)
  constexpr auto operator()(const Expression auto& images) const { return patch_embed(patchify<P>(images)); }
};

}  // namespace

TEST_CASE("names and shapes are a convolution's") {
  const auto all = parameters<Embedding>();
  REQUIRE(all.size() == 2);
  CHECK(all[0].name == "patch_embed.proj.weight");
  CHECK(all[0].shape == std::vector<Index>{D, C, P, P});
  CHECK(all[1].name == "patch_embed.proj.bias");
  CHECK(all[1].shape == std::vector<Index>{D});
}
TEST_CASE("the order of a file is a permutation") {
  const ParameterInfo weight = parameters<Embedding>()[0];
  std::vector<int> seen(static_cast<std::size_t>(weight.count));
  for (Index i = 0; i < weight.count; ++i) ++seen.at(static_cast<std::size_t>(weight.file_position(i)));
  CHECK(seen == std::vector<int>(static_cast<std::size_t>(weight.count), 1));
}
TEST_CASE_TEMPLATE("it is a convolution with kernel and stride P", Policy, Reference<double>, Cpu<double>) {
  const Weights<Embedding, Policy> weights(1);
  const ParameterInfo &weight = weights.parameters()[0], &bias = weights.parameters()[1];
  Tensor<double, Shape<D, C, P, P>> kernel;  // as a file has it
  for (Index i = 0; i < weight.count; ++i) kernel.data()[weight.file_position(i)] = weights.at(weight)[i];

  const auto images = random_tensor<double, Shape<dyn, C, H, W>>(2, 1);
  const auto tokens = evaluate(weights, images);
  for (Index b = 0; b < 2; ++b)
    for (Index row = 0; row < H / P; ++row)
      for (Index column = 0; column < W / P; ++column)
        for (Index d = 0; d < D; ++d) {
          double sum = weights.at(bias)[d];
          for (Index c = 0; c < C; ++c)
            for (Index y = 0; y < P; ++y)
              for (Index x = 0; x < P; ++x) sum += kernel(d, c, y, x) * images(b, c, row * P + y, column * P + x);
          CHECK(tokens(b, row * (W / P) + column, d) == doctest::Approx(sum).epsilon(1e-13));
        }
  check_backward(weights, images);
}
