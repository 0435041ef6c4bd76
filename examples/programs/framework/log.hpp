// The log of a run: a line of JSON for each epoch and for every N updates, to be read by any tool.
//
//   {"event":"epoch","step":1404,"epoch":1,"loss":0.8127,"rate":0.0001,"images_per_second":9120,"knn":0.61}
//
// A run that goes on from a checkpoint cuts the log back to it, so no line is doubled; a half line at the end, of a
// program that was killed, goes too. The curves are drawn from the log, so they show the whole run.
#pragma once
#include <initializer_list>
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
  std::optional<double> validation_loss{}, knn{}, accuracy{};
};

/// A curve: its name, and the number that it shows; null: the loss.
using Line = std::pair<const char*, std::optional<double> Record::*>;

class Log {
 public:
  /// Opens or begins the log at `path`. Lines after update `step` are removed. Throws mae::Error.
  Log(const std::string& path, mae::Index step);
  /// Adds a line. Throws mae::Error if it cannot be written.
  void write(const Record& record);
  const std::vector<Record>& records() const { return records_; }
  /// Draw loss and accuracy over the epochs, in training and held out; write nothing where the log has none.
  void draw_loss(const std::string& path, const std::string& title) const;
  void draw_accuracy(const std::string& path, const std::string& title) const;

 private:
  void draw(const std::string& path, mae::Plot plot, std::initializer_list<Line> lines) const;

  std::string path_;
  mae::detail::Descriptor file_;
  std::vector<Record> records_;
};

}  // namespace program
