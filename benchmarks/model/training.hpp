// A training step of any model: what the benchmarks of whole steps and of growing sizes have in common.
//
// Images and masks, or boxes, stay the same from step to step: what is measured is forward, backward and AdamW. Operations are
// counted as the published model does them, whatever we save (we embed only kept patches and predict only hidden
// ones): saved work shows as speed. A multiply and an add are two, products alone are counted, backward is twice
// forward:
//
//    a transformer of width D on N tokens, a block     24 N D² + 4 N² D        of one matrix [R, in] [in, out]  2 R in
//    out patches embedded L, decoder's tokens V + 1 embedded, L + 1 predicted      58.7 GFLOP an image for ViT-B/16
//
// A run of steps is started ahead as far as the library allows, and its time ends with the last of them: beside a GPU
// the program does not wait inside a step, and a loss is looked at while the next step runs, as in training
// (train/loop.hpp). What is measured on which device is said elsewhere: on_cpu.hpp, cuda/step.cu.
#pragma once
#include <mae/autograd/run/batch_step.hpp>
#include <mae/model/presets.hpp>
#include <mae/optim/in_backward.hpp>
#include <mae/train/loop.hpp>

#include "../row.hpp"

namespace mae::benchmark {

/// Operations of a training step, an image.
template <class Model>
constexpr double operations() {
  using ImageShape = typename Model::ImageShape;
  using Encoder = typename Model::EncoderShape;
  using Decoder = typename Model::DecoderShape;
  const auto blocks = [](auto size, double N) {
    const double D = size.width, products = (8 + 4.0 * size.hidden / D) * N * D * D;
    return size.depth * (products + 4 * N * N * D);
  };
  const double L = ImageShape::patches, n = ImageShape::patch_values, V = Model::V, D = Encoder::width,
               E = Decoder::width;
  const double embedding = 2 * L * n * D + 2 * (V + 1) * D * E, prediction = 2 * (L + 1) * E * n;
  return 3 * (embedding + blocks(Encoder{}, V + 1) + blocks(Decoder{}, L + 1) + prediction);
}

/// What a trainer keeps, and when it updates weights: as the library does unless it is told otherwise, and with the
/// least memory that costs nearly no time.
template <class RecomputeType, class UpdatesType>
struct Choice {
  using Recompute = RecomputeType;
  using Updates = UpdatesType;
};
using Usual = Choice<KeepAll, AfterBackward>;
using Lean = Choice<RecomputeCheap, InBackward>;

/// Random images.
template <class Model>
auto random_images(Index batch) {
  Tensor<float, typename Model::ImageShape::Pixels> images(batch);
  const RandomStream random(0, Purpose::augment);
  for (Index i = 0; i < images.size(); ++i) images.data()[i] = random.uniform(static_cast<std::uint32_t>(i), -1, 1);
  return images;
}

/// What pre-training is given: random images and masks.
template <class Model>
class MaskedImages {
 public:
  using Loss = PretrainingLoss<Model>;
  explicit MaskedImages(Index batch) : images_(random_images<Model>(batch)), masks_(batch) {
    masks_.resize(batch);
    for (Index b = 0; b < batch; ++b) masks_.random(b, 0, 0, static_cast<std::uint64_t>(b));
  }
  auto views() const { return std::tuple(images_.view(), masks_.keep(), masks_.hidden(), masks_.restore()); }

 private:
  Tensor<float, typename Model::ImageShape::Pixels> images_;
  typename Model::Masks masks_;
};

/// Everything that steps need. `Data` has the module of a loss and what it is given.
template <class Model, class Policy, class Chosen = Usual, class Data = MaskedImages<Model>>
class Trainer {
 public:
  Trainer(Index batch, int threads) : session_(batch, threads), data_(batch) {}
  /// Makes so many steps, the next one begun before the last one is looked at.
  void steps(int count) {
    int unfinished = 0;
    for (int i = 0; i < count; ++i) {
      if (unfinished == most_started) finish(), --unfinished;
      start(), ++unfinished;
    }
    for (; unfinished > 0; --unfinished) finish();
  }
  /// Steps after which nothing is done for the first time: as many as may be on their way have places of their own, and
  /// what is recorded to be repeated runs once before.
  static constexpr int warm_up() { return 2 * most_started; }

  /// Bytes of the weights (and of either moment of AdamW), of gradients, and of all that a step needs, as planned.
  Index weight_bytes() const { return weights_.size() * Index{sizeof(typename Policy::Parameter)}; }
  Index gradient_bytes() const {
    if constexpr (in_backward) return gradients_.bytes();
    else return weight_bytes();
  }
  Index planned_bytes() const {
    return 3 * weight_bytes() + gradient_bytes() + Step::bytes(session_.capacity(), session_.threads());
  }

 private:
  using Step = BatchStep<Program<typename Data::Loss, Policy, typename Chosen::Recompute>, Model>;
  using Gradients = typename Chosen::Updates::template Gradients<Model, Policy>;
  static constexpr bool in_backward = Chosen::Updates::in_backward;
  static constexpr int most_started = Step::ahead > 0 ? int{Step::ahead} : 1;
  static constexpr double rate = 1e-4;

  void start() {
    if constexpr (in_backward) gradients_.begin(rate);
    std::apply([&](const auto&... views) { session_.start(1.0, weights_, gradients_, views...); }, data_.views());
    if constexpr (in_backward) gradients_.end();
    else optimizer_.start(weights_, gradients_, rate);
  }
  void finish() {
    session_.finish();
    if constexpr (in_backward) gradients_.settle();
    else optimizer_.finish();
  }
  Gradients make_gradients() {
    if constexpr (in_backward) return {optimizer_, weights_, largest_gradient(Step::Program::graph)};
    else return {};
  }

  Weights<Model, Policy> weights_{0};
  AdamW<Model, Policy> optimizer_;
  Gradients gradients_ = make_gradients();
  Step session_;
  Data data_;
};

/// Seconds of a step and the limit beside it: medians of `repetitions` runs of steps that take about `run` seconds, and
/// of what `limit()` finds before each.
struct StepTime {
  double seconds, limit;
};
template <class Trainer, class Limit>
StepTime time_step(Trainer& trainer, int repetitions, double run, const Limit& limit) {
  trainer.steps(trainer.warm_up());
  const int steps = static_cast<int>(run / seconds([&] { trainer.steps(1); })) + 1;
  std::vector<double> times, limits;
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    limits.push_back(limit());
    times.push_back(seconds([&] { trainer.steps(steps); }) / steps);
  }
  return {median(times), median(limits)};
}

/// A row of `images/s`, with the share of the limit, whose name is `limit`, by the operations an image.
inline Row images_row(const std::string& name, Index batch, int threads, const StepTime& time, const char* limit,
                      double operations) {
  const double images = double(batch) / time.seconds;
  Row line = row(name, images, "images/s", threads, images * operations / time.limit, limit);
  line["seconds"] = rounded(time.seconds);
  return line;
}
/// The same for a step of pre-training.
template <class Model>
Row step_row(const std::string& name, Index batch, int threads, const StepTime& time, const char* limit) {
  return images_row(name, batch, threads, time, limit, operations<Model>());
}

}  // namespace mae::benchmark
