// What the programs that measure one step have in common: models by name, a command line, and the peers' lines.
//
// A program gives a table of `Known`: each entry measures a step of one model in one type, on its device. It prints one
// line, or one for each line of a file that `pytorch.py` has written of the same step.
#pragma once
#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "training.hpp"

namespace mae::benchmark {

using Vit = presets::Base;
using VitLarge = presets::Large;
using Tiny32 = MaskedAutoencoder<ImageShape<3, 32, 32, 4>, Transformer<192, 12, 3>, Transformer<96, 4, 3>>;
using Digits8 = MaskedAutoencoder<ImageShape<1, 8, 8, 2>, Transformer<64, 4, 4>, Transformer<32, 2, 2>>;

/// `variant`, if any, is said on the command line as TYPE-VARIANT.
struct Known {
  const char *model, *type;
  Row (*measure)(const std::string& name, Index batch, int threads, int repetitions);
  std::string variant = "";

  std::string choice() const { return variant.empty() ? type : type + ("-" + variant); }
};

/// True if both lines say the same of `key`, or nothing.
inline bool agree(const Row& a, const Row& b, const char* key) { return a.value(key, Row()) == b.value(key, Row()); }

/// The line, once for each measurement of the same step in the file `peers`.
inline void print_with_peers(const Row& line, const std::string& peers) {
  bool alone = true;
  std::ifstream file(peers);
  for (std::string text; std::getline(file, text);) {
    const Row peer = Row::parse(text);
    const char* const keys[] = {"model", "type", "batch", "threads", "device"};
    if (!std::all_of(std::begin(keys), std::end(keys), [&](const char* key) { return agree(line, peer, key); }))
      continue;
    Row both = against(line, peer["peer_name"], peer["peer"]);
    for (const char* memory : {"peak_resident_mib", "device_mib"})
      if (line.contains(memory)) both[std::string("peer_") + memory] = peer[memory];
    print(both);
    alone = false;
  }
  if (alone) print(line);
}

/// The program: MODEL TYPE BATCH [threads] [repetitions] [PEERS].
inline int measure_step(const std::vector<Known>& known, int argc, char** argv) {
  const std::string model = argc > 1 ? argv[1] : "", type = argc > 2 ? argv[2] : "";
  const Index batch = argc > 3 ? std::atoi(argv[3]) : 0;
  const int threads = argc > 4 ? std::atoi(argv[4]) : DefaultThreads::count();
  const int repetitions = argc > 5 ? std::atoi(argv[5]) : 5;
  const auto chosen = std::find_if(known.begin(), known.end(),
                                   [&](const Known& one) { return one.model == model && one.choice() == type; });
  if (chosen == known.end() || batch < 1 || threads < 1 || repetitions < 1) {
    std::fprintf(stderr, "usage: %s MODEL TYPE BATCH [threads] [repetitions] [peers]; known:\n", argv[0]);
    for (const Known& one : known) std::fprintf(stderr, "  %s %s\n", one.model, one.choice().c_str());
    return 1;
  }
  DefaultThreads::limit(threads);
  try {
    Row line = chosen->measure("step " + model + ", batch " + std::to_string(batch) + ", " + chosen->type, batch,
                               threads, repetitions);
    line["model"] = model, line["type"] = chosen->type, line["batch"] = batch;
    if (!chosen->variant.empty()) line["variant"] = chosen->variant;
    print_with_peers(line, argc > 6 ? argv[6] : "");
  } catch (const std::exception& error) { return std::fprintf(stderr, "%s\n", error.what()), 1; }
  return 0;
}

}  // namespace mae::benchmark
