// The quota of a control group, from files as Linux writes them: both versions, groups in groups, mounts of all kinds.
#include <mae/core/config.hpp>

#include <doctest/doctest.h>

#include "support/temporary.hpp"

using namespace test;
using mae::detail::processor_quota;

namespace {
/// A system that is a folder.
struct System {
  TemporaryDirectory folder;
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(folder / path).parent_path());
    write_text(folder / path, text);
  }
  void groups(const std::string& text) const { write("proc/self/cgroup", text); }
  void mounts(const std::string& text) const { write("proc/self/mountinfo", text); }
  int quota() const { return processor_quota(folder.path); }
};

const std::string unified = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
const std::string split =
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpuset rw shared:3 - cgroup cgroup rw,cpuset\n"
    "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw shared:4 - cgroup cgroup rw,cpu,cpuacct\n";
}  // namespace

TEST_CASE("no control groups, no limit") {
  const System system;
  CHECK(system.quota() == 0);
  system.groups("0::/\n");
  CHECK(system.quota() == 0);
  system.mounts(unified);  // and no cpu.max there, as in the group above all
  CHECK(system.quota() == 0);
}

TEST_CASE("a quota is so many processors, a part of one counted whole") {
  const System system;
  system.groups("0::/\n");
  system.mounts(unified);
  auto quota = [&](const char* text) {
    system.write("sys/fs/cgroup/cpu.max", text);
    return system.quota();
  };
  CHECK(quota("100000 100000\n") == 1);
  CHECK(quota("1000 100000\n") == 1);
  CHECK(quota("150000 100000\n") == 2);
  CHECK(quota("200000 100000\n") == 2);
  CHECK(quota("50000 25000") == 2);
  CHECK(quota("6400000 100000\n") == 64);
  // No limit, and what no kernel writes.
  for (const char* const text :
       {"max 100000\n", "max", "", "\n", "100000\n", "100000 0\n", "-1 100000\n", "0 100000\n", "two 100000\n",
        "100000 max\n", "9223372036854775807 1\n", "99999999999999999999999 1"})
    CHECK_MESSAGE(quota(text) == 0, text);
}

TEST_CASE("the least quota of a group and those that it lies in") {
  const System system;
  system.groups("0::/system.slice/run.service/job\n");
  system.mounts(unified);
  const std::string root = "sys/fs/cgroup/";
  system.write(root + "system.slice/cpu.max", "300000 100000\n");
  system.write(root + "system.slice/run.service/cpu.max", "max 100000\n");
  system.write(root + "system.slice/run.service/job/cpu.max", "400000 100000\n");
  system.write(root + "other/cpu.max", "100000 100000\n");
  CHECK(system.quota() == 3);
  system.write(root + "system.slice/run.service/job/cpu.max", "200000 100000\n");
  CHECK(system.quota() == 2);
  system.write(root + "cpu.max", "100000 100000\n");
  CHECK(system.quota() == 1);
}

TEST_CASE("version 1") {
  const System system;
  system.groups("9:cpuset:/set\n4:cpu,cpuacct:/docker/a b\n1:name=systemd:/docker\n");
  system.mounts(split);
  const std::string root = "sys/fs/cgroup/cpu,cpuacct/docker";
  system.write(root + "/cpu.cfs_quota_us", "-1\n");
  system.write(root + "/cpu.cfs_period_us", "100000\n");
  CHECK(system.quota() == 0);
  system.write(root + "/a b/cpu.cfs_quota_us", "250000\n");
  CHECK(system.quota() == 0);  // no period
  system.write(root + "/a b/cpu.cfs_period_us", "100000\n");
  CHECK(system.quota() == 3);
  system.write(root + "/cpu.cfs_quota_us", "200000\n");
  CHECK(system.quota() == 2);
  system.write("sys/fs/cgroup/cpuset/set/cpu.cfs_quota_us", "100000\n");  // not where it counts
  system.write("sys/fs/cgroup/cpuset/set/cpu.cfs_period_us", "100000\n");
  CHECK(system.quota() == 2);
}

TEST_CASE("both versions at once") {
  const System system;
  system.groups("4:cpu:/one\n0::/two\n");
  system.mounts(split + "34 31 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n" +
                "35 31 0:32 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n");
  system.write("sys/fs/cgroup/cpu/one/cpu.cfs_quota_us", "300000\n");
  system.write("sys/fs/cgroup/cpu/one/cpu.cfs_period_us", "100000\n");
  CHECK(system.quota() == 3);
  system.write("sys/fs/cgroup/unified/two/cpu.max", "200000 100000\n");
  CHECK(system.quota() == 2);
}

TEST_CASE("a container sees its own group, wherever that lies outside") {
  const System system;
  auto quota = [&](const char* group, const char* root) {
    system.groups(std::string("0::") + group + "\n");
    system.mounts(std::string("30 23 0:26 ") + root + " /sys/fs/my\\040groups rw - cgroup2 cgroup2 rw\n");
    return system.quota();
  };
  system.write("sys/fs/my groups/cpu.max", "200000 100000\n");
  system.write("sys/fs/my groups/job/cpu.max", "100000 100000\n");
  CHECK(quota("/docker/1f", "/docker/1f") == 2);      // the mount shows the group that the process is in
  CHECK(quota("/docker/1f/job", "/docker/1f") == 1);  // and one in it
  CHECK(quota("/docker/1f", "/docker/1") == 2);       // a name that begins alike
  CHECK(quota("/job", "/docker/1f") == 2);            // elsewhere
  CHECK(quota("/../job", "/") == 2);                  // beside what a namespace shows
  CHECK(quota("/job", "/") == 1);
  CHECK(quota("", "/") == 2);
}

TEST_CASE("damaged files limit nothing and end") {
  const System system;
  system.mounts("30\n\n30 23 0:26\n - cgroup2\n30 23 0:26 / /sys - cgroup2\n" + std::string(5000, 'x') + "\n- -\n");
  for (const char* const text : {"", "\n\n", "0", "0:", "0::", ":::::", "cpu:cpu:cpu", "0::x/y/z", "0::////"}) {
    system.groups(text);
    CHECK_MESSAGE(system.quota() == 0, text);
  }
}

TEST_CASE("no more threads than may run") {
  const int usable = mae::DefaultThreads::usable();
  CHECK(usable >= 1);
  CHECK(mae::DefaultThreads::count() >= 1);
  if (std::getenv("OMP_NUM_THREADS")) return;  // taken at its word
  CHECK(mae::DefaultThreads::count() <= usable);
  mae::DefaultThreads::limit(usable + 7);
  CHECK(mae::DefaultThreads::count() == usable);
  mae::DefaultThreads::limit(1);
  CHECK(mae::DefaultThreads::count() == 1);
}
