// A training step of a whole masked autoencoder, masks and update included, allocates nothing.
#include <doctest/doctest.h>

#include <mae/autograd/run/session.hpp>
#include <mae/backend/cpu/kernels.hpp>
#include <mae/model/masked_autoencoder.hpp>
#include <mae/optim/adamw.hpp>

#include "support/allocations.hpp"
#include "support/team.hpp"

using namespace mae;

TEST_CASE_TEMPLATE("a step allocates nothing, on one thread and on two", T, float, bf16) {
  using Model = MaskedAutoencoder<ImageShape<3, 16, 24, 4>, Transformer<32, 2, 4>, Transformer<16, 2, 2>>;
  using Policy = Cpu<T, isa::Best, test::Team>;
  for (const int threads : {1, 2}) {
    test::Team::number = threads;
    DefaultThreads::run(2, [](int) {});  // OpenMP's runtime takes memory when it starts
    Weights<Model, Policy> weights(1), gradients;
    AdamW<Model, Policy> optimizer({.clip = 1});
    Session<Program<PretrainingLoss<Model>, Policy>> session(3);
    Tensor<float, typename Model::ImageShape::Pixels> images(3);
    for (Index i = 0; i < images.size(); ++i) images.data()[i] = static_cast<float>(i % 7);
    typename Model::Masks masks(3);
    masks.resize(3);
    const long before = test::allocations;
    for (std::uint64_t step = 0; step < 3; ++step) {
      for (Index b = 0; b < 3; ++b) masks.random(b, 1, step, static_cast<std::uint64_t>(b));
      session.step(weights, gradients, images, masks.keep(), masks.hidden(), masks.restore());
      optimizer.step(weights, gradients, 1e-3);
    }
    CHECK(before > 0);  // the counter counts
    CHECK(test::allocations == before);
  }
}
