// room FOLDER: what memory a process may have, on machines that are written down in FOLDER.
#include <framework/room.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace {

int failures = 0;

void write(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << text;
}
void check(const std::string& system, double bytes, const std::string& by) {
  const program::Room room = program::memory_room(system);
  if (room.bytes == bytes && room.by == by) return;
  std::printf("%s: found %.0f by %s, expected %.0f by %s\n", system.c_str(), room.bytes, room.by.c_str(), bytes,
              by.c_str());
  ++failures;
}

}  // namespace

int main(int, char** words) {
  const std::string folder = words[1];
  std::filesystem::remove_all(folder);
  const std::string plain = folder + "/plain", unified = folder + "/unified", hybrid = folder + "/hybrid",
                    old = folder + "/old";
  const std::string memory = "MemTotal:       2000 kB\nMemFree:  10 kB\nSwapTotal:  500 kB\n";
  for (const std::string& system : {plain, unified, hybrid, old}) write(system + "/proc/meminfo", memory);
  check(plain, 2500 * 1024, "this machine");

  // The least of all groups that lie around this one, and what the process has already is not left.
  const std::string mounted = "/proc/self/mountinfo";
  write(unified + mounted, "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  write(hybrid + mounted, "30 24 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  write(old + mounted, "30 24 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  write(unified + "/proc/self/cgroup", "0::/a/b/c\n");
  write(unified + "/sys/fs/cgroup/a/b/c/memory.max", "max\n");
  write(unified + "/sys/fs/cgroup/a/b/memory.max", "1000000\n");
  write(unified + "/sys/fs/cgroup/a/memory.max", "2000000\n");
  check(unified, 1000000, "its control group");
  write(unified + "/proc/self/statm", "9 10 3 1 0 2 0\n");
  check(unified, 1000000 - 10 * static_cast<double>(::sysconf(_SC_PAGESIZE)), "its control group");
  // In a container the group is the root of what can be seen.
  write(hybrid + "/proc/self/cgroup", "4:memory:/\n0::/\n");
  write(hybrid + "/sys/fs/cgroup/unified/memory.max", "700000\n");
  check(hybrid, 700000, "its control group");
  write(old + "/proc/self/cgroup", "9:name=systemd:/x\n5:cpu,memory:/docker/1\n");
  write(old + "/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write(old + "/sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "5000\n");
  check(old, 5000, "its control group");

  const rlimit little{100 << 20, 100 << 20};
  if (setrlimit(RLIMIT_DATA, &little) != 0) return 1;
  check(folder + "/nothing", 100 << 20, "ulimit -d");
  return failures == 0 ? 0 : 1;
}
