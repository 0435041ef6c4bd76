// How good a classifier is when it looks at each image several times: the mean of what it says of several crops.
//
//   accuracy_of_crops(weights, test, normalization, test_crops(10));         // data/evaluation_crop.hpp
//
// What is averaged are probabilities, softmax of the logits (Krizhevsky et al., 2012); the largest mean is the answer,
// of equals the smaller class. n crops cost n times `accuracy`.
#pragma once
#include <vector>

#include <mae/core/math.hpp>
#include <mae/data/evaluation_crop.hpp>
#include <mae/eval/metrics.hpp>
#include <mae/ops/cross_entropy.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// What a classifier says of images, in their order.
struct MeanProbabilities {
  std::vector<double> of;      ///< [n, classes]
  std::vector<Index> numbers;  ///< [n]: the numbers of what was loaded
};

/// The mean over `crops` of the probabilities that the model gives each class of each image. Throws mae::Error if
/// there are no crops or the data do not fit the model.
template <class Model, class Policy>
MeanProbabilities mean_probabilities(const Weights<Model, Policy>& weights, const Images& data,
                                     const Normalization& normalization, const std::vector<Augmentation>& crops,
                                     Index batch = 64) {
  if (crops.empty()) throw Error("crops", "none", "at least one");
  constexpr Index K = Model::classes;
  MeanProbabilities mean{std::vector<double>(static_cast<std::size_t>(data.size() * K)),
                         std::vector<Index>(static_cast<std::size_t>(data.size()))};
  const auto add = [&](const auto& images, const auto& logits) {
    for (Index b = 0; b < images.count(); ++b) {
      const Index i = images.samples[static_cast<std::size_t>(b)];
      mean.numbers[static_cast<std::size_t>(i)] = images.numbers[static_cast<std::size_t>(b)];
      const auto* const row = &logits(b, 0);
      const double normalizer = CrossEntropyOperation::log_sum_exp(row, K);
      for (Index k = 0; k < K; ++k)
        mean.of[static_cast<std::size_t>(i * K + k)] +=
            math::exp(double(row[k]) - normalizer) / static_cast<double>(crops.size());
    }
  };
  for (const Augmentation& crop : crops)
    for_each_result<Program<Model, Policy, Inference>>(weights, data, normalization, batch, add, crop);
  return mean;
}

/// The share of `data` that is classified rightly so, in [0, 1].
template <class Model, class Policy>
double accuracy_of_crops(const Weights<Model, Policy>& weights, const Images& data, const Normalization& normalization,
                         const std::vector<Augmentation>& crops, Index batch = 64) {
  check_classes<Model>(data, "test set");
  const MeanProbabilities mean = mean_probabilities(weights, data, normalization, crops, batch);
  Index right = 0;
  for (Index i = 0; i < data.size(); ++i) {
    const double* const row = mean.of.data() + i * Model::classes;
    Index best = 0;
    for (Index k = 1; k < Model::classes; ++k)
      if (row[k] > row[best]) best = k;
    right += best == data.label(mean.numbers[static_cast<std::size_t>(i)]);
  }
  return static_cast<double>(right) / static_cast<double>(data.size());
}

}  // namespace mae
MAE_PRECISE_END
