// How good a classifier is: the share of images whose largest logit is the right class.
#pragma once
#include <mae/autograd/run/session.hpp>
#include <mae/data/batches.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Throws mae::Error unless `data` is whole, its target is a `Target`, and its classes fit the model.
template <class Model, class Target = Label>
void check_classes(const Images& data, const std::string& subject) {
  data.ensure_valid(subject);
  data.ensure_gives<Target>(subject);
  if (data.classes() == 0) throw Error(subject, "images without labels", "a label for each");
  if (data.classes() > Model::classes)
    throw Error(subject, std::to_string(data.classes()) + " classes",
                "at most the model's " + std::to_string(Model::classes));
}

/// Calls use(batch) for `images` in their order, `batch_size` at a time: for all of them, or for `most` that are evenly
/// spaced. They are looked at as `view` says, by itself the largest box in the middle. Throws mae::Error if they do not
/// fit the model or one cannot be read.
template <class Geometry, class Policy, class Target = NoTarget, class Use>
void for_each_batch(const Images& images, const Normalization& normalization, Index batch_size, const Use& use,
                    Index most = PTRDIFF_MAX, const Augmentation& view = {}) {
  using Threads = typename Policy::Threads;
  check_channels(images, normalization, Geometry::channels, "images");
  validate(view);
  const Index count = images.size() < most ? images.size() : most;
  if (batch_size > count) batch_size = count;
  Batch<Geometry, typename Policy::Accumulator, Target> batch(batch_size);
  for (Index begin = 0; begin < count; begin += batch_size) {
    batch.samples.clear();
    for (Index i = begin; i < count && i < begin + batch_size; ++i) batch.samples.push_back(i * images.size() / count);
    load_batch<Threads>(images, normalization, view, 0, batch, Threads::count());
    use(batch);
  }
}

/// Calls use(batch, result) for the result of `ProgramType`, whose only input is images, on every batch.
template <class ProgramType, class Target = NoTarget, class W, class Use>
void for_each_result(const Weights<W, typename ProgramType::Policy>& weights, const Images& images,
                     const Normalization& normalization, Index batch_size, const Use& use,
                     const Augmentation& view = {}) {
  using Geometry = typename ProgramType::Model::ImageShape;
  check_channels(images, normalization, Geometry::channels, "images");  // before memory is asked for
  Session<ProgramType> session(batch_size < images.size() ? batch_size : images.size());
  for_each_batch<Geometry, typename ProgramType::Policy, Target>(
      images, normalization, batch_size, [&](const auto& batch) { use(batch, session.forward(weights, batch.view())); },
      PTRDIFF_MAX, view);
}

/// The share of `data` that the model classifies rightly, in [0, 1], looked at as `view` says.
template <class Model, class Policy>
double accuracy(const Weights<Model, Policy>& weights, const Images& data, const Normalization& normalization,
                Index batch = 64, const Augmentation& view = {}) {
  check_classes<Model>(data, "test set");
  Index right = 0;
  for_each_result<Program<Model, Policy, Inference>>(
      weights, data, normalization, batch,
      [&](const auto& images, const auto& logits) {
        for (Index b = 0; b < images.count(); ++b) {
          Index best = 0;
          for (Index k = 1; k < Model::classes; ++k)
            if (logits(b, k) > logits(b, best)) best = k;
          right += best == data.label(images.numbers[static_cast<std::size_t>(b)]);
        }
      },
      view);
  return static_cast<double>(right) / static_cast<double>(data.size());
}

}  // namespace mae
MAE_PRECISE_END
