// One session used in every way that it can be, again and again: what is recorded for one use is not repeated for
// another, nor for a sink that stands where an earlier one stood.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include <mae/backend/reference.hpp>
#include <mae/mae.cuh>
#include <mae/optim/in_backward.hpp>

namespace {
using namespace mae;

using Model = MaskedAutoencoder<ImageShape<1, 8, 8, 4>, Transformer<8, 1, 2>, Transformer<8, 1, 2>>;
template <class Policy>
using Loss = Program<PretrainingLoss<Model>, Policy>;

/// What a batch is made of.
struct Batch {
  Batch() : images(2), masks(2) {
    masks.resize(2);
    for (Index b = 0; b < 2; ++b) masks.random(b, 1, 0, static_cast<std::uint64_t>(b));
    next();
  }
  void next() {
    for (Index i = 0; i < images.size(); ++i) images.data()[i] = static_cast<float>((i * ++turn) % 7) - 3;
  }
  Tensor<float, Model::ImageShape::Pixels> images;
  Model::Masks masks;
  Index turn = 0;
};
/// All numbers that a session gives away, in many uses of it.
template <class Policy>
std::vector<double> all_uses() {
  Batch batch;
  Weights<Model, Policy> weights(1), gradients;
  Session<Loss<Policy>> session(2);
  std::vector<double> numbers;
  auto note = [&](const auto& view) { numbers.insert(numbers.end(), view.data(), view.data() + view.size()); };
  auto forward = [&] {
    note(session.forward(weights, batch.images, batch.masks.keep(), batch.masks.hidden(), batch.masks.restore()));
  };
  auto note_gradients = [&] {
    const float* const g = std::as_const(gradients).data();
    numbers.insert(numbers.end(), g, g + gradients.size());
  };
  auto backward = [&] {
    auto seed = session.seed_gradient();
    for (Index b = 0; b < 2; ++b) seed.data()[b] = static_cast<float>(b + 1);
    session.backward(gradients);
    note_gradients();
  };
  auto step = [&] {
    numbers.push_back(session.step(weights, gradients, batch.images, batch.masks.keep(), batch.masks.hidden(),
                                   batch.masks.restore()));
    note_gradients();
  };
  for (int round = 0; round < 6; ++round) forward(), backward(), batch.next();
  for (int round = 0; round < 4; ++round) step(), batch.next();
  for (int round = 0; round < 4; ++round) forward(), batch.next();
  for (int round = 0; round < 4; ++round) forward(), backward(), step(), batch.next();
  return numbers;
}
TEST_CASE("forward, backward and steps of one session") {
  const std::vector<double> found = all_uses<Cuda<float>>(), expected = all_uses<Reference<float>>();
  REQUIRE(found.size() == expected.size());
  double worst = 0, largest = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    worst = std::max(worst, std::abs(found[i] - expected[i]));
    largest = std::max(largest, std::abs(expected[i]));
  }
  CHECK(largest > 1);
  CHECK(worst < 1e-4 * largest);
}
/// Losses of two optimizers of five updates each, one built where the other stood; by steps, or forward and backward.
template <class Policy>
std::vector<double> two_optimizers(bool steps) {
  using P = Loss<Policy>;
  Batch batch;
  Weights<Model, Policy> weights(1);
  Session<P> session(2);
  std::optional<AdamW<Model, Policy>> optimizer;
  std::optional<OptimizerInBackward<Model, Policy>> updates;
  std::vector<double> losses;
  for (int life = 0; life < 2; ++life) {
    updates.reset();
    optimizer.emplace(AdamwOptions{.weight_decay = 0.5});
    updates.emplace(*optimizer, weights, largest_gradient(P::graph));
    for (int update = 0; update < 5; ++update, batch.next()) {
      updates->begin(1e-1);
      if (steps) {
        losses.push_back(session.step_scaled(1, weights, *updates, batch.images, batch.masks.keep(),
                                             batch.masks.hidden(), batch.masks.restore()));
      } else {
        const auto both = session.forward(weights, batch.images, batch.masks.keep(), batch.masks.hidden(),
                                          batch.masks.restore());
        losses.insert(losses.end(), both.data(), both.data() + 2);
        auto seed = session.seed_gradient();
        for (Index b = 0; b < 2; ++b) seed.data()[b] = 0.5f;
        session.backward(*updates);
      }
      updates->finish();
    }
  }
  return losses;
}
TEST_CASE("a second optimizer where a first one stood") {
  for (const bool steps : {true, false}) {
    const auto found = two_optimizers<Cuda<float>>(steps), expected = two_optimizers<Reference<float>>(steps);
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == doctest::Approx(expected[i]).epsilon(1e-3));
  }
}

}  // namespace
