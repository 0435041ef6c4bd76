// How good detections are: precision and recall of all categories, thresholds, sizes and numbers, and means of them.
//
// What is counted says average_precision.hpp; here are the numbers that come of it, and COCO's summary. A category
// without truths that count has -1 and is left out of means; a mean of nothing is -1. AP is the mean of precisions over
// recalls, thresholds and categories, AR that of the last recalls.
#pragma once
#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <mae/core/error.hpp>
#include <mae/core/number_text.hpp>
#include <mae/core/product.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Truths with an area outside of [low, high] do not count, nor do detections outside that find none.
struct AreaRange {
  std::string name;
  double low, high;
};

struct AveragePrecisionOptions {
  std::vector<double> thresholds = coco_thresholds();  ///< least overlaps
  std::vector<Index> most = {1, 10, 100};              ///< detections looked at, of an image and category; ascending
  std::vector<AreaRange> areas = {{"all", 0, 1e10}, {"small", 0, 1024}, {"medium", 1024, 9216}, {"large", 9216, 1e10}};

  /// 0.5, 0.55, ..., 0.95, with the bits that NumPy gives them.
  static std::vector<double> coco_thresholds() {
    std::vector<double> thresholds;
    for (int i = 0; i < 9; ++i) thresholds.push_back(.5 + math::product(i, (.95 - .5) / 9));
    thresholds.push_back(.95);
    return thresholds;
  }
};

/// One number of the summary, and what it is a mean of.
struct NamedScore {
  std::string name;  ///< "AP50"
  double value;
  std::string of;  ///< "IoU 0.50, area all, at most 100 detections"
  std::string text() const { return name + " " + decimal_text(value, 3) + "  (" + of + ")"; }
};

/// Precision and recall of all categories, thresholds, ranges of areas and numbers of detections.
class DetectionScores {
 public:
  static constexpr Index recalls = 101;
  /// The i-th recall at which precision is read, with the bits that NumPy gives it.
  static constexpr double recall_point(Index i) { return i == recalls - 1 ? 1 : static_cast<double>(i) * .01; }

  DetectionScores(Index categories, AveragePrecisionOptions options)
      : options_(std::move(options)),
        categories_(categories),
        recall_(static_cast<std::size_t>(thresholds() * categories * areas() * limits()), -1.),
        precision_(recall_.size() * recalls, -1.),
        truths_(static_cast<std::size_t>(categories * areas())) {
    if (options_.thresholds.empty() || options_.areas.empty() || options_.most.empty() || options_.most[0] < 1 ||
        !std::is_sorted(options_.most.begin(), options_.most.end()))
      throw Error("average precision", "options that leave nothing to look at",
                  "thresholds, areas, and numbers of detections in ascending order from 1");
  }

  const AveragePrecisionOptions& options() const { return options_; }
  Index categories() const { return categories_; }
  Index thresholds() const { return static_cast<Index>(options_.thresholds.size()); }
  Index areas() const { return static_cast<Index>(options_.areas.size()); }
  Index limits() const { return static_cast<Index>(options_.most.size()); }

  /// At threshold t, recall point r, of category k, range a and limit m; -1 if there are no truths.
  double& precision(Index t, Index r, Index k, Index a, Index m) { return precision_[at(t * recalls + r, k, a, m)]; }
  double precision(Index t, Index r, Index k, Index a, Index m) const {
    return precision_[at(t * recalls + r, k, a, m)];
  }
  double& recall(Index t, Index k, Index a, Index m) { return recall_[at(t, k, a, m)]; }
  double recall(Index t, Index k, Index a, Index m) const { return recall_[at(t, k, a, m)]; }
  /// Truths of category k that count in range a.
  Index& truths(Index k, Index a) { return truths_[static_cast<std::size_t>(k * areas() + a)]; }
  Index truths(Index k, Index a = 0) const { return truths_[static_cast<std::size_t>(k * areas() + a)]; }
  /// All of them, [thresholds, recalls, categories, areas, limits] and [thresholds, categories, areas, limits].
  const std::vector<double>& precisions() const { return precision_; }
  const std::vector<double>& last_recalls() const { return recall_; }

  /// What a mean is taken over; -1 is all thresholds or categories, or the largest limit.
  struct Choice {
    Index threshold = -1, category = -1, area = 0, limit = -1;
  };
  double average_precision(const Choice& choice) const {
    return mean(choice, [&](Index t, Index k, Index m, auto& add) {
      for (Index r = 0; r < recalls; ++r) add(precision(t, r, k, choice.area, m));
    });
  }
  double average_precision() const { return average_precision(Choice{}); }
  double average_recall(const Choice& choice) const {
    return mean(choice, [&](Index t, Index k, Index m, auto& add) { add(recall(t, k, choice.area, m)); });
  }

