// The machine: its name, its limits on one thread and on all, and the compiler. `machine --threads` says how many.
#include <fstream>

#include "measure.hpp"

namespace {

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  std::string line, name = "unknown processor";
  while (std::getline(file, line))
    if (line.starts_with("model name")) name = line.substr(line.find(": ") + 2);
  return name;
}

double of_seven(const std::function<double()>& measure) {
  std::vector<double> values;
  for (int i = 0; i < 7; ++i) values.push_back(measure());
  return mae::benchmark::median(values);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace mae;
  const int threads = DefaultThreads::count();
  if (argc > 1 && std::string(argv[1]) == "--threads") return std::printf("%d\n", threads), 0;
  const char* set = "";
  isa::dispatch<isa::Best>([&](auto best) { set = decltype(best)::name; });
  benchmark::Row machine = {{"name", "machine"},
                            {"processor", processor()},
                            {"threads", threads},
                            {"instructions", set},
                            {"compiler", __VERSION__}};
  for (const int team : {1, threads}) {
    const std::string suffix = team == 1 ? "_one_thread" : "";
    machine["float_gflops" + suffix] = benchmark::rounded(1e-9 * of_seven([&] { return benchmark::float_peak(team); }));
    machine["bf16_gflops" + suffix] = benchmark::rounded(1e-9 * of_seven([&] { return benchmark::bf16_peak(team); }));
    const benchmark::Bandwidth bandwidth(team);
    machine["memory_gbytes" + suffix] = benchmark::rounded(1e-9 * of_seven([&] { return bandwidth.measure(); }));
    if (threads == 1) break;
  }
  benchmark::print(machine);
}
