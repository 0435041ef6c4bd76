// Locales in which 0.5 is not "0.5", for the life of an object.
#pragma once
#include <clocale>
#include <cstdlib>
#include <locale>
#include <string>

#include "support/temporary.hpp"

namespace test {

/// C++ streams that are made meanwhile.
struct CommaStreams {
  struct Punctuation : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };
  CommaStreams() : before_(std::locale::global(std::locale(std::locale::classic(), new Punctuation))) {}
  CommaStreams(const CommaStreams&) = delete;
  CommaStreams& operator=(const CommaStreams&) = delete;
  ~CommaStreams() { std::locale::global(before_); }

 private:
  std::locale before_;
};

/// The C library: an installed locale, or one that `localedef` makes of its definition, which Debian's package `locales`
/// has. Nothing is set where there is neither.
class CommaLocale {
 public:
  explicit CommaLocale(const std::string& name) {
    set_ = comma(name + ".UTF-8");
    if (set_) return;
    const std::string command = "localedef -i " + name + " -f UTF-8 '" + (folder_ / name) + ".UTF-8' >/dev/null 2>&1";
    static_cast<void>(std::system(command.c_str()));
    ::setenv("LOCPATH", folder_.path.c_str(), 1);
    set_ = comma(name + ".UTF-8");
    ::unsetenv("LOCPATH");
  }
  CommaLocale(const CommaLocale&) = delete;
  CommaLocale& operator=(const CommaLocale&) = delete;
  ~CommaLocale() { std::setlocale(LC_ALL, "C"); }
  bool set() const { return set_; }

 private:
  static bool comma(const std::string& name) {
    return std::setlocale(LC_ALL, name.c_str()) && std::string(std::localeconv()->decimal_point) != ".";
  }
  TemporaryDirectory folder_;
  bool set_ = false;
};

}  // namespace test
