#include <algorithm>
#include <optional>

#include "log.hpp"

#include <nlohmann/json.hpp>

#include <mae/checkpoint/old_names.hpp>
#include <mae/io/files/atomic_file.hpp>
#include <mae/io/files/input_file.hpp>
#include <mae/io/images/png.hpp>

namespace program {
namespace {

constexpr Line extras[] = {{"validation_loss", &Record::validation_loss},
                           {"knn", &Record::knn},
                           {"accuracy", &Record::accuracy},
                           {"ema_accuracy", &Record::ema_accuracy}};

std::string line_of(const Record& record) {
  nlohmann::ordered_json line{{"event", record.epoch_ends ? "epoch" : "step"},
                              {"step", record.step},
                              {"epoch", record.epoch},
                              {"loss", record.loss},
                              {"rate", record.rate},
                              {"images_per_second", record.images_per_second}};
  for (const auto& [name, member] : extras)
    if (record.*member) line[name] = *(record.*member);
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
    for (const auto& [name, member] : extras)
      if (mae::name_now(key) == name && value.is_number()) record.*member = value.get<double>();
  return record;
}

mae::Curve curve(const std::vector<Record>& records, const char* label, std::optional<double> Record::*member) {
  mae::Curve result{label, {}, {}};
  for (const Record& record : records) {
    if (!record.epoch_ends || (member && !(record.*member))) continue;
    result.x.push_back(record.epoch);
    result.y.push_back(member ? *(record.*member) : record.loss);
  }
  return result;
}

}  // namespace

Log::Log(const std::string& path, mae::Index step) : path_(path) {
  std::string kept;
  if (::access(path.c_str(), F_OK) == 0) {
    const std::vector<char> bytes = mae::read_file<char>(path);
    for (auto begin = bytes.begin(); begin != bytes.end();) {
      const auto end = std::find(begin, bytes.end(), '\n');
      if (end == bytes.end()) break;
      const std::string line(begin, end + 1);
      if (const auto record = record_of(line); record && record->step <= step) {
        kept += line;
        records_.push_back(*record);
      }
      begin = end + 1;
    }
  }
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

void Log::draw_loss(const std::string& path, const std::string& title) const {
  draw(path, {title, "epoch", "loss", {}}, {{"training", nullptr}, {"held out", &Record::validation_loss}});
}
void Log::draw_accuracy(const std::string& path, const std::string& title) const {
  draw(path, {title, "epoch", "accuracy", {}},
       {{"nearest neighbours", &Record::knn}, {"test", &Record::accuracy}, {"averaged", &Record::ema_accuracy}});
}
void Log::draw(const std::string& path, mae::Plot plot, std::initializer_list<Line> lines) const {
  for (const auto& [label, member] : lines)
    if (mae::Curve c = curve(records_, label, member); !c.x.empty()) plot.curves.push_back(std::move(c));
  if (!plot.curves.empty()) mae::write_png(path, mae::draw_plot(plot));
}

}  // namespace program
