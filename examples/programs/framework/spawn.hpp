// Another program, run to its end: by its path and a list of arguments, never by a shell.
#pragma once
#include <string>
#include <vector>

namespace program {

/// The path of a program that can be executed, for a name by the folders of PATH; "" if there is none.
std::string find_program(const std::string& name);
/// How a program ended: its exit status, or the signal that killed it.
struct Ended {
  int status = 0, signal = 0;
  bool well() const { return status == 0 && signal == 0; }
};
/// Runs `arguments`, of which the first is a path, with PATH, HOME and a language of C as its environment, and
/// `temporary` as its folder for temporary files. What it prints goes to the file `log`. Throws mae::Error if it cannot
/// be run.
Ended run_program(const std::vector<std::string>& arguments, const std::string& temporary, const std::string& log);
/// Becomes the program at `path`, with this one's environment. Throws mae::Error if that cannot be.
[[noreturn]] void become(const std::string& path, const std::vector<std::string>& arguments);

}  // namespace program
