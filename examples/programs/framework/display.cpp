#include "display.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <mae/core/finite.hpp>
#include <mae/core/number_text.hpp>
#include <mae/core/printable.hpp>

#include "terminal.hpp"

namespace program {

std::string decimal(double value, int decimals) { return mae::decimal_text(value, decimals); }
std::string duration(double seconds) {
  if (!mae::is_finite(seconds)) return "?";
  const auto s = static_cast<long long>(seconds + 0.5);
  if (s >= 86400) return std::to_string(s / 86400) + " d " + std::to_string(s % 86400 / 3600) + " h";
  if (s >= 3600) return std::to_string(s / 3600) + " h " + std::to_string(s % 3600 / 60) + " min";
  if (s >= 60) return std::to_string(s / 60) + " min " + std::to_string(s % 60) + " s";
  return std::to_string(s) + " s";
}
std::string memory(double bytes) {
  if (bytes >= 1e9) return decimal(bytes / 1e9, 1) + " GB";
  return bytes >= 1e6 ? decimal(bytes / 1e6, bytes >= 1e7 ? 0 : 1) + " MB" : decimal(bytes / 1e3, 0) + " kB";
}

std::string images_a_second(double speed) {
  if (!mae::is_finite(speed) || speed <= 0) return "? images/s";
  if (speed < 0.095) return duration(1 / speed) + " an image";
  return decimal(speed, speed < 9.95 ? 1 : 0) + " images/s";
}
std::string time_left(double seconds) { return duration(seconds) + " left"; }

void report(const char* title, const std::string& text) {
  std::printf("%-11s %s\n", title, mae::printable(text).c_str());
  std::fflush(stdout);
}

namespace {

/// A bar, what is done, speed and time left, over the line that stands on the terminal: as much as it has room for.
void draw_bar(mae::Index done, mae::Index all, const std::string& state, const std::string& speed,
              const std::string& left) {
  std::string bar(20, '.');
  std::fill_n(bar.begin(), all > 0 ? std::min<mae::Index>(20, 20 * done / all) : 0, '#');
  const std::string text = state + "  " + speed + "  " + left;
  std::printf("\r%s\033[K", fitting({"[" + bar + "] " + text, text, state + "  " + left, state}, columns()).c_str());
  std::fflush(stdout);
}

}  // namespace

Progress::Progress(const char* title, mae::Index images) : title_(title), images_(images), terminal_(can_redraw()) {}

Progress::~Progress() {
  if (!drawn_) return;
  std::fputs("\r\033[K", stdout);
  std::fflush(stdout);
}

void Progress::count() {
  const mae::Index done = ++done_;
  if (const std::unique_lock lock(showing_, std::try_to_lock); lock) show(done);
}

void Progress::show(mae::Index done) {
  const Clock::time_point now = Clock::now();
  if (now - shown_at_ < std::chrono::milliseconds(terminal_ ? 100 : 10'000)) return;
  shown_at_ = now;
  const std::chrono::duration<double> time = now - start_;
  const double speed = static_cast<double>(done) / time.count();
  const std::string state = std::to_string(done) + " of " + std::to_string(images_) + " images";
  const std::string fast = images_a_second(speed), left = time_left(static_cast<double>(images_ - done) / speed);
  if (!terminal_) return report(title_, state + "  " + fast + "  " + left);
  draw_bar(done, images_, title_ + (": " + state), fast, left);
  drawn_ = true;
}

Display::Display(mae::Index steps, mae::Index images, mae::Index begun)
    : steps_(steps), images_(images), begun_(begun), counted_(begun), terminal_(can_redraw()) {}

void Display::step(mae::Index step, const std::string& state) {
  const Clock::time_point now = Clock::now();
  if (!terminal_ || now - drawn_at_ < std::chrono::milliseconds(100)) return;
  drawn_at_ = now;
  draw_bar(step, steps_, state, images_a_second(speed(step)), time_left(seconds_left(step)));
  drawn_ = true;
}

void Display::say(const std::string& line) {
  std::printf("%s%s\n", drawn_ ? "\r\033[K" : "", mae::printable(line).c_str());
  std::fflush(stdout);
  drawn_ = false;
}

double Display::speed(mae::Index step) const {
  const std::chrono::duration<double> time = Clock::now() - start_;
  return static_cast<double>((step - begun_) * images_) / time.count();
}

double Display::recent_speed(mae::Index step) {
  const Clock::time_point now = Clock::now();
  const std::chrono::duration<double> time = now - counted_at_;
  const double images = static_cast<double>((step - counted_) * images_);
  counted_ = step;
  counted_at_ = now;
  return time.count() > 0 ? images / time.count() : 0;
}

double Display::seconds_left(mae::Index step) const {
  const std::chrono::duration<double> time = Clock::now() - start_;
  return time.count() / static_cast<double>(step - begun_) * static_cast<double>(steps_ - step);
}

}  // namespace program
