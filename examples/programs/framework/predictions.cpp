#include "predictions.hpp"

#include <mae/eval/top_classes.hpp>
#include <mae/io/annotations/class_map_png.hpp>
#include <mae/plot/overlay.hpp>

#include "display.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

namespace program {
namespace {

using json = nlohmann::ordered_json;

/// A JSON list, an entry a line.
void write_list(const std::string& path, const std::vector<json>& entries) {
  std::string text = "[";
  for (const json& entry : entries) text += (text.size() > 1 ? ",\n" : "\n") + entry.dump();
  text += "\n]\n";
  mae::write_file(path, text.data(), static_cast<mae::Index>(text.size()));
}

/// A path in `folder` whose own folder is there.
std::string place_for(const std::string& folder, const std::string& name) {
  const std::string path = folder + "/" + name;
  std::error_code failed;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), failed);
  if (failed) throw mae::Error(path, "\"" + failed.message() + "\" on making its folder", "one that can be made");
  return path;
}

/// The names of PNG files for images: their own without the ending or, where two would be one, with it. Nothing leads
/// out of a folder.
class PngNames {
 public:
  explicit PngNames(const NewImages& images) {
    std::set<std::string> stems;
    for (mae::Index i = 0; i < images.size(); ++i) distinct_ = stems.insert(stem(images.name(i))).second && distinct_;
  }
  std::string of(const std::string& image) const { return (distinct_ ? stem(image) : inside(image)) + ".png"; }

 private:
  static std::string inside(const std::string& name) {
    std::string path;
    for (const auto& part : std::filesystem::path(name).relative_path())
      if (part != "." && part != "..") path += (path.empty() ? "" : "/") + part.string();
    return path;
  }
  static std::string stem(const std::string& name) {
    const std::string path = inside(name);
    const auto point = path.rfind('.'), slash = path.rfind('/');
    return point == path.npos || (slash != path.npos && point < slash) ? path : path.substr(0, point);
  }
  bool distinct_ = true;
};

mae::Image copy_of(const mae::ImageView& image) {
  const auto size = static_cast<std::size_t>(image.channels * image.height * image.width);
  return {image.channels, image.height, image.width, {image.pixels, image.pixels + size}};
}
/// How far an image is enlarged to be looked at.
mae::Index drawn_scale(const mae::ImageView& image) {
  return std::max<mae::Index>(1, 256 / std::max<mae::Index>(1, std::min(image.height, image.width)));
}

json class_entry(const ClassNames& names, mae::Index label) {
  json entry{{"label", label}};
  if (!names(label).empty()) entry["class"] = mae::json_name(names(label));
  return entry;
}

}  // namespace

void each_classified(const Predictor& predictor, const NewImages& images, const std::vector<mae::Augmentation>& crops,
                     mae::Index batch, mae::Index classes, const UseProbabilities& use) {
  constexpr mae::Index at_once = 1024;
  const mae::Index K = predictor.classes;
  std::vector<double> known(static_cast<std::size_t>(classes));
  for (mae::Index begin = 0; begin < images.size(); begin += at_once) {
    const SomeImages some{images, begin, std::min(begin + at_once, images.size())};
    const mae::MeanProbabilities found = predictor.classify(some, crops, batch);
    for (mae::Index i = 0; i < some.size(); ++i) {
      if (!images.read(begin + i)) continue;
      double sum = 0;
      for (mae::Index k = 0; k < classes; ++k) sum += found.of[static_cast<std::size_t>(i * K + k)];
      for (mae::Index k = 0; k < classes; ++k)
        known[static_cast<std::size_t>(k)] = found.of[static_cast<std::size_t>(i * K + k)] / sum;
      if (!mae::is_finite(sum) || !(sum > 0))
        throw mae::Error(images.name(begin + i), "probabilities that are no numbers", "finite weights");
      use(begin + i, known);
    }
  }
}

