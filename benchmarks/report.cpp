// Makes tables and images of what the benchmarks have written.
//
// Usage: report RESULTS FOLDER [DOCUMENT [MARK = results]]. RESULTS are JSON lines; FOLDER gets table.md, roofline.png
// and one image of every sweep. In DOCUMENT, what stands between the lines `<!-- MARK -->` and `<!-- end of MARK -->`
// becomes the tables.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <limits>
#include <map>
#include <sstream>

#include <mae/io/images/png.hpp>
#include <mae/plot/line_plot.hpp>
#include <nlohmann/json.hpp>

namespace {

using mae::Curve;
using Row = nlohmann::ordered_json;
using Rows = std::vector<Row>;

Rows read(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw mae::Error(path, "no file that can be read", "the JSON lines of the benchmarks");
  Rows rows;
  for (std::string line; std::getline(file, line);) rows.push_back(Row::parse(line));
  return rows;
}

std::string text(const Row& row, const char* key) { return row.contains(key) ? row[key].get<std::string>() : ""; }
double number(const Row& row, const char* key) { return row.contains(key) ? row[key].get<double>() : 0.0; }

/// `value` with `decimals`, and `unit`.
std::string say(double value, int decimals, const char* unit = "") {
  char text[64];
  std::snprintf(text, sizeof(text), "%.*f%s", decimals, value, unit);
  return text;
}
std::string percent(double share) { return say(100 * share, 0, " %"); }
/// With three digits.
std::string speed(double value) { return say(value, value < 10 ? 2 : value < 100 ? 1 : 0); }

class GeometricMean {
 public:
  void add(double value) { sum_ += std::log(value), ++count_; }
  double value() const { return count_ ? std::exp(sum_ / count_) : 0; }
  int count() const { return count_; }

