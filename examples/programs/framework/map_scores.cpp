#include "map_scores.hpp"

#include <mae/io/images/png.hpp>
#include <mae/plot/class_legend.hpp>

#include "panel_image.hpp"

#include <algorithm>
#include <set>

namespace program {

mae::SegmentationScores MapScores::scores(const Predictor& predictor, const mae::SlidingWindow& window,
                                          const Use& use) const {
  mae::SegmentationScores all(predictor.classes);
  each_segmented(predictor, images_, window,
                 [&](mae::Index i, const mae::ImageView&, const std::vector<std::uint8_t>& map, const auto&) {
                   const mae::Image truth = opened_.own_map(images_.number(i));
                   for (std::size_t p = 0; p < map.size(); ++p)
                     if (truth.pixels[p] < predictor.classes) all.add(truth.pixels[p], map[p]);
                   use(i, truth, map);
                 });
  return all;
}

void MapScores::draw(const Predictor& predictor, const mae::SlidingWindow& window, const std::vector<mae::Index>& which,
                     const std::string& path) const {
  std::vector<mae::Index> numbers;
  for (const mae::Index i : which) numbers.push_back(images_.number(i));
  const NewImages images(opened_, numbers, settings_);
  std::vector<std::vector<mae::Image>> rows;
  std::set<mae::Index> occur;
  const auto use = [&](mae::Index i, const mae::ImageView& image, const std::vector<std::uint8_t>& map, const auto&) {
    const mae::Image truth = opened_.own_map(images.number(i)), shown = panel_image(image, 160);
    const auto tinted = [&](const std::vector<std::uint8_t>& classes) {
      std::vector<std::uint8_t> fitted;
      mae::ClassMap::place(
          {classes.data(), truth.height, truth.width},
          {shown.height, shown.width, {0, 0, static_cast<double>(truth.height), static_cast<double>(truth.width)}},
          fitted);
      return mae::with_classes(shown, {fitted.data(), shown.height, shown.width}, background());
    };
    rows.push_back({shown, tinted(truth.pixels), tinted(map)});
    occur.insert(truth.pixels.begin(), truth.pixels.end());
    occur.insert(map.begin(), map.end());
  };
  each_segmented(predictor, images, window, use);
  occur.erase(mae::ClassMap::ignored);
  occur.erase(background());
  const mae::Image grid = mae::image_grid({"image", "truth", "prediction"}, rows);
  const mae::Image legend = mae::class_legend({occur.begin(), occur.end()}, names_.names, grid.width);
  mae::Image panel = mae::blank_image(3, grid.height + legend.height, std::max(grid.width, legend.width));
  mae::paste(panel, grid, 0, 0);
  mae::paste(panel, legend, grid.height, 0);
  mae::write_png(path, panel);
}

std::pair<mae::SegmentationScores, std::vector<mae::Index>> MapScores::write(const Predictor& predictor,
                                                                             const mae::SlidingWindow& window,
                                                                             const std::string& folder) const {
  std::vector<double> right(static_cast<std::size_t>(images_.size()));
  std::vector<mae::Index> order;
  const mae::SegmentationScores found =
      scores(predictor, window, [&](mae::Index i, const mae::Image& truth, const std::vector<std::uint8_t>& map) {
        const std::string name = images_.name(i);
        write_map(folder + "/predictions/" + name.substr(0, name.rfind('.')) + ".png", map, {truth.height, truth.width},
                  in_files_);
        mae::Index same = 0, all = 0;
        for (std::size_t p = 0; p < map.size(); ++p)
          if (truth.pixels[p] != mae::ClassMap::ignored) same += truth.pixels[p] == map[p], ++all;
        right[static_cast<std::size_t>(i)] = all > 0 ? static_cast<double>(same) / static_cast<double>(all) : 1;
        order.push_back(i);
      });
  tell(found, folder);
  std::stable_sort(order.begin(), order.end(), [&](mae::Index a, mae::Index b) {
    return right[static_cast<std::size_t>(a)] < right[static_cast<std::size_t>(b)];
  });
  return {found, order};
}

void MapScores::tell(const mae::SegmentationScores& found, const std::string& folder) const {
  report("mean IoU", percent(found.mean_iou()) + ", accuracy of classes " + percent(found.mean_accuracy()) +
                         ", of pixels " + percent(found.pixel_accuracy()));
  nlohmann::ordered_json classes = nlohmann::json::array();
  const mae::Index count = std::max(names_.count, images_.class_count());
  for (mae::Index c = 0; c < count; ++c) {
    const std::string called = names_(c);
    nlohmann::ordered_json one{{"class", c},
                               {"in_files", c + in_files_},
                               {"name", mae::json_name(called)},
                               {"iou", nullptr},
                               {"accuracy", nullptr}};
    std::string line = std::to_string(c) + (called.empty() ? "" : " " + called);
    if (in_files_ > 0) line += " (" + std::to_string(c + in_files_) + " in files)";
    if (mae::is_finite(found.iou(c))) {
      one["iou"] = found.iou(c);
      line += ": IoU " + percent(found.iou(c));
      if (mae::is_finite(found.recall(c))) {
        one["accuracy"] = found.recall(c);
        line += ", accuracy " + percent(found.recall(c));
      } else {
        line += ", in no class map";
      }
    } else {
      line += ": in no class map, and never predicted";
    }
    report("class", line);
    classes.push_back(one);
  }
  const nlohmann::ordered_json all{{"mean_iou", found.mean_iou()},
                                   {"mean_accuracy", found.mean_accuracy()},
                                   {"pixel_accuracy", found.pixel_accuracy()},
                                   {"classes", classes}};
  const std::string text = all.dump(1) + "\n";
  mae::write_file(folder + "/scores.json", text.data(), static_cast<mae::Index>(text.size()));
}

}  // namespace program
