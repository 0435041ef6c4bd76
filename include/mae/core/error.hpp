// The one exception of the library. It says what was wrong, what was found and what was expected.
#pragma once
#include <stdexcept>
#include <string>

#include <mae/core/config.hpp>
#include <mae/core/printable.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A mistake found at run time: a bad file, value or size. Shapes are checked at compile time and never arrive here.
/// What it says is one line and harmless on a screen, whatever names and texts of files are in it (printable.hpp).
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message) : std::runtime_error("mae: " + printable(message)) {}
  /// `subject` is the file, key or parameter at fault, as the user knows it.
  Error(const std::string& subject, const std::string& found, const std::string& expected)
      : Error(subject + ": found " + found + ", expected " + expected) {}
};

/// A loss or a gradient that is not finite: a matter of the learning rate, not of files or machines.
class DivergenceError : public Error {
  using Error::Error;
};

}  // namespace mae
MAE_PRECISE_END