 private:
  double sum_ = 0;
  int count_ = 0;
};

void machine(const Rows& rows, std::ostream& out) {
  for (const Row& row : rows)
    if (text(row, "name") == "machine") {
      out << "Machine: " << text(row, "processor") << ", " << row["threads"] << " threads, "
          << text(row, "instructions") << ", compiler " << text(row, "compiler")
          << ".\n\n| limit | one thread | all |\n|---|---:|---:|\n";
      const char* limits[][2] = {
          {"float_gflops", "float, GFLOP/s"}, {"bf16_gflops", "bf16, GFLOP/s"}, {"memory_gbytes", "memory, GB/s"}};
      for (const auto& [key, title] : limits)
        out << "| " << title << " | " << speed(number(row, (std::string(key) + "_one_thread").c_str())) << " | "
            << speed(number(row, key)) << " |\n";
      out << '\n';
    }
}

/// Products: geometric means of shares of the peak, ours and the peers', of each model and of each role.
void products(const Rows& rows, std::ostream& out) {
  std::map<std::string, std::map<std::string, GeometricMean>> means;  // of each line of the table, by who
  std::map<std::string, bool> peers;
  std::string last;
  const bool large =
      std::any_of(rows.begin(), rows.end(), [](const Row& row) { return text(row, "layers") == "vit-large"; });
  for (const Row& row : rows) {
    if (!row.contains("layers")) continue;
    const std::string layers = text(row, "layers"), type = text(row, "type"), peer = text(row, "peer_name");
    std::vector<std::string> lines;
    if (layers != "vit-large") lines.push_back(type + " | ViT-B | all roles");
    if (layers != "vit-base" && large) lines.push_back(type + " | ViT-L | all roles");
    lines.push_back(type + " | all | all roles");
    lines.push_back(type + " | all | " + text(row, "role"));
    for (const std::string& line : lines) {
      if (text(row, "name") != last) means[line][""].add(number(row, "peak_fraction"));
      if (!peer.empty()) means[line][peer].add(number(row, "peer_peak_fraction")), peers[peer] = true;
    }
    last = text(row, "name");
  }
  if (means.empty()) return;
  out << "### Products\n\nGeometric means of shares of the peak.\n\n| type | layers | role | products | mae |";
  for (const auto& [peer, known] : peers) out << ' ' << peer << " |";
  out << "\n|---|---|---|---:|---:|";
  for (std::size_t i = 0; i < peers.size(); ++i) out << "---:|";
  for (auto& [line, by] : means) {
    out << "\n| " << line << " | " << by[""].count() << " | **" << percent(by[""].value()) << "** |";
    for (const auto& [peer, known] : peers) out << ' ' << (by.contains(peer) ? percent(by[peer].value()) : "") << " |";
  }
  out << "\n\n";
}

/// What large products and copies reached on a GPU: the fastest seen in each type beside its steps.
void gpus(const Rows& rows, std::ostream& out) {
  std::map<std::string, std::pair<double, double>> limits;
  for (const Row& row : rows)
    if (row.contains("peak_tflops")) {
      auto& [products, copies] = limits[text(row, "device") + " | " + text(row, "type")];
      products = std::max(products, number(row, "peak_tflops"));
      copies = std::max(copies, number(row, "memory_gbytes"));
    }
  if (limits.empty()) return;
  out << "| GPU | type | large products, TFLOP/s | copies, GB/s |\n|---|---|---:|---:|\n";
  for (const auto& [line, limit] : limits)
    out << "| " << line << " | " << speed(limit.first) << " | " << speed(limit.second) << " |\n";
  out << '\n';
}

/// Steps: ours beside the fastest of PyTorch's, with the memory that each needs: on a GPU, of the GPU's.
void steps(const Rows& rows, std::ostream& out) {
  std::vector<std::pair<Row, std::size_t>> lines;  // the row with the fastest peer, and how many peers there were
  for (const Row& row : rows) {
    if (!row.contains("model")) continue;
    const auto same = std::find_if(lines.begin(), lines.end(), [&](const auto& line) {
      return line.first["name"] == row["name"] && line.first["threads"] == row["threads"] &&
             text(line.first, "device") == text(row, "device") && text(line.first, "flags") == text(row, "flags") &&
             text(line.first, "variant") == text(row, "variant");
    });
    if (same == lines.end()) lines.emplace_back(row, row.contains("peer"));
    else if (++same->second; number(row, "peer") > number(same->first, "peer")) same->first = row;
  }
  if (lines.empty()) return;
  std::stable_sort(lines.begin(), lines.end(),
                   [](const auto& a, const auto& b) { return text(a.first, "name") > text(b.first, "name"); });
  out << "### Steps\n\nForward, backward and AdamW. `times` is images a second by those of the same step in the line "
         "above, on all threads. PyTorch is the fastest of the variants measured.\n\n"
         "| step | threads or GPU | images/s | times | of the peak | MiB "
         "| PyTorch images/s | MiB | fastest of | ratio |\n"
         "|---|---:|---:|---:|---:|---:|---:|---:|---|---:|\n";
  Row first;
  for (const auto& [row, variants] : lines) {
    const std::string flags = text(row, "flags"), device = text(row, "device"), variant = text(row, "variant");
    const std::string memory = device.empty() ? "peak_resident_mib" : "device_mib", peer_memory = "peer_" + memory;
    if (first.is_null() || first["name"] != row["name"]) first = row;
    out << "| " << text(row, "name").substr(5) << (variant.empty() ? "" : ", " + variant)
        << (flags.empty() ? "" : ", compiled with `" + flags + "`") << " | "
        << (device.empty() ? row["threads"].dump() : device) << " | **" << speed(number(row, "ours")) << "** | "
        << (row == first ? "" : say(number(row, "ours") / number(first, "ours"), 2)) << " | "
        << percent(number(row, "peak_fraction")) << " | " << say(number(row, memory.c_str()), 0) << " | ";
    if (variants)
      out << speed(number(row, "peer")) << " | " << say(number(row, peer_memory.c_str()), 0) << " | "
          << variants << ": " << text(row, "peer_name") << " | **" << say(number(row, "ratio"), 2) << "** |\n";
    else out << " | | | |\n";
  }
  out << '\n';
}

void convolutions(const Rows& rows, std::ostream& out) {
  bool first = true;
  for (const Row& row : rows) {
    if (!text(row, "name").starts_with("conv3x3")) continue;
    if (first)
      out << "### Convolutions\n\n| convolution | threads | GFLOP/s | of the peak | PyTorch | ratio |\n"
             "|---|---:|---:|---:|---:|---:|\n";
    first = false;
    out << "| " << text(row, "name") << " | " << row["threads"] << " | **" << speed(number(row, "ours")) << "** | "
        << percent(number(row, "peak_fraction")) << " | ";
    if (row.contains("peer")) out << speed(number(row, "peer")) << " | **" << say(number(row, "ratio"), 2) << "** |\n";
    else out << " | |\n";
  }
  if (!first) out << '\n';
}

/// What is built on an encoder, a line for each peer.
void downstream(const Rows& rows, std::ostream& out) {
  bool first = true;
  for (const Row& row : rows) {
    const std::string name = text(row, "name"), title = "downstream ";
    if (!name.starts_with(title)) continue;
    if (first)
      out << "### Detectors and segmenters\n\n| what | threads | images/s | of the peak | MiB | peer | its images/s | "
             "ratio |\n|---|---:|---:|---:|---:|---|---:|---:|\n";
    first = false;
    out << "| " << name.substr(title.size()) << " | " << row["threads"] << " | **" << say(number(row, "ours"), 3)
        << "** | " << percent(number(row, "peak_fraction")) << " | " << say(number(row, "peak_resident_mib"), 0)
        << " | " << text(row, "peer_name") << " | ";
    if (row.contains("peer")) out << say(number(row, "peer"), 3) << " | **" << say(number(row, "ratio"), 2) << "** |\n";
    else out << "| |\n";
  }
  if (!first) out << '\n';
}

void passes(const Rows& rows, std::ostream& out) {
  bool first = true;
  for (const Row& row : rows) {
    if (text(row, "limit") != "memory") continue;
    if (first) out << "### Passes over memory\n\n| kernel | GB/s | of what memory delivers |\n|---|---:|---:|\n";
    first = false;
    out << "| " << text(row, "name") << " | " << speed(number(row, "ours")) << " | "
        << percent(number(row, "peak_fraction")) << " |\n";
  }
  if (!first) out << '\n';
}

/// The points of every curve of every sweep, in the order in which they were measured.
using Sweeps = std::map<std::string, std::map<std::string, Rows>>;
Sweeps sweeps_of(const Rows& rows) {
  Sweeps sweeps;
  for (const Row& row : rows)
    if (row.contains("sweep")) sweeps[text(row, "sweep")][text(row, "curve")].push_back(row);
  return sweeps;
}

void growth(const Rows& rows, std::ostream& out) {
  const Sweeps sweeps = sweeps_of(rows);
  if (sweeps.empty()) return;
  out << "### How cost grows\n\n`times` is images a second by those of the first size.\n\n"
         "| what | of | size | images/s | times | of the peak |\n|---|---|---:|---:|---:|---:|\n";
  for (const auto& [sweep, curves] : sweeps)
    for (const auto& [curve, points] : curves)
      for (const Row& row : points)
        out << "| " << sweep << " | " << curve << " | " << row["x"].get<double>() << " | " << speed(number(row, "ours"))
            << " | " << say(number(row, "ours") / number(points[0], "ours"), 2) << " | "
            << percent(number(row, "peak_fraction")) << " |\n";
  out << '\n';
}

void tables(const Rows& rows, std::ostream& out) {
  machine(rows, out);
  gpus(rows, out);
  products(rows, out);
  convolutions(rows, out);
  steps(rows, out);
  downstream(rows, out);
  passes(rows, out);
  growth(rows, out);
}

/// A curve of small diamonds around points of logarithms.
void add_point(Curve& curve, double x, double y) {
  constexpr double wide = 0.04, high = 0.012, gap = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [right, up] : {std::pair{1, 0}, {0, 1}, {-1, 0}, {0, -1}, {1, 0}}) {
    curve.x.push_back(std::log2(x) + right * wide);
    curve.y.push_back(std::log10(y) + up * high);
  }
  curve.x.push_back(gap);
  curve.y.push_back(gap);
}

