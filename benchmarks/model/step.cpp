// A whole pre-training step, forward, backward and AdamW, of the models below: images a second, share of the machine's
// peak, and the most memory that the process held.
//
// Usage: step MODEL TYPE BATCH [threads = all] [repetitions = 5] [PEERS]. PEERS is a file of JSON lines that
// `pytorch.py` has written: a line is printed for each of its measurements of the same step. One process measures one
// step, so that its memory is its own. The program `step_plain` is the same source, compiled with -O2 for any x86-64.
#include <fstream>

#include "training.hpp"

namespace {

using namespace mae;
using benchmark::Row;

using Vit = presets::Base;
using Tiny32 = MaskedAutoencoder<ImageShape<3, 32, 32, 4>, Transformer<192, 12, 3>, Transformer<96, 4, 3>>;
using Digits8 = MaskedAutoencoder<ImageShape<1, 8, 8, 2>, Transformer<64, 4, 4>, Transformer<32, 2, 2>>;

struct Known {
  const char *model, *type;
  Row (*measure)(const std::string& name, Index batch, int threads, int repetitions);
};

/// Every model in one precision, if we have it.
template <class T>
void add_models(const char* type, std::vector<Known>& known) {
  using Policy = Cpu<T>;
  if constexpr (Kernels<Policy>::available) {
    known.push_back({"vit-base-224", type, benchmark::step_row<Vit, Policy>});
    known.push_back({"tiny-32", type, benchmark::step_row<Tiny32, Policy>});
    known.push_back({"digits-8", type, benchmark::step_row<Digits8, Policy>});
  }
}

void print_with_peers(Row line, const std::string& peers) {
  bool alone = true;
  std::ifstream file(peers);
  for (std::string text; std::getline(file, text);) {
    const Row peer = Row::parse(text);
    if (peer.value("model", "") != line["model"] || peer["type"] != line["type"] || peer["batch"] != line["batch"] ||
        peer["threads"] != line["threads"])
      continue;
    Row both = benchmark::against(line, peer["peer_name"], peer["peer"]);
    both["peer_peak_resident_mib"] = peer["peak_resident_mib"];
    benchmark::print(both);
    alone = false;
  }
  if (alone) benchmark::print(line);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<Known> known;
  add_models<float>("float", known);
  add_models<bf16>("bf16", known);
  const std::string model = argc > 1 ? argv[1] : "", type = argc > 2 ? argv[2] : "";
  const Index batch = argc > 3 ? std::atoi(argv[3]) : 0;
  const int threads = argc > 4 ? std::atoi(argv[4]) : DefaultThreads::count();
  const int repetitions = argc > 5 ? std::atoi(argv[5]) : 5;
  const auto chosen = std::find_if(known.begin(), known.end(),
                                   [&](const Known& one) { return one.model == model && one.type == type; });
  if (chosen == known.end() || batch < 1 || threads < 1 || repetitions < 1) {
    std::fprintf(stderr, "usage: step MODEL TYPE BATCH [threads] [repetitions] [peers]; known:\n");
    for (const Known& one : known) std::fprintf(stderr, "  %s %s\n", one.model, one.type);
    return 1;
  }
  DefaultThreads::limit(threads);
  try {
    Row line = chosen->measure("step " + model + ", batch " + std::to_string(batch) + ", " + type, batch, threads,
                               repetitions);
    line["model"] = model, line["type"] = type, line["batch"] = batch;
    line["peak_resident_mib"] = benchmark::rounded(benchmark::peak_resident());
    if (std::string(MAE_FLAGS).size()) line["flags"] = MAE_FLAGS;
    print_with_peers(line, argc > 6 ? argv[6] : "");
  } catch (const std::exception& error) { return std::fprintf(stderr, "%s\n", error.what()), 1; }
}
