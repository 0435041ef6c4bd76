// What a pre-training step needs in memory, as planned and as the process has it, and what saving memory costs in time.
//
// Usage: memory base|digits keep-all|recompute-cheap|checkpoint-blocks after|during [batch = 8] [steps = 3]. A process
// measures one choice, since its high-water mark never falls. `during` updates weights in the backward pass, without
// memory for gradients. Planned are weights, gradients, both moments of AdamW and the block of the session; resident is
// the process at its highest, and `before` what it had when all threads had started: code, libraries, stacks.
#include <cstdlib>
#include <string>

#include <sys/resource.h>

#include <mae/mae.hpp>

#include "../measure.hpp"

namespace {

using namespace mae;
using Policy = Cpu<float>;
using Digits = MaskedAutoencoder<ImageShape<1, 8, 8, 2>, Transformer<64, 4, 4>, Transformer<32, 2, 2>>;

/// The most that this process has had in memory, in bytes.
double most_resident() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return 1024.0 * static_cast<double>(usage.ru_maxrss);
}

/// One way to train: `once()` is a step, `gradient_bytes()` what it keeps of gradients.
template <class Model, class Memory, class Updates>
class Training {
 public:
  using Step = BatchStep<Program<PretrainingLoss<Model>, Policy, Memory>, Model>;

  explicit Training(Index batch) : step_(batch), images_(batch), masks_(batch) {
    const RandomStream random(0, Purpose::augment);
    for (Index i = 0; i < images_.size(); ++i)
      images_.data()[i] = random.uniform(static_cast<std::uint32_t>(i), -1, 1);
    masks_.resize(batch);
    for (Index b = 0; b < batch; ++b) masks_.random(b, 0, 0, static_cast<std::uint64_t>(b));
  }
  void once() {
    constexpr double rate = 1e-4;
    if constexpr (Updates::at_once) gradients_.begin(rate);
    step_.step_scaled(1, weights_, gradients_, images_, masks_.keep(), masks_.hidden(), masks_.restore());
    if constexpr (Updates::at_once) gradients_.finish();
    else optimizer_.step(weights_, gradients_, rate);
  }
  Index weight_bytes() const { return weights_.size() * Index{sizeof(float)}; }
  Index gradient_bytes() const {
    if constexpr (Updates::at_once) return gradients_.bytes();
    else return weight_bytes();
  }
  Index planned() const {
    return 3 * weight_bytes() + gradient_bytes() + Step::bytes(step_.capacity(), step_.threads());
  }

 private:
  using Gradients = typename Updates::template Gradients<Model, Policy>;
  Gradients make_gradients() {
    if constexpr (Updates::at_once) return {optimizer_, weights_, largest_gradient(Step::Program::graph)};
    else return {};
  }

  Weights<Model, Policy> weights_{0};
  AdamW<Model, Policy> optimizer_;
  Gradients gradients_ = make_gradients();
  Step step_;
  Tensor<float, typename Model::Image::Pixels> images_;
  typename Model::Masks masks_;
};

template <class Model, class Memory, class Updates>
void measure(const std::string& name, Index batch, int steps) {
  const int threads = Policy::Threads::count();
  benchmark::peak<float>(threads);  // starts the threads
  const double before = most_resident();
  Training<Model, Memory, Updates> training(batch);
  training.once();
  std::vector<double> times, peaks;
  for (int k = 0; k < steps; ++k) {
    peaks.push_back(benchmark::peak<float>(threads));
    times.push_back(benchmark::seconds([&] { training.once(); }));
  }
  const double resident = most_resident(), planned = static_cast<double>(training.planned());
  const double seconds = benchmark::median(times);
  std::printf(R"({"name": "%s, batch %td", "weights_mb": %.1f, "gradients_mb": %.1f, "planned_mb": %.1f, )"
              R"("resident_mb": %.1f, "before_mb": %.1f, "resident_over_planned": %.3f, "seconds": %.4f, )"
              R"("peak_teraflop": %.3f, "threads": %d})" "\n",
              name.c_str(), batch, static_cast<double>(training.weight_bytes()) * 1e-6,
              static_cast<double>(training.gradient_bytes()) * 1e-6, planned * 1e-6, resident * 1e-6, before * 1e-6,
              (resident - before) / planned, seconds, seconds * benchmark::median(peaks) * 1e-12, threads);
}

template <class Model, class Memory>
bool choose(const std::string& name, const std::string& updates, Index batch, int steps) {
  if (updates == "after") return measure<Model, Memory, AfterBackward>(name, batch, steps), true;
  if constexpr (weights_size<Model> > 4000000)  // a small model is worked in lanes, which need their gradients
    if (updates == "during") return measure<Model, Memory, DuringBackward>(name, batch, steps), true;
  return false;
}
template <class Model>
bool choose(const std::string& memory, const std::string& updates, Index batch, int steps, std::string name) {
  name += ", " + memory + ", updates " + updates + " backward";
  if (memory == "keep-all") return choose<Model, KeepAll>(name, updates, batch, steps);
  if (memory == "recompute-cheap") return choose<Model, RecomputeCheap>(name, updates, batch, steps);
  if (memory == "checkpoint-blocks") return choose<Model, CheckpointBlocks>(name, updates, batch, steps);
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string model = argc > 3 ? argv[1] : "", memory = argc > 3 ? argv[2] : "", updates = argc > 3 ? argv[3] : "";
  const Index batch = argc > 4 ? std::atoi(argv[4]) : 8;
  const int steps = argc > 5 ? std::atoi(argv[5]) : 3;
  bool done = false;
  if (batch >= 1 && steps >= 1 && model == "base")
    done = choose<presets::Base>(memory, updates, batch, steps, "ViT-B/16");
  if (batch >= 1 && steps >= 1 && model == "digits") done = choose<Digits>(memory, updates, batch, steps, "digits");
  if (!done)
    std::fprintf(stderr, "usage: memory base|digits keep-all|recompute-cheap|checkpoint-blocks after|during [batch] "
                         "[steps]; digits, a small model, only after\n");
  return done ? 0 : 1;
}