/// The roofline (Williams, Waterman and Patterson, 2009): speed over operations a byte, below what memory and the
/// multiply-adds allow.
void roofline(const Rows& rows, const std::string& path) {
  mae::Plot plot{.title = "Products and passes below the limits of the machine",
                 .x_label = "operations a byte of memory, log2",
                 .y_label = "GFLOP/s, log10",
                 .curves = {},
                 .height = 560,
                 .width = 900};
  Curve products{"mae, float", {}, {}}, mixed{"mae, bf16", {}, {}}, kernels{"mae, passes", {}, {}};
  std::map<std::string, Curve> peers;
  for (const Row& row : rows) {
    const double at = number(row, "operations_a_byte");
    if (text(row, "name") == "machine")
      for (const auto& [key, label] : {std::pair{"float_gflops", "limit, float"}, {"bf16_gflops", "limit, bf16"}}) {
        const double peak = number(row, key), memory = number(row, "memory_gbytes");
        if (!(peak > 0)) continue;
        plot.curves.push_back({label, {-2, std::log2(peak / memory), 9}, {}});
        for (const double x : plot.curves.back().x)
          plot.curves.back().y.push_back(std::log10(std::min(peak, memory * std::exp2(x))));
      }
    else if (row.contains("layers")) {
      add_point(text(row, "type") == "bf16" ? mixed : products, at, number(row, "ours"));
      const std::string name = text(row, "peer_name");
      if (!name.empty() && !name.starts_with("Eigen")) {  // one more would take a colour twice
        Curve& peer = peers[name];
        peer.label = name.substr(0, name.find(','));
        add_point(peer, at, number(row, "peer"));
      }
    } else if (text(row, "limit") == "memory") add_point(kernels, at, number(row, "gflops"));
  }
  for (auto& [name, curve] : peers) plot.curves.push_back(std::move(curve));
  for (Curve* const curve : {&products, &mixed, &kernels})
    if (!curve->x.empty()) plot.curves.push_back(std::move(*curve));
  if (plot.curves.empty()) return;
  mae::write_png(path, mae::draw_plot(plot));
}

