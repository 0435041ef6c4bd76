// A whole pre-training step on an NVIDIA GPU: images a second, share of what large products reach, memory on the GPU.
//
// Usage: cuda_step MODEL TYPE BATCH [threads] [repetitions = 5] [PEERS], as of model/step.cpp; the threads are those of
// the program, which starts kernels from one. Memory is what the GPU has less when everything that steps need is there.
// Images and masks travel to the GPU in every step, as in training.
#include <mae/mae.cuh>

#include "../model/step.hpp"
#include "limits.cuh"

namespace {

using namespace mae;
using benchmark::Row;

/// Runs of a second: what the first step of a run has to wait for is then little.
template <class Model, class Element>
Row measure(const std::string& name, Index batch, int threads, int repetitions) {
  cuda::Runtime::get();  // says so where there is no GPU
  const double bandwidth = benchmark::copied_bytes_per_second();
  benchmark::SquareProducts<Element> products;
  const double free = benchmark::free_bytes();
  benchmark::Trainer<Model, Cuda<Element>> trainer(batch, threads);
  const double taken = free - benchmark::free_bytes();
  const auto time = benchmark::time_step(trainer, repetitions, 1.0, [&] { return products.measure(); });
  Row line = benchmark::step_row<Model>(name, batch, threads, time, "large products");
  line["device"] = benchmark::gpu_name();
  line["device_mib"] = benchmark::rounded(taken / (1 << 20));
  line["peak_tflops"] = benchmark::rounded(time.limit * 1e-12);
  line["memory_gbytes"] = benchmark::rounded(bandwidth * 1e-9);
  return line;
}

/// Every model in one precision.
template <class Element>
void add_models(const char* type, std::vector<benchmark::Known>& known) {
  known.push_back({"vit-base-224", type, measure<benchmark::Vit, Element>});
  known.push_back({"vit-large-224", type, measure<benchmark::VitLarge, Element>});
  known.push_back({"digits-8", type, measure<benchmark::Digits8, Element>});
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<benchmark::Known> known;
  add_models<float>("float", known);
  add_models<tf32>("tf32", known);
  add_models<bf16>("bf16", known);
  return benchmark::measure_step(known, argc, argv);
}
