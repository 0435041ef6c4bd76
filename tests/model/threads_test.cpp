// The same bits from any number of threads: loss, gradients and predictions.
#include <cstring>

#include <doctest/doctest.h>

#include <mae/autograd/run/session.hpp>
#include <mae/backend/cpu/kernels.hpp>
#include <mae/model/masked_autoencoder.hpp>

#include "support/team.hpp"

using namespace mae;

namespace {

using Model = MaskedAutoencoder<ImageShape<3, 20, 28, 4>, Transformer<48, 3, 3>, Transformer<40, 2, 4>>;
using Policy = Cpu<float, isa::Best, test::Team>;

struct Result {
  double loss;
  Weights<Model, Policy> gradients;
};
Result step(int threads, Index batch) {
  Tensor<float, Model::ImageShape::Pixels> images(batch);
  const RandomStream stream(1, Purpose::probe);
  for (Index i = 0; i < images.size(); ++i) images.data()[i] = stream.uniform(static_cast<std::uint32_t>(i), -2.f, 2.f);
  Model::Masks masks(batch);
  masks.resize(batch);
  for (Index b = 0; b < batch; ++b) masks.random(b, 1, 0, static_cast<std::uint64_t>(b));
  const Weights<Model, Policy> weights(1);
  test::Team::number = threads;
  Session<Program<PretrainingLoss<Model>, Policy>> session(batch, threads);
  Result result{0, {}};
  for (int i = 0; i < 2; ++i)  // gradients accumulate
    result.loss = session.step(weights, result.gradients, images, masks.keep(), masks.hidden(), masks.restore());
  return result;
}

}  // namespace

TEST_CASE("one, two, three and seven threads compute the same bits") {
  for (const Index batch : {1, 7}) {
    const Result one = step(1, batch);
    for (const int threads : {2, 3, 7}) {
      const Result many = step(threads, batch);
      CHECK(many.loss == one.loss);
      for (const ParameterInfo& p : one.gradients.parameters()) {
        INFO(p.name, ", ", threads, " threads, batch ", batch);
        CHECK(std::memcmp(many.gradients.at(p), one.gradients.at(p), static_cast<std::size_t>(p.count) * 4) == 0);
      }
    }
  }
}
