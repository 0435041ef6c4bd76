#include "spawn.hpp"

#include <mae/io/files/posix.hpp>

#include <spawn.h>
#include <sys/wait.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace program {
namespace {

/// What execve takes: pointers to the texts, and a null pointer.
std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));  // which it does not write
  list.push_back(nullptr);
  return list;
}
std::string environment(const char* name, const char* otherwise) {
  const char* const value = std::getenv(name);
  return value && *value ? value : otherwise;
}

}  // namespace

std::string find_program(const std::string& name) {
  const auto executable = [](const std::string& path) {
    struct stat file {};
    return ::stat(path.c_str(), &file) == 0 && S_ISREG(file.st_mode) && ::access(path.c_str(), X_OK) == 0;
  };
  if (name.find('/') != std::string::npos) return executable(name) ? name : "";
  const std::string folders = environment("PATH", "/usr/bin:/bin");
  for (std::size_t begin = 0; begin <= folders.size() && !name.empty();) {
    const std::size_t end = std::min(folders.find(':', begin), folders.size());
    const std::string path = folders.substr(begin, end - begin) + "/" + name;
    if (path[0] == '/' && executable(path)) return path;
    begin = end + 1;
  }
  return "";
}

Ended run_program(const std::vector<std::string>& arguments, const std::string& temporary, const std::string& log) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&files, 1, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t usual;
  sigemptyset(&usual);
  for (const int signal : {SIGPIPE, SIGXFSZ}) sigaddset(&usual, signal);
  posix_spawnattr_setsigdefault(&attributes, &usual);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const std::vector<std::string> variables = {"PATH=" + environment("PATH", "/usr/bin:/bin"),
                                              "HOME=" + environment("HOME", "/"), "TMPDIR=" + temporary, "LANG=C",
                                              "LC_ALL=C"};
  pid_t process = 0;
  const int error = ::posix_spawn(&process, arguments[0].c_str(), &files, &attributes, pointers(arguments).data(),
                                  pointers(variables).data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    errno = error;
    mae::detail::fail_with_errno(arguments[0], "running it", "a program that can be run");
  }
  int state = 0;
  while (::waitpid(process, &state, 0) < 0)
    if (errno != EINTR) mae::detail::fail_with_errno(arguments[0], "waiting for its end", "a process that ends");
  if (WIFSIGNALED(state)) return {0, WTERMSIG(state)};
  return {WEXITSTATUS(state), 0};
}

void become(const std::string& path, const std::vector<std::string>& arguments) {
  std::fflush(stdout);
  for (const int signal : {SIGPIPE, SIGXFSZ}) std::signal(signal, SIG_DFL);
  ::execv(path.c_str(), pointers(arguments).data());
  mae::detail::fail_with_errno(path, "running it", "a program that can be run");
}

}  // namespace program
