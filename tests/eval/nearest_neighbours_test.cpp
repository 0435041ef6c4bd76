#include <mae/eval/nearest_neighbours.hpp>

#include <algorithm>
#include <numeric>

#include <doctest/doctest.h>

#include "train/toy.hpp"

using namespace test;

namespace {

using Model = Encoder<ImageShape<1, 8, 8, 4>, Transformer<16, 1, 2>>;
using Vectors = std::vector<std::vector<double>>;

const Dataset training = bars(90, 1), unseen = bars(50, 2);
const Normalization normalization = Normalization::of(channel_statistics(training));

/// Features by `encode`, of length one.
Vectors features(const Weights<Model, Policy>& weights, const Dataset& set, Pool how) {
  Tensor<float, Model::ImageShape::Pixels> images(set.size());
  for (Index i = 0; i < set.size(); ++i) load_sample(set, i, normalization, {}, 0, 0, images.data() + 64 * i, 8, 8);
  const auto tokens = encode(weights, images);  // [n, 5, 16]
  Vectors all;
  for (Index i = 0; i < set.size(); ++i) {
    std::vector<double> x(16);
    for (Index t = how == Pool::mean ? 1 : 0; t < (how == Pool::mean ? 5 : 1); ++t)
      for (Index c = 0; c < 16; ++c) x[static_cast<std::size_t>(c)] += double(tokens(i, t, c));
    const double length = std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.));
    for (double& value : x) value /= length;
    all.push_back(x);
  }
  return all;
}

/// The definition, by sorting all similarities.
double expected_accuracy(const Vectors& bank, const Vectors& asked, const NeighbourOptions& options) {
  double right = 0;
  for (std::size_t j = 0; j < asked.size(); ++j) {
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t i = 0; i < bank.size(); ++i)
      order.push_back({-std::inner_product(bank[i].begin(), bank[i].end(), asked[j].begin(), 0.), i});
    std::sort(order.begin(), order.end());
    double votes[4] = {};
    for (std::size_t k = 0; k < order.size() && k < static_cast<std::size_t>(options.neighbours); ++k)
      votes[training.labels[order[k].second]] += std::exp(-order[k].first / options.temperature);
    right += std::max_element(votes, votes + 4) - votes == unseen.labels[j];
  }
  return right / double(asked.size());
}

template <Pool How>
void check_definition(const Weights<Model, Policy>& weights) {
  const Vectors bank = features(weights, training, How), asked = features(weights, unseen, How);
  for (const Index k : {1, 5, 20, 1000})
    for (const double temperature : {0.07, 1.0}) {
      const double expected = expected_accuracy(bank, asked, {k, temperature});
      INFO(k, " neighbours, temperature ", temperature);
      for (const Index batch : {1, 7, 64})
        CHECK(nearest_neighbour_accuracy<How>(weights, training, unseen, normalization, {k, temperature, batch}) ==
              doctest::Approx(expected));
    }
}

}  // namespace

TEST_CASE("the definition, for both kinds of features, whatever the batch") {
  const Weights<Model, Policy> weights(3);
  check_definition<Pool::mean>(weights);
  check_definition<Pool::class_token>(weights);
}

TEST_CASE("an image is its own nearest neighbour; a pre-training model's encoder has features too") {
  const Weights<Model, Policy> weights(3);
  CHECK(nearest_neighbour_accuracy(weights, training, training, normalization, {.neighbours = 1}) == 1);
  using Whole = MaskedAutoencoder<Model::ImageShape, Transformer<16, 1, 2>, Transformer<8, 1, 1>>;
  const Weights<Whole, Policy> whole(3);
  const double one = nearest_neighbour_accuracy(whole, training, unseen, normalization);
  CHECK(one > 0.3);  // four classes
  Team::number = 2;
  CHECK(nearest_neighbour_accuracy(whole, training, unseen, normalization) == one);
  Team::number = 1;
}

TEST_CASE("of equally similar ones the earlier, of equal votes the smaller class; no temperature overflows") {
  const float similarity[] = {0.5f, 0.9f, 0.5f, 0.9f, 0.1f, 0.95f, 0.5f};
  auto nearest = [&](std::size_t k) {
    std::vector<Index> found(k);
    detail::nearest(similarity, 7, found);
    return found;
  };
  CHECK(nearest(1) == std::vector<Index>{5});
  CHECK(nearest(4) == std::vector<Index>{5, 1, 3, 0});
  CHECK(nearest(7) == std::vector<Index>{5, 1, 3, 0, 2, 6, 4});
  std::vector<double> votes(3);
  const std::vector<Index> labels{0, 2, 0, 1, 0, 0, 0};
  CHECK(detail::vote(similarity, {1, 3}, labels, 0.07, votes) == 1);
  CHECK(detail::vote(similarity, {5, 1, 3}, labels, 1e-9, votes) == 0);
  CHECK(detail::vote(similarity, {5, 1, 3, 0}, labels, 1e9, votes) == 0);
}

TEST_CASE("images and options that make no sense") {
  const Weights<Model, Policy> weights(3);
  Dataset unlabelled = unseen;
  unlabelled.labels.clear(), unlabelled.classes = 0;
  auto error_with = [&](const Dataset& known, const Dataset& asked, const NeighbourOptions& options = {}) {
    return error_of([&] { nearest_neighbour_accuracy(weights, known, asked, normalization, options); });
  };
  CHECK(error_with(unlabelled, unseen) ==
        "mae: training images: found images without labels, expected a label for each");
  CHECK(error_with(training, unlabelled) == "mae: test images: found images without labels, expected a label for each");
  CHECK(error_with(training, Dataset{1, 8, 8, {}, {}, 4}) ==
        "mae: test images: found no images, expected at least one");
  CHECK(error_with(training, unseen, {.neighbours = 0}) == "mae: neighbours: found 0, expected a whole number from 1");
  CHECK(error_with(training, unseen, {.temperature = 0}) ==
        "mae: temperature: found 0.000000, expected a number above 0");
}
