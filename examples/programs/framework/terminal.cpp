#include "terminal.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include <mae/core/number_text.hpp>

namespace program {

bool can_redraw() {
  const char* const kind = std::getenv("TERM");
  const std::string name = kind ? kind : "";
  return !name.empty() && name != "dumb" && ::isatty(STDOUT_FILENO) == 1;
}

int columns() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char* const text = std::getenv("COLUMNS");
  const int said = mae::number_in<int>(text ? text : "").value_or(0);
  return said > 0 ? said : 80;
}

std::string fitting(const std::vector<std::string>& lines, int columns) {
  const auto most = static_cast<std::size_t>(columns > 1 ? columns - 1 : 0);
  for (const std::string& line : lines)
    if (line.size() <= most) return line;
  return lines.back().substr(0, most);
}

void keep_standard_files() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {  // a new file takes the lowest free number
    if (::fcntl(number, F_GETFD) != -1) continue;
    if (::open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY) != number) return;
  }
}

}  // namespace program
