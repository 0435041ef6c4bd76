// A pre-training step of any model: what the benchmarks of whole steps and of growing sizes have in common.
//
// Images and masks stay the same from step to step: what is measured is forward, backward and AdamW. Operations are
// counted as the published model does them, whatever we save (we embed only kept patches and predict only hidden
// ones): saved work shows as speed. A multiply and an add are two, products alone are counted, backward is twice
// forward:
//
//    a transformer of width D on N tokens, a block     24 N D² + 4 N² D        of one matrix [R, in] [in, out]  2 R in
//    out patches embedded L, decoder's tokens V + 1 embedded, L + 1 predicted      58.7 GFLOP an image for ViT-B/16
#pragma once
#include <sys/resource.h>

#include <mae/mae.hpp>

#include "../measure.hpp"

namespace mae::benchmark {

/// Operations of a training step, an image.
template <class Model>
constexpr double operations() {
  using Image = typename Model::Image;
  using Encoder = typename Model::EncoderShape;
  using Decoder = typename Model::DecoderShape;
  const auto blocks = [](auto size, double N) {
    const double D = size.width, products = (8 + 4.0 * size.hidden / D) * N * D * D;
    return size.depth * (products + 4 * N * N * D);
  };
  const double L = Image::patches, n = Image::patch_values, V = Model::V, D = Encoder::width, E = Decoder::width;
  const double embedding = 2 * L * n * D + 2 * (V + 1) * D * E, prediction = 2 * (L + 1) * E * n;
  return 3 * (embedding + blocks(Encoder{}, V + 1) + blocks(Decoder{}, L + 1) + prediction);
}

template <class Model, class Policy>
class Trainer {
 public:
  Trainer(Index batch, int threads) : session_(batch, threads), images_(batch), masks_(batch) {
    const RandomStream random(0, Purpose::augment);
    for (Index i = 0; i < images_.size(); ++i) images_.data()[i] = random.uniform(static_cast<std::uint32_t>(i), -1, 1);
    masks_.resize(batch);
    for (Index b = 0; b < batch; ++b) masks_.random(b, 0, 0, static_cast<std::uint64_t>(b));
  }
  void step() {
    session_.step_scaled(1.0, weights_, gradients_, images_, masks_.keep(), masks_.hidden(), masks_.restore());
    optimizer_.step(weights_, gradients_, 1e-4);
  }

 private:
  Weights<Model, Policy> weights_{0}, gradients_;
  AdamW<Model, Policy> optimizer_;
  BatchStep<Program<PretrainingLoss<Model>, Policy>, Model> session_;
  Tensor<float, typename Model::Image::Pixels> images_;
  typename Model::Masks masks_;
};

/// Seconds of a step and the limit beside it: medians of `repetitions` times as many steps as take a tenth of a second.
struct StepTime {
  double seconds, limit;
};
template <class Model, class Policy>
StepTime time_step(Index batch, int threads, int repetitions) {
  Trainer<Model, Policy> trainer(batch, threads);
  trainer.step();
  const int steps = static_cast<int>(0.1 / seconds([&] { trainer.step(); })) + 1;
  std::vector<double> times, limits;
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    limits.push_back(peak<typename Policy::Activation>(threads));
    times.push_back(seconds([&] {
                      for (int i = 0; i < steps; ++i) trainer.step();
                    }) /
                    steps);
  }
  return {median(times), median(limits)};
}

/// A row of `images/s`, with the share of the limit.
template <class Model, class Policy>
Row step_row(const std::string& name, Index batch, int threads, int repetitions) {
  const StepTime time = time_step<Model, Policy>(batch, threads, repetitions);
  const double images = double(batch) / time.seconds;
  Row line = row(name, images, "images/s", threads, images * operations<Model>() / time.limit,
                 limit_name<typename Policy::Activation>());
  line["seconds"] = rounded(time.seconds);
  return line;
}

/// The most memory that this process has held so far, in MiB.
inline double peak_resident() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  return static_cast<double>(use.ru_maxrss) / 1024;
}

}  // namespace mae::benchmark
