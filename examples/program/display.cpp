#include "display.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <mae/core/finite.hpp>

namespace program {

std::string decimal(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}
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

void report(const char* title, const std::string& text) {
  std::printf("%-11s %s\n", title, text.c_str());
  std::fflush(stdout);
}

namespace {

/// A bar over the line that stands on the terminal.
void draw_bar(mae::Index done, mae::Index all, const std::string& text) {
  std::string bar(20, '.');
  std::fill_n(bar.begin(), 20 * done / all, '#');
  std::printf("\r[%s] %s\033[K", bar.c_str(), text.c_str());
  std::fflush(stdout);
}

}  // namespace

Progress::Progress(const char* title, mae::Index images)
    : title_(title), images_(images), terminal_(::isatty(STDOUT_FILENO) == 1) {}

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
  const std::string text = std::to_string(done) + " of " + std::to_string(images_) + " images  " + decimal(speed, 0) +
                           " images/s  " + duration(static_cast<double>(images_ - done) / speed) + " left";
  if (!terminal_) return report(title_, text);
  draw_bar(done, images_, title_ + (": " + text));
  drawn_ = true;
}

Display::Display(mae::Index steps, mae::Index images, mae::Index begun)
    : steps_(steps), images_(images), begun_(begun), counted_(begun), terminal_(::isatty(STDOUT_FILENO) == 1) {}

void Display::step(mae::Index step, const std::string& state) {
  const Clock::time_point now = Clock::now();
  if (!terminal_ || now - drawn_at_ < std::chrono::milliseconds(100)) return;
  drawn_at_ = now;
  const std::string speed_and_time = decimal(speed(step), 0) + " images/s  " + duration(seconds_left(step)) + " left";
  draw_bar(step, steps_, state + "  " + speed_and_time);
  drawn_ = true;
}

void Display::say(const std::string& line) {
  std::printf("%s%s\n", drawn_ ? "\r\033[K" : "", line.c_str());
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
