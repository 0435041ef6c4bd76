// A whole pre-training step of ViT-B/16 in float: forward, backward and AdamW, as a share of the machine's peak.
//
// Usage: step [batch = 8] [repetitions = 5]. Operations are counted as the published model does them, 58.8 GFLOP an image
// forward and backward, all patches predicted; work that is saved therefore shows as speed. The peak is measured between
// the steps, and medians are reported.
#include <cstdlib>

#include <mae/mae.hpp>

#include "../measure.hpp"

int main(int argc, char** argv) {
  using namespace mae;
  using Model = presets::Base;
  using Policy = Cpu<float>;
  const Index batch = argc > 1 ? std::atoi(argv[1]) : 8;
  const int repetitions = argc > 2 ? std::atoi(argv[2]) : 5, threads = Policy::Threads::count();
  if (batch < 1 || repetitions < 1) return std::fprintf(stderr, "usage: step [batch] [repetitions]\n"), 1;

  Weights<Model, Policy> weights(0), gradients;
  AdamW<Model, Policy> optimizer;
  Session<Program<PretrainingLoss<Model>, Policy>> session(batch);
  Tensor<float, Model::Image::Pixels> images(batch);
  const RandomStream random(0, Purpose::augment);
  for (Index i = 0; i < images.size(); ++i) images.data()[i] = random.uniform(static_cast<std::uint32_t>(i), -1, 1);
  Model::Masks masks(batch);
  masks.resize(batch);
  for (Index b = 0; b < batch; ++b) masks.random(b, 0, 0, static_cast<std::uint64_t>(b));

  auto step = [&] {
    session.step(weights, gradients, images, masks.keep(), masks.hidden(), masks.restore());
    optimizer.step(weights, gradients, 1e-4);
  };
  step();
  std::vector<double> times, peaks;
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    peaks.push_back(benchmark::peak(threads));
    times.push_back(benchmark::seconds(step));
  }
  const double time = benchmark::median(times), peak = benchmark::median(peaks);
  const double operations = 58.8e9 * static_cast<double>(batch);
  std::printf(R"({"name": "ViT-B/16 pre-training step, batch %td, float", "seconds": %.3f, "ours": %.1f, )"
              R"("peak_fraction": %.3f, "unit": "GFLOP/s", "threads": %d})" "\n",
              batch, time, operations / time * 1e-9, operations / time / peak, threads);
}
