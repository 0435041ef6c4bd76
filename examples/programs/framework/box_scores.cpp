#include "box_scores.hpp"

#include <mae/io/images/png.hpp>
#include <mae/plot/overlay.hpp>

#include "panel_image.hpp"

#include <algorithm>

namespace program {

void tell_lines(const char* title, const std::string& text) {
  for (std::size_t from = 0, to = 0; (to = text.find('\n', from)) != text.npos; from = to + 1)
    report(title, text.substr(from, to - from));
}

BoxScores::BoxScores(const OpenedBoxes& opened, const std::vector<mae::Index>& numbers, ClassNames names,
                     const DataSettings& settings, bool stops)
    : names_(std::move(names)),
      settings_(settings),
      images_(opened, numbers, settings, stops),
      set_(part_of(opened.annotations(), numbers)),
      ids_(category_ids(set_, opened.class_names())),
      objects_(objects_by_image(set_, ids_)),
      evaluated_(set_) {}

std::vector<mae::CocoResult> BoxScores::results(const Predictor& predictor, const BoxLooking& looking,
                                                const UseCandidates& use) const {
  std::vector<mae::CocoResult> all;
  const auto add = [&](mae::Index i, const std::vector<mae::Detection>& candidates, const auto&) {
    for (const mae::Detection& one : mae::kept(candidates, looking.options))
      if (const auto k = static_cast<std::size_t>(one.label); k < ids_.size() && ids_[k])  // the annotations know it
        all.push_back({set_.images[static_cast<std::size_t>(i)].id, *ids_[k], one.box.x0, one.box.y0, one.box.width(),
                       one.box.height(), one.score});
    use(i, candidates);
  };
  each_detected(predictor, images_, looking.options, looking.batch, names_.count, add);
  return all;
}

mae::DetectionScores BoxScores::scores(const std::vector<mae::CocoResult>& found) const {
  return mae::average_precision(evaluated_.images(), evaluated_.categories(), evaluated_.truths<mae::CocoBox>(),
                                evaluated_.results<mae::CocoBox>(found));
}

void BoxScores::draw(const Predictor& predictor, const BoxLooking& looking, const std::vector<mae::Index>& which,
                     const std::string& path) const {
  std::vector<mae::Index> numbers;
  for (const mae::Index i : which) numbers.push_back(images_.number(i));
  const NewImages images(images_.opened(), numbers, settings_);
  std::vector<std::vector<mae::Image>> rows(which.size());
  const auto use = [&](mae::Index i, const std::vector<mae::Detection>& candidates,
                       std::pair<mae::Index, mae::Index> size) {
    std::vector<mae::Detection> found = mae::kept(candidates, looking.options);
    std::erase_if(found, [&](const mae::Detection& one) { return one.score < looking.shown_score; });
    std::vector<mae::LabelledBox> truth = objects_[static_cast<std::size_t>(which[static_cast<std::size_t>(i)])];
    images.with_image(i, [&](const mae::ImageView& view) {
      const mae::Image shown = panel_image(view, 224);
      const double down = static_cast<double>(shown.height) / static_cast<double>(size.first),
                   across = static_cast<double>(shown.width) / static_cast<double>(size.second);
      const auto fit = [&](mae::Box& box) { box = {box.x0 * across, box.y0 * down, box.x1 * across, box.y1 * down}; };
      for (auto& one : truth) fit(one.box);
      for (auto& one : found) fit(one.box);
      rows[static_cast<std::size_t>(i)] = {
          mae::with_boxes(shown, std::span<const mae::LabelledBox>(truth), names_.names),
          mae::with_boxes(shown, std::span<const mae::Detection>(found), names_.names)};
    });
  };
  each_detected(predictor, images, looking.options, looking.batch, names_.count, use);
  std::erase_if(rows, [](const auto& row) { return row.empty(); });
  mae::write_png(path, mae::image_grid({"truth", "found, score " + plain(looking.shown_score) + " or more"}, rows));
}

std::vector<mae::Index> BoxScores::write(const Predictor& predictor, const BoxLooking& looking,
                                         const std::string& folder) const {
  mae::MissedObjects missed(predictor.classes);
  mae::MissedObjectsOptions options{.score_threshold = looking.shown_score};
  options.suppression = {looking.options.iou_threshold, looking.options.most, false};
  std::vector<mae::Index> mistakes(static_cast<std::size_t>(images_.size())), order;
  const auto found = results(predictor, looking, [&](mae::Index i, const std::vector<mae::Detection>& candidates) {
    const auto& objects = objects_[static_cast<std::size_t>(i)];
    missed.add(objects, candidates, options);
    const mae::ImageFates fates = mae::image_fates(objects, candidates, options);
    for (const mae::ObjectFate fate : fates.objects)
      mistakes[static_cast<std::size_t>(i)] += fate != mae::ObjectFate::found && fate != mae::ObjectFate::ignored;
    for (const mae::DetectionFate fate : fates.detections)
      mistakes[static_cast<std::size_t>(i)] += fate != mae::DetectionFate::right && fate != mae::DetectionFate::ignored;
    order.push_back(i);
  });
  mae::write_coco_results(folder + "/predictions.json", found);
  mae::write_coco(folder + "/held_out.json", set_);
  tell(scores(found), missed, folder);
  std::stable_sort(order.begin(), order.end(), [&](mae::Index a, mae::Index b) {
    return mistakes[static_cast<std::size_t>(a)] > mistakes[static_cast<std::size_t>(b)];
  });
  return order;
}

void BoxScores::tell(const mae::DetectionScores& found, const mae::MissedObjects& missed,
                     const std::string& folder) const {
  nlohmann::ordered_json all, categories = nlohmann::json::array();
  for (const mae::NamedScore& score : found.summary()) {
    report(score.name.c_str(), decimal(score.value, 3) + "  (" + score.of + ")");
    all[score.name] = score.value;
  }
  const mae::CategoryClasses& classes = evaluated_.classes();
  tell_lines("categories", found.table(classes.names()));
  tell_lines("missed", missed.text());
  for (mae::Index k = 0; k < classes.count(); ++k)
    categories.push_back({{"id", classes.id(static_cast<std::int32_t>(k))},
                          {"name", mae::json_name(classes.names()[static_cast<std::size_t>(k)])},
                          {"truths", found.truths(k)},
                          {"AP", found.average_precision({.category = k})},
                          {"AP50", found.average_precision({.threshold = 0, .category = k})},
                          {"AR", found.average_recall({.category = k})}});
  all["categories"] = categories;
  const std::string text = all.dump(1) + "\n";
  mae::write_file(folder + "/scores.json", text.data(), static_cast<mae::Index>(text.size()));
}

}  // namespace program
