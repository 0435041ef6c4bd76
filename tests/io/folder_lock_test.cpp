#include <mae/io/files/folder_lock.hpp>

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <optional>

#include "support/temporary.hpp"

using namespace mae;
using namespace test;

namespace {

/// What flock(2) says instead of what the system would, as on a disk without locks; 0: what the system says.
int no_locks = 0;

std::string here(const std::string& folder, const std::string& who) {
  return "mae: " + folder + ": found " + folder + ", to which " + who +
         " is writing, expected a folder that no other program writes to; wait for its end, or name another";
}
std::string this_process() {
  char host[256] = "";
  REQUIRE(::gethostname(host, sizeof host - 1) == 0);
  return "process " + std::to_string(::getpid()) + " on " + host;
}
std::string error_of_lock(const std::string& folder) {
  return error_of([&] { FolderLock{folder}; });
}

}  // namespace

/// Stands in for the system's function of that name.
extern "C" int flock(int file, int operation) noexcept {
  if (no_locks == 0) return static_cast<int>(::syscall(SYS_flock, file, operation));
  errno = no_locks;
  return -1;
}

TEST_CASE("one holder at a time, who is named, and nothing is left behind") {
  const TemporaryDirectory folder;
  for (int again = 0; again < 3; ++again) {
    FolderLock lock(folder.path);
    CHECK(lock.held());
    CHECK(lock.why_not() == "");
    CHECK(error_of_lock(folder.path) == here(folder.path, this_process()));
    CHECK(error_of([&] { FolderLock(folder.path, "--out"); }).starts_with("mae: --out: found " + folder.path + ", to"));
    const FolderLock moved = std::move(lock);
    CHECK(moved.held());
    CHECK(error_of_lock(folder.path) == here(folder.path, this_process()));
  }
  CHECK(folder.entries() == 0);
}

TEST_CASE("a process that is killed holds nothing, whatever it leaves") {
  const TemporaryDirectory folder;
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const FolderLock lock(folder.path);
    static_cast<void>(!::write(ready[1], "x", 1));
    for (;;) ::pause();
  }
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  CHECK(contains(error_of_lock(folder.path), "to which process " + std::to_string(child) + " on "));
  REQUIRE(::kill(child, SIGKILL) == 0);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK(folder.entries() == 1);
  {
    const FolderLock lock(folder.path);
    CHECK(lock.held());
    CHECK(read_text(folder / ".lock") == this_process() + "\n");  // shorter or longer than what stood there
  }
  CHECK(folder.entries() == 0);
  ::close(ready[0]), ::close(ready[1]);
}

TEST_CASE("the end of a child takes no lock from its parent, and a child that lives on keeps none") {
  const TemporaryDirectory folder;
  std::optional<FolderLock> lock(folder.path);
  const pid_t child = ::fork();
  if (child == 0) {
    lock.reset();
    ::_exit(0);
  }
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK(contains(error_of_lock(folder.path), this_process()));
  const pid_t sleeper = ::fork();
  if (sleeper == 0)
    for (;;) ::pause();
  lock.reset();
  CHECK(error_of_lock(folder.path) == "");
  ::kill(sleeper, SIGKILL);
  ::waitpid(sleeper, nullptr, 0);
}

TEST_CASE("a folder that was removed and made anew belongs to the next one") {
  const TemporaryDirectory folder;
  const std::string inner = folder / "run";
  std::filesystem::create_directory(inner);
  std::optional<FolderLock> first(inner);
  std::filesystem::remove_all(inner);
  std::filesystem::create_directory(inner);
  const FolderLock second(inner);
  first.reset();  // takes away only a file of its own
  CHECK(error_of_lock(inner) == here(inner, this_process()));
}

TEST_CASE("a file of anybody's, or with nonsense in it") {
  const TemporaryDirectory folder;
  write_text(folder / ".lock", "\x1b[31mprocess\n");
  {
    const int other = ::open((folder / ".lock").c_str(), O_RDWR);
    REQUIRE(::flock(other, LOCK_EX | LOCK_NB) == 0);
    CHECK(error_of_lock(folder.path) == here(folder.path, "another process"));
    ::close(other);
  }
  std::filesystem::permissions(folder.path, std::filesystem::perms::all);
  std::filesystem::permissions(folder / ".lock", std::filesystem::perms(0444));
  {
    const OrdinaryUser user;
    const FolderLock lock(folder.path);
    CHECK(lock.held());
    CHECK(error_of_lock(folder.path) == here(folder.path, "another process"));
  }
  CHECK(error_of_lock(folder / "nowhere") ==
        "mae: " + folder.path + "/nowhere/.lock: found \"No such file or directory\" on opening, expected a file that "
        "can be written");
}

TEST_CASE("a disk without locks is told, not refused") {
  const TemporaryDirectory folder;
  for (const int error : {ENOLCK, ENOSYS, EOPNOTSUPP, EINVAL, EBADF}) {
    no_locks = error;
    const FolderLock lock(folder.path);
    no_locks = 0;
    CHECK_FALSE(lock.held());
    CHECK(lock.why_not() == std::generic_category().message(error));
    CHECK(folder.entries() == 0);
  }
}
