#include "log.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <nlohmann/json.hpp>

#include <mae/checkpoint/old_names.hpp>
#include <mae/io/files/atomic_file.hpp>
#include <mae/io/files/input_file.hpp>
#include <mae/io/images/png.hpp>

#include "display.hpp"

namespace program {
namespace {

/// A number that a record may have: its key, what it is called at the end of an epoch, and where it is drawn: in the
/// file `plot`.png, a curve of this name.
struct Extra {
  const char* key;
  Metric member;
  const char* words;
  bool percent;
  const char *plot, *axis, *curve;
};
constexpr Extra extras[] = {
    {"validation_loss", &Record::validation_loss, "held out", false, "loss", "loss", "held out"},
    {"knn", &Record::knn, "nearest neighbours", true, "accuracy", "accuracy", "nearest neighbours"},
    {"accuracy", &Record::accuracy, "accuracy", true, "accuracy", "accuracy", "test"},
    {"ema_accuracy", &Record::ema_accuracy, "averaged", true, "accuracy", "accuracy", "averaged"},
    {"mean_iou", &Record::mean_iou, "mean IoU", true, "mean_iou", "mean IoU", "held out"},
    {"average_precision", &Record::average_precision, "average precision", true, "average_precision",
     "average precision", "held out"}};

std::string line_of(const Record& record) {
  nlohmann::ordered_json line{{"event", record.epoch_ends ? "epoch" : "step"},
                              {"step", record.step},
                              {"epoch", record.epoch},
                              {"loss", record.loss},
                              {"rate", record.rate},
                              {"images_per_second", record.images_per_second}};
  for (const Extra& extra : extras)
    if (const auto& value = record.*extra.member) line[extra.key] = *value;
  return line.dump() + "\n";
}

/// The record that a line is; none, if it is no line of a log.
std::optional<Record> record_of(const std::string& text) {
  const nlohmann::json line = nlohmann::json::parse(text, nullptr, false);
  auto number = [&](const char* key) { return line.contains(key) && line[key].is_number(); };
  if (!line.is_object() || !number("step") || !number("epoch") || !number("loss") || !number("rate")) return {};
  if (!number("images_per_second") || !line["step"].is_number_integer()) return {};
  Record record{line.contains("event") && line["event"] == "epoch",
                line["step"].get<mae::Index>(),
                line["epoch"].get<double>(),
                line["loss"].get<double>(),
                line["rate"].get<double>(),
                line["images_per_second"].get<double>()};
  for (const auto& [key, value] : line.items())
    for (const Extra& extra : extras)
      if (mae::name_now(key) == extra.key && value.is_number()) record.*extra.member = value.get<double>();
  return record;
}

/// Null: the loss.
mae::Curve curve(const std::vector<Record>& records, const char* label, Metric member) {
  mae::Curve result{label, {}, {}};
  for (const Record& record : records) {
    if (!record.epoch_ends || (member && !(record.*member))) continue;
    result.x.push_back(record.epoch);
    result.y.push_back(member ? *(record.*member) : record.loss);
  }
  return result;
}

}  // namespace

std::string in_words(const Record& record) {
  std::string text;
  for (const Extra& extra : extras)
    if (const auto& value = record.*extra.member)
      text += std::string("  ") + extra.words + " " +
              (extra.percent ? mae::decimal_text(100 * *value, 1) + " %" : mae::decimal_text(*value, 4));
  return text;
}

std::vector<Record> read_log(const std::string& path, mae::Index step, std::string* lines) {
  std::vector<Record> records;
  if (::access(path.c_str(), F_OK) != 0) return records;
  const std::vector<char> bytes = mae::read_file<char>(path);
  for (auto begin = bytes.begin(); begin != bytes.end();) {
    const auto end = std::find(begin, bytes.end(), '\n');
    if (end == bytes.end()) break;
    const std::string line(begin, end + 1);
    if (const auto record = record_of(line); record && record->step <= step) {
      if (lines) *lines += line;
      records.push_back(*record);
    }
    begin = end + 1;
  }
  return records;
}

Log::Log(const std::string& path, mae::Index step) : path_(path) {
  std::string kept;
  records_ = read_log(path, step, &kept);
  mae::write_file(path, kept.data(), static_cast<mae::Index>(kept.size()));
  file_ = mae::detail::Descriptor(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (!file_.valid()) mae::detail::fail_with_errno(path, "opening", "a file that can be written");
}

void Log::write(const Record& record) {
  const std::string line = line_of(record);
  for (std::size_t done = 0; done < line.size();) {
    const auto put = ::write(file_.number(), line.data() + done, line.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) mae::detail::fail_with_errno(path_, "writing", "a file that can be written");
    done += static_cast<std::size_t>(put);
  }
  records_.push_back(record);
}

void Log::draw(const std::string& folder, const std::string& title) const {
  std::map<std::string, mae::Plot> plots;
  const auto add = [&](const std::string& name, const char* axis, mae::Curve&& curve) {
    if (!curve.x.empty())
      plots.try_emplace(name, mae::Plot{title, "epoch", axis, {}}).first->second.curves.push_back(std::move(curve));
  };
  add("loss", "loss", curve(records_, "training", nullptr));
  for (const Extra& extra : extras) add(extra.plot, extra.axis, curve(records_, extra.curve, extra.member));
  for (const auto& [name, plot] : plots) mae::write_png(folder + "/" + name + ".png", mae::draw_plot(plot));
}

}  // namespace program
