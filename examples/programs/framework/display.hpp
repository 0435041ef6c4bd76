// What a program shows while it works: on a terminal one line that changes and is never longer than that is wide,
// elsewhere, as on a dumb terminal, plain lines.
#pragma once
#include <atomic>
#include <chrono>
#include <mutex>
#include <string>

#include <mae/data/images.hpp>

namespace program {

/// "2 h 5 min", "4 min 10 s", "12 s".
std::string duration(double seconds);
/// "1.2 GB", "340 MB", "12 kB".
std::string memory(double bytes);
/// A line of what is told before the work begins: "title      text", harmless whatever names are in it.
void report(const char* title, const std::string& text);
/// A number with `decimals` places.
std::string decimal(double value, int decimals);
/// "9120 images/s", "0.3 images/s", "25 s an image".
std::string images_a_second(double speed);
/// "4 min 10 s left".
std::string time_left(double seconds);

/// Progress of a run of `steps` updates, each of `images` images.
class Display {
 public:
  Display(mae::Index steps, mae::Index images, mae::Index begun);

  /// After every update: a bar, "epoch 3  loss 0.4321", speed and time left, at most ten times a second, where lines
  /// can be drawn over; where the terminal is narrow, less of it.
  void step(mae::Index step, const std::string& state);
  /// A line that stays.
  void say(const std::string& line);
  /// Images a second since the beginning, and since the last call of the second.
  double speed(mae::Index step) const;
  double recent_speed(mae::Index step);
  /// How long the updates that are left will take, if they take as long as those so far.
  double seconds_left(mae::Index step) const;
  /// Whether `step` shows something.
  bool terminal() const { return terminal_; }

 private:
  using Clock = std::chrono::steady_clock;
  mae::Index steps_, images_, begun_, counted_;
  Clock::time_point start_ = Clock::now(), counted_at_ = start_, drawn_at_ = start_;
  bool terminal_, drawn_ = false;
};

/// Progress of a pass over `images` images that trains nothing, "statistics" for example: on a terminal a bar, which
/// goes at the end; elsewhere a line every ten seconds. Several threads may count.
class Progress {
 public:
  Progress(const char* title, mae::Index images);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();
  void count();

 private:
  using Clock = std::chrono::steady_clock;
  void show(mae::Index done);

  const char* title_;
  mae::Index images_;
  std::atomic<mae::Index> done_ = 0;
  std::mutex showing_;
  Clock::time_point start_ = Clock::now(), shown_at_ = start_;
  bool terminal_, drawn_ = false;
};

/// Forwards to another collection and counts every image that is read in `progress`.
struct Counted {
  mae::Images images;
  Progress& progress;

  mae::Index size() const { return images.size(); }
  mae::Index channel_count() const { return images.channels(); }
  mae::Index class_count() const { return images.classes(); }
  std::int32_t label(mae::Index i) const { return images.label(i); }
  template <class Use>
  void with_image(mae::Index i, const Use& use) const {
    images.with_image(i, use);
    progress.count();
  }
};
inline void validate(const Counted& counted, const std::string& subject) { counted.images.ensure_valid(subject); }

}  // namespace program