void each_detected(const Predictor& predictor, const NewImages& images, const mae::DetectionOptions& options,
                   mae::Index batch, mae::Index classes, const UseBoxes& use) {
  predictor.detect(images, options, batch,
                   [&](mae::Index i, const std::vector<mae::Detection>& candidates, const mae::Placement& placement) {
                     if (!images.read(i)) return;
                     const auto [height, width] = images.file_size(i);
                     const double down = static_cast<double>(height) / placement.box.height,
                                  across = static_cast<double>(width) / placement.box.width;
                     std::vector<mae::Detection> found;
                     for (mae::Detection one : candidates) {
                       if (one.label >= classes) continue;
                       const mae::Box box = mae::to_image(placement, one.box);
                       one.box = {box.x0 * across, box.y0 * down, box.x1 * across, box.y1 * down};
                       found.push_back(one);
                     }
                     use(i, found, {height, width});
                   });
}

void each_segmented(const Predictor& predictor, const NewImages& images, const mae::SlidingWindow& window,
                    const UseMap& use) {
  const Predictor::Segment segment = predictor.segmenter(window);
  std::vector<std::uint8_t> map;
  for (mae::Index i = 0; i < images.size(); ++i)
    images.with_image(i, [&](const mae::ImageView& image) {
      if (!images.read(i)) return;
      const auto [height, width] = images.file_size(i);
      segment(image, height, width, map);
      use(i, image, map, {height, width});
    });
}

std::string write_classes(const std::string& folder, const Predictor& predictor, const NewImages& images,
                          const std::vector<mae::Augmentation>& crops, mae::Index batch, const ClassNames& names,
                          const Telling& telling) {
  const mae::Index top = std::min(telling.top, names.count);
  std::vector<std::string> columns{"file"};
  for (mae::Index k = 1; k <= top; ++k)
    for (const char* const column : {"label", "class", "probability"})
      columns.push_back(column + (k > 1 ? "_" + std::to_string(k) : std::string()));
  Table table(columns);
  std::vector<json> all;
  const PngNames drawn(images);
  const Watched watched(images);
  each_classified(predictor, images, crops, batch, names.count, [&](mae::Index i, std::span<const double> given) {
    std::vector<std::string> row{images.name(i)};
    json classes = json::array();
    for (const mae::Index k : mae::top_classes(given, top)) {
      const double probability = given[static_cast<std::size_t>(k)];
      row.insert(row.end(), {std::to_string(k), names(k), table_number(probability)});
      json entry = class_entry(names, k);
      entry["probability"] = probability;
      classes.push_back(entry);
    }
    table.add(row);
    all.push_back({{"file", mae::json_name(row[0])}, {"classes", classes}});
    if (!telling.draws) return;
    images.with_image(i, [&](const mae::ImageView& image) {
      const std::string caption = (row[2].empty() ? row[1] : row[2]) + " " + row[3];
      const mae::Image shown = mae::colour_canvas(copy_of(image), drawn_scale(image));
      mae::write_png(place_for(folder + "/drawn", drawn.of(row[0])), mae::image_grid({caption}, {{shown}}));
    });
  });
  table.write(folder + "/predicted.csv");
  write_list(folder + "/predicted.json", all);
  return "predicted.csv, predicted.json" + std::string(telling.draws ? ", drawn" : "");
}

