// The log of a run: a line of JSON for each epoch and for every N updates, to be read by any tool.
//
//   {"event":"epoch","step":1404,"epoch":1,"loss":0.8127,"rate":0.0001,"images_per_second":9120,"knn":0.61}
//
// A run that goes on from a checkpoint cuts the log back to it, so no line is doubled; a half line at the end, of a
// program that was killed, goes too. The curves are drawn from the log, so they show the whole run.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include <mae/core/config.hpp>
#include <mae/io/files/posix.hpp>
#include <mae/plot/line_plot.hpp>

namespace program {

/// What one line says.
struct Record {
  bool epoch_ends = false;  ///< "event": "epoch", else "step"
  mae::Index step = 0;      ///< updates since the beginning
  double epoch = 0;         ///< the same in epochs
  double loss = 0;          ///< mean over the images of the epoch, or since the last line
  double rate = 0;          ///< learning rate
  double images_per_second = 0;
  std::optional<double> validation_loss{}, knn{}, accuracy{}, ema_accuracy{}, mean_iou{}, average_precision{};
};

/// A number of a record that may be missing.
using Metric = std::optional<double> Record::*;

/// What was found at the end of an epoch, in words: "  held out 0.4321  accuracy 91.2 %".
std::string in_words(const Record& record);

/// The whole lines of the log at `path` up to update `step`; their text is added to `lines`. None if there is no file.
std::vector<Record> read_log(const std::string& path, mae::Index step = PTRDIFF_MAX, std::string* lines = nullptr);

class Log {
 public:
  /// Opens or begins the log at `path`. Lines after update `step` are removed. Throws mae::Error.
  Log(const std::string& path, mae::Index step);
  /// Adds a line. Throws mae::Error if it cannot be written.
  void write(const Record& record);
  const std::vector<Record>& records() const { return records_; }
  /// Draws what the log has over the epochs, into `folder`: loss.png, accuracy.png, mean_iou.png,
  /// average_precision.png.
  void draw(const std::string& folder, const std::string& title) const;

 private:
  std::string path_;
  mae::detail::Descriptor file_;
  std::vector<Record> records_;
};

}  // namespace program
