// Where in the source a call stands: what std::source_location tells, which clang 14 does not have yet.
#pragma once

namespace mae::cuda {

/// `SourceLocation where = SourceLocation::here()` as the last parameter of a function is the place that calls it.
struct SourceLocation {
  const char* file = "";
  int line = 0;
  static constexpr SourceLocation here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

}  // namespace mae::cuda