std::string write_boxes(const std::string& folder, const Predictor& predictor, const NewImages& images,
                        const mae::DetectionOptions& options, mae::Index batch, const ClassNames& names,
                        const std::vector<std::int64_t>& categories, const Telling& telling) {
  Table table({"file", "category_id", "class", "score", "x", "y", "width", "height"});
  mae::AnnotationSet set{.source = images.opened().place()};
  for (std::size_t k = 0; k < categories.size(); ++k)
    set.categories.push_back({categories[k], names.called(static_cast<mae::Index>(k))});
  std::vector<mae::CocoResult> all;
  const PngNames drawn(images);
  const Watched watched(images);
  const auto use = [&](mae::Index i, const std::vector<mae::Detection>& candidates,
                       std::pair<mae::Index, mae::Index> size) {
    const std::string name = images.name(i);
    std::vector<mae::Detection> found = mae::kept(candidates, options);
    set.images.push_back({i + 1, name, size.first, size.second});
    for (const mae::Detection& one : found) {
      const std::int64_t category = categories[static_cast<std::size_t>(one.label)];
      all.push_back({i + 1, category, one.box.x0, one.box.y0, one.box.width(), one.box.height(), one.score});
      table.add({name, std::to_string(category), names(one.label), table_number(one.score), table_number(one.box.x0),
                 table_number(one.box.y0), table_number(one.box.width()), table_number(one.box.height())});
    }
    if (!telling.draws) return;
    std::erase_if(found, [&](const mae::Detection& one) { return one.score < telling.shown_score; });
    images.with_image(i, [&](const mae::ImageView& image) {
      const double down = static_cast<double>(image.height) / static_cast<double>(size.first),
                   across = static_cast<double>(image.width) / static_cast<double>(size.second);
      for (mae::Detection& one : found)
        one.box = {one.box.x0 * across, one.box.y0 * down, one.box.x1 * across, one.box.y1 * down};
      mae::write_png(
          place_for(folder + "/drawn", drawn.of(name)),
          mae::with_boxes(copy_of(image), std::span<const mae::Detection>(found), names.names, drawn_scale(image)));
    });
  };
  each_detected(predictor, images, options, batch, names.count, use);
  table.write(folder + "/predicted.csv");
  mae::write_coco_results(folder + "/predicted.json", all);
  mae::write_coco(folder + "/predicted_images.json", set);
  return "predicted.csv, predicted.json, predicted_images.json" + std::string(telling.draws ? ", drawn" : "");
}

void write_map(const std::string& path, std::vector<std::uint8_t> map, std::pair<mae::Index, mae::Index> size,
               mae::Index in_files) {
  for (std::uint8_t& c : map) c = static_cast<std::uint8_t>(c + in_files);
  mae::write_class_map_png(place_for(path.substr(0, path.rfind('/')), path.substr(path.rfind('/') + 1)),
                           {map.data(), size.first, size.second});
}

std::string write_maps(const std::string& folder, const Predictor& predictor, const NewImages& images,
                       const mae::SlidingWindow& window, const ClassNames& names, mae::Index in_files,
                       const Telling& telling) {
  Table table({"file", "class_map", "number", "class", "pixels", "share"});
  std::vector<json> all;
  const PngNames maps(images);
  const Watched watched(images);
  const auto use = [&](mae::Index i, const mae::ImageView& image, const std::vector<std::uint8_t>& map,
                       std::pair<mae::Index, mae::Index> size) {
    const std::string name = images.name(i), file = "predicted/" + maps.of(name);
    write_map(folder + "/" + file, map, size, in_files);
    std::array<mae::Index, 256> pixels{};
    for (const std::uint8_t c : map) ++pixels[c];
    json classes = json::array();
    for (mae::Index c = 0; c < 256; ++c) {
      const mae::Index count = pixels[static_cast<std::size_t>(c)];
      if (count == 0) continue;
      const double share = static_cast<double>(count) / static_cast<double>(map.size());
      table.add({name, file, std::to_string(c + in_files), names(c), std::to_string(count), table_number(share)});
      json entry{{"number", c + in_files}};
      if (!names(c).empty()) entry["class"] = mae::json_name(names(c));
      entry["pixels"] = count;
      classes.push_back(entry);
    }
    all.push_back({{"file", mae::json_name(name)},
                   {"class_map", mae::json_name(file)},
                   {"height", size.first},
                   {"width", size.second},
                   {"classes", classes}});
    if (!telling.draws) return;
    std::vector<std::uint8_t> fitted;
    const auto [height, width] = size;
    mae::ClassMap::place({map.data(), height, width},
                         {image.height, image.width, {0, 0, static_cast<double>(height), static_cast<double>(width)}},
                         fitted);
    mae::write_png(place_for(folder + "/drawn", maps.of(name)),
                   mae::with_classes(copy_of(image), {fitted.data(), image.height, image.width}, in_files > 0 ? -1 : 0,
                                     drawn_scale(image)));
  };
  each_segmented(predictor, images, window, use);
  table.write(folder + "/predicted.csv");
  write_list(folder + "/predicted.json", all);
  return "predicted, predicted.csv, predicted.json" + std::string(telling.draws ? ", drawn" : "");
}

}  // namespace program
