// What a pre-training step needs in memory, as planned and as the process has it, and what saving memory costs in time.
//
// Usage: memory base|digits keep-all|recompute-cheap|checkpoint-blocks after|during [batch = 8] [steps = 3]. A process
// measures one choice, since its high-water mark never falls. `during` updates weights in the backward pass, without
// memory for gradients. Planned are weights, gradients, both moments of AdamW and the block of the session; resident is
// the process at its highest, and `before` what it had when all threads had started: code, libraries, stacks.
//
// ViT-B/16 in float, a step of 8 images, in megabytes of the whole process, of which weights and
// moments are 1,343:
//
//                          after   during   time
//     KeepAll              2,488    2,050   1
//     RecomputeCheap       2,215    1,777   1.03
//     CheckpointBlocks     1,940    1,502   1.35
#include <cstdlib>
#include <string>

#include <mae/optim/in_backward.hpp>

#include "on_cpu.hpp"
#include "step.hpp"

namespace {

using namespace mae;
using Policy = Cpu<float>;

template <class Model, class Recompute, class Updates>
void measure(const std::string& name, Index batch, int steps) {
  const int threads = Policy::Threads::count();
  benchmark::peak<float>(threads);  // starts the threads
  const double before = benchmark::peak_resident() * (1 << 20);
  benchmark::Trainer<Model, Policy, benchmark::Choice<Recompute, Updates>> trainer(batch, threads);
  trainer.steps(1);
  std::vector<double> times, peaks;
  for (int k = 0; k < steps; ++k) {
    peaks.push_back(benchmark::peak<float>(threads));
    times.push_back(benchmark::seconds([&] { trainer.steps(1); }));
  }
  const double resident = benchmark::peak_resident() * (1 << 20);
  const double planned = static_cast<double>(trainer.planned_bytes());
  const double seconds = benchmark::median(times);
  std::printf(R"({"name": "%s, batch %jd", "weights_mb": %.1f, "gradients_mb": %.1f, "planned_mb": %.1f, )"
              R"("resident_mb": %.1f, "before_mb": %.1f, "resident_over_planned": %.3f, "seconds": %.4f, )"
              R"("peak_teraflop": %.3f, "threads": %d})" "\n",
              name.c_str(), batch, static_cast<double>(trainer.weight_bytes()) * 1e-6,
              static_cast<double>(trainer.gradient_bytes()) * 1e-6, planned * 1e-6, resident * 1e-6, before * 1e-6,
              (resident - before) / planned, seconds, seconds * benchmark::median(peaks) * 1e-12, threads);
}

template <class Model, class Recompute>
bool choose(const std::string& name, const std::string& updates, Index batch, int steps) {
  if (updates == "after") return measure<Model, Recompute, AfterBackward>(name, batch, steps), true;
  if constexpr (weights_size<Model> > 4000000)  // a small model is worked in lanes, which need their gradients
    if (updates == "during") return measure<Model, Recompute, InBackward>(name, batch, steps), true;
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
    done = choose<benchmark::Vit>(memory, updates, batch, steps, "ViT-B/16");
  if (batch >= 1 && steps >= 1 && model == "digits")
    done = choose<benchmark::Digits8>(memory, updates, batch, steps, "digits");
  if (!done)
    std::fprintf(stderr, "usage: memory base|digits keep-all|recompute-cheap|checkpoint-blocks after|during [batch] "
                         "[steps]; digits, a small model, only after\n");
  return done ? 0 : 1;
}
