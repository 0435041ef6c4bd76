#include "room.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <tuple>

#include <mae/backend/processors.hpp>

namespace program {
namespace {

std::string what = "the program", advice = "more memory";

constexpr double any = std::numeric_limits<double>::max();

/// The limit that a file of one control group names; any if it says "max" or is not there.
double limit_of(const std::string& path) {
  const std::string text = mae::detail::text_of(path);
  char* end = nullptr;
  const long long number = std::strtoll(text.c_str(), &end, 10);
  return end == text.c_str() ? any : static_cast<double>(number);
}

/// The least limit of the control groups of this process.
double groups_limit(const std::string& system) {
  double least = any;
  mae::detail::each_control_group("memory", system, [&](const std::string& folder, bool unified) {
    least = std::fmin(least, limit_of(folder + (unified ? "/memory.max" : "/memory.limit_in_bytes")));
  });
  return least;
}

/// Memory and swap of the machine.
double machine_memory(const std::string& system) {
  double bytes = 0;
  for (std::string lines = mae::detail::text_of(system + "/proc/meminfo"); !lines.empty();) {
    const std::string line = mae::detail::take_until(lines, "\n");
    for (const std::string key : {"MemTotal:", "SwapTotal:"})
      if (line.starts_with(key)) bytes += 1024 * static_cast<double>(std::atoll(line.c_str() + key.size()));
  }
  return bytes > 0 ? bytes : any;
}

}  // namespace

Room memory_room(const std::string& system) {
  double pages[6] = {};  // of this process: all, resident, shared, code, 0, data
  std::string used = mae::detail::text_of(system + "/proc/self/statm");
  for (double& count : pages) count = static_cast<double>(std::atoll(mae::detail::take_until(used, " ").c_str()));
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  Room least{any, "this machine"};
  auto limit = [&](double bytes, double taken, const char* by) {
    if (const double left = std::fmax(0, bytes - taken * page); left < least.bytes) least = {left, by};
  };
  limit(machine_memory(system), pages[1], "this machine");
  limit(groups_limit(system), pages[1], "its control group");
  for (const auto& [which, taken, by] :
       {std::tuple{RLIMIT_AS, pages[0], "ulimit -v"}, std::tuple{RLIMIT_DATA, pages[5], "ulimit -d"}}) {
    struct rlimit most {};
    if (getrlimit(which, &most) == 0 && most.rlim_cur != RLIM_INFINITY)
      limit(static_cast<double>(most.rlim_cur), taken, by);
  }
  return least;
}

void memory_for(const std::string& purpose, const std::string& otherwise) {
  what = purpose;
  advice = otherwise;
}
void too_little_memory() {
  std::fprintf(stderr, "mae: memory: found too little for %s, expected room for it; %s\n", what.c_str(),
               advice.c_str());
}

}  // namespace program
