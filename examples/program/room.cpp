#include "room.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <tuple>

namespace program {
namespace {

std::string what = "the program", advice = "more memory";

constexpr double any = std::numeric_limits<double>::max();

/// The first number of a small file; without one, as where it says "max", any number will do.
double number_in(const std::string& path) {
  long long number = 0;
  return std::ifstream(path) >> number ? static_cast<double>(number) : any;
}

/// The least limit of the group at `path` below `mount` and of those that it lies in.
double group_limit(const std::string& mount, std::string path, const char* file) {
  double least = any;
  for (;;) {
    least = std::fmin(least, number_in(mount + path + "/" + file));
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return least;
    path.resize(slash);
  }
}

/// Of all control groups of this process, of both versions. A line is "4:cpu,memory:/a/b" or, unified, "0::/a/b".
double groups_limit(const std::string& system) {
  double least = any;
  std::ifstream groups(system + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string path = line.substr(second + 1), mount = system + "/sys/fs/cgroup";
    if (controllers == ",,")
      for (const char* const place : {"", "/unified"})
        least = std::fmin(least, group_limit(mount + place, path, "memory.max"));
    if (controllers.find(",memory,") != std::string::npos)
      least = std::fmin(least, group_limit(mount + "/memory", path, "memory.limit_in_bytes"));
  }
  return least;
}

/// Memory and swap of the machine.
double machine_memory(const std::string& system) {
  double bytes = 0;
  std::ifstream about(system + "/proc/meminfo");
  for (std::string line; std::getline(about, line);)
    for (const std::string key : {"MemTotal:", "SwapTotal:"})
      if (line.starts_with(key)) bytes += 1024 * static_cast<double>(std::atoll(line.c_str() + key.size()));
  return bytes > 0 ? bytes : any;
}

}  // namespace

Room memory_room(const std::string& system) {
  double pages[6] = {};  // of this process: all, resident, shared, code, 0, data
  std::ifstream used(system + "/proc/self/statm");
  for (double& count : pages)
    if (long long number = 0; used >> number) count = static_cast<double>(number);
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  Room least{any, "this machine"};
  auto limit = [&](double bytes, double taken, const char* by) {
    if (const double left = std::fmax(0, bytes - taken * page); left < least.bytes) least = {left, by};
  };
  limit(machine_memory(system), pages[1], "this machine");
  limit(groups_limit(system), pages[1], "its control group");
  for (const auto& [which, taken, by] : {std::tuple{RLIMIT_AS, pages[0], "ulimit -v"},
                                         std::tuple{RLIMIT_DATA, pages[5], "ulimit -d"}}) {
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
