#include "command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include <mae/io/files/posix.hpp>

extern char** environ;

namespace program {
namespace {

using mae::detail::Descriptor;
using Clock = std::chrono::steady_clock;

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) mae::detail::fail_with_errno("pipe", "making it", "one to hear a program by");
    read = Descriptor(ends[0]), write = Descriptor(ends[1]);
  }
  Descriptor read, write;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

/// Takes what comes until the end or the deadline; true, if it was the end.
bool hear(const Descriptor& from, Clock::time_point deadline, std::string& output) {
  char piece[4096];
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd ready{from.number(), POLLIN, 0};
    const int come = left > 0 ? ::poll(&ready, 1, static_cast<int>(left)) : 0;
    if (come < 0 && errno == EINTR) continue;
    if (come <= 0) return false;
    const ssize_t got = ::read(from.number(), piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return true;
    if (output.size() < 1 << 16) output.append(piece, static_cast<std::size_t>(got));
  }
}

}  // namespace

CommandResult run_command(const std::vector<std::string>& words, const std::string& input, double seconds) {
  CommandResult result;
  Pipe in, out;
  const bool given = ::write(in.write.number(), input.data(), input.size()) == static_cast<ssize_t>(input.size());
  in.write = Descriptor();
  if (words.empty() || !given) return result;
  posix_spawn_file_actions_t files;
  posix_spawnattr_t how;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in.read.number(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, out.write.number(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, out.write.number(), STDERR_FILENO);
  posix_spawnattr_init(&how);
  posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP);  // a group of its own, to be killed as a whole
  std::vector<std::string> arguments = words, environment;
  for (char** one = environ; *one; ++one)
    if (!std::string(*one).starts_with("LC_ALL=")) environment.push_back(*one);
  environment.push_back("LC_ALL=C");
  pid_t child = -1;
  const int failed = ::posix_spawnp(&child, arguments[0].c_str(), &files, &how, pointers(arguments).data(),
                                    pointers(environment).data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&how);
  if (failed != 0) return result;
  result.found = true;
  out.write = Descriptor();
  const auto deadline = Clock::now() + std::chrono::milliseconds(static_cast<long long>(1000 * seconds));
  result.ended = hear(out.read, deadline, result.output);
  if (!result.ended) ::kill(-child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  if (WIFEXITED(status)) result.status = WEXITSTATUS(status);
  else result.ended = false;
  return result;
}

}  // namespace program
