// A whole pre-training step, forward, backward and AdamW, of the models below: images a second, share of the machine's
// peak, and the most memory that the process held.
//
// Usage: step MODEL TYPE[-lean] BATCH [threads = all] [repetitions = 5] [PEERS]. PEERS is a file of JSON lines that
// `pytorch.py` has written: a line is printed for each of its measurements of the same step. One process measures one
// step, so that its memory is its own. `lean` takes the choices that save memory at nearly no cost in time: cheap
// results are computed again, weights updated in the backward pass. The program `step_plain` is the same source,
// compiled with -O2 for any x86-64.
#include "on_cpu.hpp"
#include "step.hpp"

namespace {

using namespace mae;
using benchmark::Row;

template <class Model, class Policy, class Chosen = benchmark::Usual>
Row measure(const std::string& name, Index batch, int threads, int repetitions) {
  Row line = benchmark::step_row<Model, Policy, Chosen>(name, batch, threads, repetitions);
  line["peak_resident_mib"] = benchmark::rounded(benchmark::peak_resident());
  if (std::string(MAE_FLAGS).size()) line["flags"] = MAE_FLAGS;
  return line;
}

/// Every model in one precision, if we have it. What has been compiled with other flags shows them in float.
template <class T>
void add_models(const char* type, std::vector<benchmark::Known>& known) {
  using Policy = Cpu<T>;
  constexpr bool usual_flags = sizeof(MAE_FLAGS) == 1;
  if constexpr (Kernels<Policy>::available && (usual_flags || std::is_same_v<T, float>)) {
    known.push_back({"vit-base-224", type, measure<benchmark::Vit, Policy>});
    if constexpr (usual_flags)
      known.push_back({"vit-base-224", type, measure<benchmark::Vit, Policy, benchmark::Lean>, "lean"});
    known.push_back({"tiny-32", type, measure<benchmark::Tiny32, Policy>});
    known.push_back({"digits-8", type, measure<benchmark::Digits8, Policy>});
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<benchmark::Known> known;
  add_models<float>("float", known);
  add_models<bf16>("bf16", known);
  return benchmark::measure_step(known, argc, argv);
}
