// How good a classifier is: the share of images whose largest logit is the right class.
#pragma once
#include <mae/autograd/session.hpp>
#include <mae/data/batches.hpp>

namespace mae {

/// Throws mae::Error unless `data` is whole and its labels fit the model.
template <class Model>
void check_classes(const Dataset& data, const std::string& subject) {
  validate(data, subject);
  if (data.labels.empty()) throw Error(subject, "images without labels", "a label for each");
  if (data.classes > Model::classes)
    throw Error(subject, std::to_string(data.classes) + " classes",
                "at most the model's " + std::to_string(Model::classes));
}

/// Calls use(begin, batch, result) for the result of `ProgramType` on every batch of images of `data`, not augmented.
template <class ProgramType, class W, class Use>
void for_each_batch(const Weights<W, typename ProgramType::Policy>& weights, const Dataset& data,
                    const Normalization& normalization, Index batch, const Use& use) {
  using Geometry = typename ProgramType::Model::Image;
  check_channels(data, normalization, Geometry::channels, "images");
  if (batch > data.size()) batch = data.size();
  Session<ProgramType> session(batch);
  Tensor<typename ProgramType::Policy::Activation, typename Geometry::Pixels> images(batch);
  std::vector<Index> samples(static_cast<std::size_t>(batch));
  for (Index begin = 0; begin < data.size(); begin += batch) {
    const Index count = data.size() - begin < batch ? data.size() - begin : batch;
    samples.resize(static_cast<std::size_t>(count));
    for (Index b = 0; b < count; ++b) samples[static_cast<std::size_t>(b)] = begin + b;
    load_batch<Geometry, typename ProgramType::Policy::Threads>(data, samples, normalization, {}, 0, 0, images.data(),
                                                                session.threads());
    use(begin, count, session.forward(weights, images.view().slice(0, count)));
  }
}

/// The share of `data` that the model classifies rightly, in [0, 1].
template <class Model, class Policy>
double accuracy(const Weights<Model, Policy>& weights, const Dataset& data, const Normalization& normalization,
                Index batch = 64) {
  check_classes<Model>(data, "test set");
  Index right = 0;
  for_each_batch<Program<Model, Policy, Inference>>(
      weights, data, normalization, batch, [&](Index begin, Index count, const auto& logits) {
        for (Index b = 0; b < count; ++b) {
          Index best = 0;
          for (Index k = 1; k < Model::classes; ++k)
            if (logits(b, k) > logits(b, best)) best = k;
          right += best == data.labels[static_cast<std::size_t>(begin + b)];
        }
      });
  return static_cast<double>(right) / static_cast<double>(data.size());
}

}  // namespace mae
