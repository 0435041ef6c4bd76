#include "spawn.hpp"

#include <mae/io/files/posix.hpp>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>

extern char** environ;

namespace program {
namespace {

using mae::detail::Descriptor;
using Clock = std::chrono::steady_clock;

/// What execve takes: pointers to the texts, and a null pointer.
std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));  // which it does not write
  list.push_back(nullptr);
  return list;
}
std::string variable(const char* name, const char* otherwise) {
  const char* const value = std::getenv(name);
  return value && *value ? value : otherwise;
}
std::vector<std::string> environment(const Running& how) {
  std::vector<std::string> variables;
  if (!how.temporary.empty())
    variables = {"PATH=" + variable("PATH", "/usr/bin:/bin"), "HOME=" + variable("HOME", "/"),
                 "TMPDIR=" + how.temporary};
  else
    for (char** one = environ; *one; ++one)
      if (const std::string text = *one; !text.starts_with("LC_ALL=") && !text.starts_with("LANG="))
        variables.push_back(text);
  variables.insert(variables.end(), {"LANG=C", "LC_ALL=C"});
  return variables;
}

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) mae::detail::fail_with_errno("pipe", "making it", "one to hear a program by");
    read = Descriptor(ends[0]), write = Descriptor(ends[1]);
  }
  Descriptor read, write;
};

/// Takes what comes until the end or the deadline; true, if it was the end.
bool hear(const Descriptor& from, const std::optional<Clock::time_point>& deadline, std::string& output) {
  char piece[4096];
  for (;;) {
    int left = -1;  // any time
    if (deadline) {
      const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(*deadline - Clock::now()).count();
      left = static_cast<int>(std::clamp<long long>(time, 0, 1 << 30));
    }
    pollfd ready{from.number(), POLLIN, 0};
    const int come = ::poll(&ready, 1, left);
    if (come < 0 && errno == EINTR) continue;
    if (come <= 0) return false;
    const ssize_t got = ::read(from.number(), piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return true;
    if (output.size() < 1 << 16) output.append(piece, static_cast<std::size_t>(got));
  }
}

}  // namespace

std::string find_program(const std::string& name) {
  const auto executable = [](const std::string& path) {
    struct stat file {};
    return ::stat(path.c_str(), &file) == 0 && S_ISREG(file.st_mode) && ::access(path.c_str(), X_OK) == 0;
  };
  if (name.find('/') != std::string::npos) return executable(name) ? name : "";
  const std::string folders = variable("PATH", "/usr/bin:/bin");
  for (std::size_t begin = 0; begin <= folders.size() && !name.empty();) {
    const std::size_t end = std::min(folders.find(':', begin), folders.size());
    const std::string path = folders.substr(begin, end - begin) + "/" + name;
    if (path[0] == '/' && executable(path)) return path;
    begin = end + 1;
  }
  return "";
}

Ended run_program(const std::vector<std::string>& words, const Running& how) {
  Ended ended;
  const std::string path = words.empty() ? "" : find_program(words[0]);
  if (path.empty()) return ended;
  Pipe in, out;
  if (::write(in.write.number(), how.input.data(), how.input.size()) != static_cast<ssize_t>(how.input.size()))
    mae::detail::fail_with_errno("pipe", "writing", "room for what a program is to read");
  in.write = Descriptor();
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in.read.number(), STDIN_FILENO);
  if (how.log.empty()) posix_spawn_file_actions_adddup2(&files, out.write.number(), STDOUT_FILENO);
  else posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, how.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t usual;
  sigemptyset(&usual);
  for (const int signal : {SIGPIPE, SIGXFSZ}) sigaddset(&usual, signal);
  posix_spawnattr_setsigdefault(&attributes, &usual);
  // With a time limit in a group of its own, to be killed as a whole; else Ctrl-C stops both.
  const bool limited = how.seconds > 0;
  posix_spawnattr_setflags(&attributes,
                           static_cast<short>(POSIX_SPAWN_SETSIGDEF | (limited ? POSIX_SPAWN_SETPGROUP : 0)));
  const std::vector<std::string> variables = environment(how);
  pid_t process = 0;
  const int error =
      ::posix_spawn(&process, path.c_str(), &files, &attributes, pointers(words).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error == EAGAIN || error == ENOMEM) {
    errno = error;
    mae::detail::fail_with_errno(path, "running it", "room for another process");
  }
  if (error != 0) return ended;  // a file that is no program
  ended.found = true;
  out.write = Descriptor();
  std::optional<Clock::time_point> deadline;
  if (limited) deadline = Clock::now() + std::chrono::milliseconds(static_cast<long long>(1000 * how.seconds));
  if (how.log.empty()) ended.in_time = hear(out.read, deadline, ended.output);
  if (!ended.in_time) ::kill(-process, SIGKILL);
  int state = 0;
  while (::waitpid(process, &state, 0) < 0)
    if (errno != EINTR) mae::detail::fail_with_errno(path, "waiting for its end", "a process that ends");
  if (WIFSIGNALED(state)) ended.signal = WTERMSIG(state);
  else ended.status = WEXITSTATUS(state);
  return ended;
}

void become(const std::string& path, const std::vector<std::string>& arguments) {
  std::fflush(stdout);
  for (const int signal : {SIGPIPE, SIGXFSZ}) std::signal(signal, SIG_DFL);
  ::execv(path.c_str(), pointers(arguments).data());
  mae::detail::fail_with_errno(path, "running it", "a program that can be run");
}

}  // namespace program
