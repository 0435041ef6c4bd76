// Results of detection in COCO's form, read and written: a list of what was found, each with a score.
//
//   [{"image_id": 7, "category_id": 18, "bbox": [10.5, 20, 100, 50], "score": 0.93},
//    {"image_id": 7, "category_id": 18, "segmentation": {"size": [480, 640], "counts": "..."}, "score": 0.9}]
//
// Every evaluator reads it. Numbers are written in as few digits as give them back.
#pragma once
#include <mae/io/annotations/write_coco.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct CocoResult {
  std::int64_t image = 0, category = 0;
  double x = 0, y = 0, width = 0, height = 0;
  double score = 0;
  std::optional<RunLengthMask> mask{};

  Box box() const { return {x, y, x + width, y + height}; }
};

/// What a model found in an image, with the ids of a data set.
inline std::vector<CocoResult> coco_results(std::span<const Detection> found, std::int64_t image,
                                            const CategoryClasses& classes) {
  std::vector<CocoResult> results;
  for (const Detection& one : found)
    results.push_back(
        {image, classes.id(one.label), one.box.x0, one.box.y0, one.box.width(), one.box.height(), one.score});
  return results;
}

/// The results that are the text of `path`. Throws `Error` if it is no such list, or if a result has no image,
/// category or score, neither a box nor a mask, or a number that is not finite. Of a mask without a box the box is
/// that of its pixels.
inline std::vector<CocoResult> decode_coco_results(std::string_view text, const std::string& path) {
  std::vector<CocoResult> results;
  Findings findings;
  detail::JsonEntries entries(path, text, findings);
  if (!entries.is_list()) throw Error(path, "no list", "results in COCO's form: a list of objects");
  entries.each([&](nlohmann::json& object, std::size_t byte) {
    const std::string place = path + ": result " + std::to_string(results.size());
    detail::CocoEntry entry(object, place);
    CocoResult result;
    const auto need = [&](bool there, const char* what) {
      if (!there)
        throw Error(place, std::string("no ") + what + " in the object at byte " + std::to_string(byte),
                    "image_id, category_id, score, and bbox or segmentation");
    };
    const std::optional<std::int64_t> image = entry.whole("image_id"), category = entry.whole("category_id");
    need(image.has_value(), "image_id");
    need(category.has_value(), "category_id");
    result.image = *image;
    result.category = *category;
    result.score = entry.real("score");
    need(is_finite(result.score), "score");
    if (const nlohmann::json mask = entry.take("segmentation"); mask.is_object()) {
      result.mask = detail::read_run_lengths(mask, place);
      const Box box = result.mask->box();
      result.x = box.x0, result.y = box.y0, result.width = box.width(), result.height = box.height();
    }
    const nlohmann::json box = entry.take("bbox");
    need(box.is_array() ? box.size() == 4 : result.mask.has_value(), "bbox of four numbers");
    double* const numbers[] = {&result.x, &result.y, &result.width, &result.height};
    for (std::size_t i = 0; i < box.size(); ++i) {
      *numbers[i] = detail::CocoEntry::real(box[i]);
      need(is_finite(*numbers[i]), "bbox of four numbers");
    }
    results.push_back(std::move(result));
  });
  return results;
}

/// Reads a file of results. Throws `Error` if it is missing, or as `decode_coco_results` does.
inline std::vector<CocoResult> read_coco_results(const std::string& path) {
  const std::vector<char> bytes = read_file<char>(path);
  return decode_coco_results({bytes.data(), bytes.size()}, path);
}

/// Writes results, atomically. Throws `Error` if the file cannot be written.
inline void write_coco_results(const std::string& path, std::span<const CocoResult> results) {
  detail::JsonFile file(path);
  file.list("", results, [](const CocoResult& result) {
    detail::JsonObject object;
    object.add("image_id", result.image).add("category_id", result.category);
    object.add("bbox", detail::json_list(std::array{result.x, result.y, result.width, result.height}));
    if (result.mask) object.add("segmentation", detail::json_mask(*result.mask, false));
    return object.add("score", shortest_text(result.score)).text();
  });
  file.add("\n");
  file.commit();
}

}  // namespace mae
MAE_PRECISE_END
