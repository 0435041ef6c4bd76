#include "class_scores.hpp"

#include <mae/eval/top_classes.hpp>
#include <mae/io/images/png.hpp>
#include <mae/plot/confusion_image.hpp>
#include <mae/plot/overlay.hpp>

#include "panel_image.hpp"

#include <algorithm>

namespace program {
namespace {

/// What became of an image.
struct Called {
  mae::Index image, label, prediction;
  double probability, of_label, loss;  ///< of the prediction, of the label, -log of that
};

nlohmann::ordered_json number_or_null(double value) {
  return mae::is_finite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

void write_scores(const mae::ConfusionMatrix& matrix, const ClassNames& names, nlohmann::ordered_json all,
                  const std::string& folder) {
  constexpr mae::Index told = 30;
  Table table({"label", "class", "images", "predicted", "precision", "recall", "f1"});
  nlohmann::ordered_json classes = nlohmann::ordered_json::array();
  for (mae::Index c = 0; c < matrix.classes; ++c) {
    const mae::Index truths = matrix.truths(c), predictions = matrix.predictions(c);
    const double precision = matrix.precision(c), recall = matrix.recall(c), f1 = matrix.f1(c);
    table.add({std::to_string(c), names(c), std::to_string(truths), std::to_string(predictions),
               table_number(precision), table_number(recall), table_number(f1)});
    nlohmann::ordered_json one{{"label", c}};
    if (!names(c).empty()) one["class"] = mae::json_name(names(c));
    one["images"] = truths, one["predicted"] = predictions;
    one["precision"] = number_or_null(precision), one["recall"] = number_or_null(recall);
    one["f1"] = number_or_null(f1);
    classes.push_back(one);
    if (c >= told) continue;
    const auto share = [](double value) { return mae::is_finite(value) ? percent(value) : std::string("none"); };
    report("class", std::to_string(c) + (names(c).empty() ? "" : " " + names(c)) + ": precision " + share(precision) +
                        ", recall " + share(recall) + " of " + std::to_string(truths));
  }
  if (matrix.classes > told) report("class", "... all in scores.csv");
  all["classes"] = classes;
  const std::string text = all.dump(1) + "\n";
  mae::write_file(folder + "/scores.json", text.data(), static_cast<mae::Index>(text.size()));
  table.write(folder + "/scores.csv");
}

/// Images with what they are and what they were taken for.
void draw_worst(const NewImages& images, const std::vector<Called>& worst, const ClassNames& names,
                const std::string& path) {
  constexpr mae::Index side = 128, columns = 6, line = mae::text_height(1) + 3;
  constexpr mae::Colour ink{40, 40, 40}, wrong{190, 30, 20};
  const auto fitted = [](std::string text) { return text.size() > 26 ? text.substr(0, 23) + "..." : text; };
  std::vector<std::vector<mae::Image>> rows;
  const mae::Index width = std::min<mae::Index>(columns, static_cast<mae::Index>(worst.size()));
  for (const Called& one : worst)
    images.with_image(one.image, [&](const mae::ImageView& view) {
      const double scale = std::min(1., static_cast<double>(view.height) / static_cast<double>(view.width));
      const mae::Image shown = panel_image(view, std::max<mae::Index>(1, std::llround(scale * side)));
      mae::Image tile = mae::blank_image(3, side + 3 * line, mae::text_width(std::string(26, ' '), 1));
      mae::paste(tile, mae::colour_canvas(shown), (side - shown.height) / 2, 0);
      const bool right = one.label == one.prediction;
      const std::string lines[] = {
          fitted(images.name(one.image)), fitted("is " + names.called(one.label) + " (" + percent(one.of_label) + ")"),
          fitted("taken for " + names.called(one.prediction) + " (" + percent(one.probability) + ")")};
      for (mae::Index k = 0; k < 3; ++k)
        mae::draw_text(tile, lines[k], side + 2 + k * line, 0, k == 2 && !right ? wrong : ink, 1);
      if (rows.empty() || static_cast<mae::Index>(rows.back().size()) == width) rows.emplace_back();
      rows.back().push_back(std::move(tile));
    });
  while (!rows.empty() && static_cast<mae::Index>(rows.back().size()) < width)
    rows.back().push_back(mae::blank_image(3, 1, 1));
  std::vector<std::string> captions(static_cast<std::size_t>(width));
  captions[0] = "highest loss first";
  mae::write_png(path, mae::image_grid(captions, rows));
}

}  // namespace

void write_confusion(const mae::ConfusionMatrix& matrix, const std::vector<std::string>& names,
                     const std::string& folder) {
  const auto called = [&](mae::Index c) {
    return c < static_cast<mae::Index>(names.size()) ? names[static_cast<std::size_t>(c)] : std::to_string(c);
  };
  std::vector<std::string> row{"class \\ prediction"};
  for (mae::Index k = 0; k < matrix.classes; ++k) row.push_back(called(k));
  Table table(row);
  for (mae::Index c = 0; c < matrix.classes; ++c) {
    row = {called(c)};
    for (mae::Index k = 0; k < matrix.classes; ++k) row.push_back(std::to_string(matrix.of(c, k)));
    table.add(row);
  }
  table.write(folder + "/confusion.csv");
  mae::write_png(folder + "/confusion.png", mae::confusion_image(matrix, names));
}

std::string write_class_scores(const std::string& folder, const Predictor& predictor, const NewImages& images,
                               const std::vector<mae::Augmentation>& crops, mae::Index batch, const ClassNames& names,
                               mae::Index worst) {
  mae::ConfusionMatrix matrix(names.count);
  Table table(
      {"file", "label", "class", "predicted", "predicted_class", "probability", "probability_of_label", "loss"});
  std::vector<Called> all;
  mae::Index among_five = 0;
  double loss = 0;
  const Watched watched(images);
  each_classified(predictor, images, crops, batch, names.count, [&](mae::Index i, std::span<const double> given) {
    const mae::Index label = images.label(i), best = mae::top_classes(given, 1)[0];
    if (label < 0 || label >= names.count)
      throw mae::Error(images.name(i), label < 0 ? "an image without a label" : "class " + std::to_string(label),
                       "one of the " + std::to_string(names.count) + " classes of the model, counted from 0");
    const double own = given[static_cast<std::size_t>(label)];
    const Called one{i, label, best, given[static_cast<std::size_t>(best)], own, -std::log(std::max(own, 1e-300))};
    matrix.add(label, best);
    among_five += mae::rank_of(given, label) < 5;
    loss += one.loss;
    table.add({images.name(i), std::to_string(label), names(label), std::to_string(best), names(best),
               table_number(one.probability), table_number(own), table_number(one.loss)});
    all.push_back(one);
  });
  if (all.empty()) throw mae::Error(images.opened().place(), "no image that can be read", "at least one");
  const auto count = static_cast<double>(all.size());
  nlohmann::ordered_json scores{
      {"images", all.size()}, {"passed_over", images.passed_over()}, {"accuracy", matrix.accuracy()}};
  std::string line = percent(matrix.accuracy()) + " of " + std::to_string(all.size()) + " images";
  if (names.count > 5) {
    scores["top5_accuracy"] = static_cast<double>(among_five) / count;
    line += ", among the top 5 " + percent(static_cast<double>(among_five) / count);
  }
  scores["loss"] = loss / count;
  scores["mean_precision"] = number_or_null(matrix.mean(&mae::ConfusionMatrix::precision));
  scores["mean_recall"] = number_or_null(matrix.mean(&mae::ConfusionMatrix::recall));
  report("accuracy", line + "; loss " + decimal(loss / count, 4));
  write_scores(matrix, names, scores, folder);
  write_confusion(matrix, names.names, folder);
  table.write(folder + "/predicted.csv");
  std::stable_sort(all.begin(), all.end(), [](const Called& a, const Called& b) { return a.loss > b.loss; });
  if (worst < static_cast<mae::Index>(all.size())) all.resize(static_cast<std::size_t>(worst));
  if (worst > 0) draw_worst(images, all, names, folder + "/worst.png");
  return "scores.json, scores.csv, confusion.csv, confusion.png, predicted.csv" +
         std::string(worst > 0 ? ", worst.png" : "");
}

}  // namespace program