  /// COCO's twelve numbers, if the options are COCO's: AP, AP50, AP75, AP of each range of areas but the first, AR of
  /// each limit, AR of each range but the first. All but the ARs of limits look at the largest limit.
  std::vector<NamedScore> summary() const {
    std::vector<NamedScore> scores;
    const auto add = [&](const std::string& name, const Choice& choice, bool precise) {
      const auto place = [](Index i) { return static_cast<std::size_t>(i); };
      const std::vector<double>& t = options_.thresholds;
      const std::string overlap = choice.threshold >= 0 ? decimal_text(t[place(choice.threshold)], 2)
                                  : t.size() == 1       ? decimal_text(t[0], 2)
                                                        : decimal_text(t[0], 2) + ":" + decimal_text(t.back(), 2);
      const Index m = choice.limit < 0 ? limits() - 1 : choice.limit;
      scores.push_back({name, precise ? average_precision(choice) : average_recall(choice),
                        "IoU " + overlap + ", area " + options_.areas[place(choice.area)].name + ", at most " +
                            std::to_string(options_.most[place(m)]) + " detections"});
    };
    add("AP", {}, true);
    for (Index t = 0; t < thresholds(); ++t)
      if (const double value = options_.thresholds[static_cast<std::size_t>(t)]; value == .5 || value == .75)
        add(value == .5 ? "AP50" : "AP75", {.threshold = t}, true);
    for (Index a = 1; a < areas(); ++a) add("AP " + area_name(a), {.area = a}, true);
    for (Index m = 0; m < limits(); ++m)
      add("AR" + std::to_string(options_.most[static_cast<std::size_t>(m)]), {.limit = m}, false);
    for (Index a = 1; a < areas(); ++a) add("AR " + area_name(a), {.area = a}, false);
    return scores;
  }

  /// A line for each category: its name, its truths, AP, AP at the first threshold, and AR; "-" where there are none.
  std::string table(std::span<const std::string> names) const {
    if (static_cast<Index>(names.size()) != categories_)
      throw Error("names of categories", std::to_string(names.size()), std::to_string(categories_));
    std::size_t width = 8;
    for (const std::string& name : names) width = (std::max)(width, name.size());
    const auto cell = [](const std::string& text, std::size_t size, bool left = false) {
      const std::string space(size > text.size() ? size - text.size() : 0, ' ');
      return left ? text + space : space + text;
    };
    const auto number = [&](double value) { return cell(value > -1 ? decimal_text(value, 3) : "-", 8); };
    const std::string first_ap = "AP" + short_text(100 * options_.thresholds[0], 3);
    std::string text =
        cell("category", width, true) + cell("truths", 9) + cell("AP", 8) + cell(first_ap, 8) + cell("AR", 8) + "\n";
    for (Index k = 0; k < categories_; ++k)
      text += cell(printable(names[static_cast<std::size_t>(k)]), width, true) + cell(std::to_string(truths(k)), 9) +
              number(average_precision({.category = k})) + number(average_precision({.threshold = 0, .category = k})) +
              number(average_recall({.category = k})) + "\n";
    return text;
  }

 private:
  AveragePrecisionOptions options_;
  Index categories_;
  std::vector<double> recall_, precision_;
  std::vector<Index> truths_;

  std::size_t at(Index outer, Index k, Index a, Index m) const {
    return static_cast<std::size_t>(((outer * categories_ + k) * areas() + a) * limits() + m);
  }
  const std::string& area_name(Index a) const { return options_.areas[static_cast<std::size_t>(a)].name; }
  template <class Values>
  double mean(const Choice& choice, const Values& values) const {
    double sum = 0;
    Index count = 0;
    const auto add = [&](double value) {
      if (value > -1) sum += value, ++count;
    };
    const auto each = [](Index one, Index all, const auto& use) {
      for (Index i = one < 0 ? 0 : one; i < (one < 0 ? all : one + 1); ++i) use(i);
    };
    each(choice.threshold, thresholds(), [&](Index t) {
      each(choice.category, categories_,
           [&](Index k) { values(t, k, choice.limit < 0 ? limits() - 1 : choice.limit, add); });
    });
    return count > 0 ? sum / static_cast<double>(count) : -1;
  }
};

}  // namespace mae
MAE_PRECISE_END
