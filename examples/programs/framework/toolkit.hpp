// What a model is compiled with on demand: `toolkit.json`, which CMake writes beside the program or into share/mae.
//
// It says by which compiler the libraries were built, with which flags, and where headers and libraries lie: paths
// count from its folder. `mae` compiles with it (on_demand.hpp), `doctor` tells whether that would go.
#pragma once
#include <string>
#include <vector>

namespace program {

struct Toolkit {
  std::string path{};  ///< the file; "" if there is none
  std::string compiler{};
  std::vector<std::string> programs{}, flags{}, includes{}, headers{}, libraries{}, link{};

  /// A folder of headers or a library that is not there, or "".
  std::string missing() const;
};
/// The toolkit beside this program, or of its installation. Throws mae::Error if its file is damaged.
Toolkit find_toolkit();

/// The compilers that are tried, in this order: that of the libraries, for the same bits, $CXX, those of the path. A
/// compiler is a program by its path or name, and words that it is always told: {"ccache", "g++"}.
std::vector<std::vector<std::string>> compilers(const Toolkit& kit);
/// The first of them that is there, by its path; empty if none is.
std::vector<std::string> find_compiler(const Toolkit& kit);

/// "ccache g++".
std::string joined(const std::vector<std::string>& words, const char* between = " ");

}  // namespace program