void growth_images(const Rows& rows, const std::string& folder) {
  for (const auto& [sweep, curves] : sweeps_of(rows)) {
    mae::Plot plot{.title = "Cost of an image", .x_label = sweep, .y_label = "milliseconds", .curves = {}};
    for (const auto& [curve, points] : curves) {
      Curve line{curve, {}, {}};
      for (const Row& row : points) {
        line.x.push_back(number(row, "x"));
        line.y.push_back(1000 / number(row, "ours"));
      }
      plot.curves.push_back(std::move(line));
    }
    std::string name = sweep;
    for (char& letter : name)
      if (!std::isalnum(static_cast<unsigned char>(letter))) letter = '-';
    mae::write_png(folder + "/growth-" + name + ".png", mae::draw_plot(plot));
  }
}

void write(const std::string& path, const std::string& content) {
  std::ofstream file(path);
  if (!(file << content << std::flush)) throw mae::Error(path, "no file that can be written", "one");
}

/// Puts `content` between the two lines of a document that are marked `name`.
void replace_results(const std::string& path, const std::string& name, const std::string& content) {
  std::stringstream document;
  document << std::ifstream(path).rdbuf();
  std::string all = document.str();
  const std::string mark = "<!-- " + name + " -->\n", end_mark = "<!-- end of " + name + " -->\n";
  const std::size_t begin = all.find(mark), end = all.find(end_mark);
  if (begin == std::string::npos || end == std::string::npos)
    throw mae::Error(path, "no place for the results", "the lines " + mark + "and " + end_mark);
  write(path, all.replace(begin + mark.size(), end - begin - mark.size(), "\n" + content));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "usage: report RESULTS FOLDER [DOCUMENT [MARK]]\n"), 1;
  try {
    const Rows rows = read(argv[1]);
    const std::string folder = argv[2];
    std::ostringstream text;
    tables(rows, text);
    write(folder + "/table.md", text.str());
    roofline(rows, folder + "/roofline.png");
    growth_images(rows, folder);
    if (argc > 3) replace_results(argv[3], argc > 4 ? argv[4] : "results", text.str());
    std::cout << text.str();
  } catch (const std::exception& error) { return std::fprintf(stderr, "%s\n", error.what()), 1; }
}
