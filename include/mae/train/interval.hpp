// Is it time? For what happens every so many updates, or every so many seconds: checkpoints, lines in a log.
//
//   Interval saves(run.updates_per_epoch() * 5, 600);        // after every fifth epoch, and ten minutes after the last
//   if (saves.due(run.optimizer().steps(), now)) ...
//
// Updates are counted from the beginning of the run, so a resumed run does what it would have done; seconds from the
// last time. The clock is the caller's.
#pragma once
#include <mae/core/config.hpp>
#include <mae/core/error.hpp>
#include <mae/core/finite.hpp>

MAE_PRECISE_BEGIN
namespace mae {

class Interval {
 public:
  /// 0 switches either off. `now` is the time at the start. Throws mae::Error if a number makes no sense.
  Interval(Index updates, double seconds, double now = 0) : updates_(updates), seconds_(seconds), last_(now) {
    if (updates < 0) throw Error("updates between", std::to_string(updates), "a whole number from 0");
    if (!(seconds >= 0 && is_finite(seconds)))
      throw Error("seconds between", std::to_string(seconds), "a finite number from 0");
  }

  /// Asked once after each update: true if it is time, `step` updates into the run and at `now` seconds.
  bool due(Index step, double now) {
    const bool time = (updates_ > 0 && step % updates_ == 0) || (seconds_ > 0 && now - last_ >= seconds_);
    if (time) last_ = now;
    return time;
  }

 private:
  Index updates_;
  double seconds_, last_;
};

}  // namespace mae
MAE_PRECISE_END
