// Another program, started without a shell: what it says, and how it ended.
#pragma once
#include <string>
#include <vector>

namespace program {

struct CommandResult {
  bool found = false;    ///< there is such a program
  bool ended = false;    ///< by itself, in time
  int status = -1;       ///< as it ended
  std::string output{};  ///< the first 64 kB of what it printed, errors included

  bool good() const { return found && ended && status == 0; }
  std::string first_line() const { return output.substr(0, output.find('\n')); }
};

/// Runs `words`, a program of the path and what it is told, with `input`, 4 kB at most, to read. It speaks English, and
/// is killed with its children after `seconds`.
CommandResult run_command(const std::vector<std::string>& words, const std::string& input, double seconds);

}  // namespace program
