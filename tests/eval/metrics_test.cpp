#include <mae/eval/metrics.hpp>

#include <doctest/doctest.h>

#include <mae/model/classifier.hpp>

#include "train/toy.hpp"

using namespace test;

namespace {

/// Class k's logit is the mean of image row k: small enough to know the answer.
struct Rows {
  using ImageShape = mae::ImageShape<1, 8, 8, 8>;
  static constexpr Index classes = 8;
  using Inputs = mae::Inputs<Input<ImageShape::Pixels>>;
  Parameter<Shape<8, 64>, init::Zeros> weight;
  Parameter<Shape<8>, init::Zeros> bias;
  MAE_MODULE(weight, bias)
  constexpr auto operator()(const Expression auto& images) const {
    return linear(pool<Pool::class_token>(patchify<8>(images)), weight, bias);
  }
};

/// Image i has its brightest row at i mod 8.
Dataset rows(Index n) {
  Dataset set{1, 8, 8, {}, {}, 8};
  for (Index i = 0; i < n; ++i) {
    for (int at = 0; at < 64; ++at) set.pixels.push_back(at / 8 == i % 8 ? 200 : 100);
    set.labels.push_back(static_cast<std::int32_t>(i % 8));
  }
  return set;
}
Weights<Rows, Policy> row_weights() {
  Weights<Rows, Policy> weights;
  for (int k = 0; k < 8; ++k)
    for (int at = 0; at < 64; ++at) weights.data()[64 * k + at] = at / 8 == k;
  return weights;
}
const Normalization plain{{0}, {1}};

}  // namespace

TEST_CASE("accuracy is the share of right answers, whatever the batch") {
  const Weights<Rows, Policy> weights = row_weights();
  Dataset set = rows(30);
  for (const Index batch : {1, 7, 30, 1000}) CHECK(accuracy(weights, set, plain, batch) == 1);
  set.labels[0] = 1, set.labels[12] = 0, set.labels[29] = 7;
  for (const Index batch : {1, 7, 30, 1000}) CHECK(accuracy(weights, set, plain, batch) == 0.9);
}

TEST_CASE("batches come in order, the last one smaller") {
  const Weights<Rows, Policy> weights = row_weights();
  Index next = 0;
  for_each_result<Program<Rows, Policy, Inference>>(weights, rows(30), plain, 8,
                                                    [&](const auto& batch, const auto& logits) {
                                                      CHECK(batch.samples.front() == next);
                                                      CHECK(batch.count() == (next == 24 ? 6 : 8));
                                                      CHECK(logits.batch() == batch.count());
                                                      next += batch.count();
                                                    });
  CHECK(next == 30);
}

TEST_CASE("test sets that do not fit the model") {
  const Weights<Rows, Policy> weights = row_weights();
  auto error_with = [&](const Dataset& set, const Normalization& statistics = plain) {
    return error_of([&] { accuracy(weights, set, statistics); });
  };
  Dataset set = rows(8);
  set.classes = 9;
  CHECK(error_with(set) == "mae: test set: found 9 classes, expected at most the model's 8");
  set = rows(8);
  set.labels.pop_back();
  CHECK(error_with(set) == "mae: test set: found 7 labels for 8 images, expected one for each");
  set.labels.clear();
  CHECK(error_with(set) == "mae: test set: found images without labels, expected a label for each");
  set.pixels.clear();
  CHECK(error_with(set) == "mae: test set: found no images, expected at least one");
  CHECK(error_with(Dataset{2, 8, 8, std::vector<std::uint8_t>(128), {0}, 8}) ==
        "mae: images: found 2 channels, expected the model's 1");
  CHECK(error_with(rows(8), {{}, {}}) == "mae: normalization: found statistics of 0 channels, expected the model's 1");
}
