// Another program, run to its end: by a list of words, never by a shell.
#pragma once
#include <string>
#include <vector>

namespace program {

/// The path of a program that can be executed, for a name by the folders of PATH; "" if there is none.
std::string find_program(const std::string& name);

/// How a program is run: in the language C, as nobody that asks questions.
struct Running {
  std::string input{};      ///< what it may read, 4 kB at most
  std::string log{};        ///< the file that what it prints goes to; "": it is kept in `Ended`
  std::string temporary{};  ///< its folder for temporary files; then it has PATH and HOME alone of the environment
  double seconds = 0;       ///< the time after which it is killed with its children, if that is kept; 0: any
};
/// How it ended: by itself, with a status, or killed by a signal.
struct Ended {
  bool found = false;   ///< there was such a program
  bool in_time = true;  ///< it was not killed because it took too long
  int status = 0, signal = 0;
  std::string output{};  ///< the first 64 kB of what it printed, errors included

  bool well() const { return found && in_time && status == 0 && signal == 0; }
  std::string first_line() const { return output.substr(0, output.find('\n')); }
};
/// Runs `words`, a program by its path or name and what it is told. Throws mae::Error if the system has no process or
/// pipe left.
Ended run_program(const std::vector<std::string>& words, const Running& how);

/// Becomes the program at `path`, with this one's environment. Throws mae::Error if that cannot be.
[[noreturn]] void become(const std::string& path, const std::vector<std::string>& arguments);

}  // namespace program
