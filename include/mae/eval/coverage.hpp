// What a detector can learn of a data set, before it is trained: how many places each object has, on which map, and
// which objects have none.
//
//   const auto coverage = mae::coverage<Model>(images, normalization, options.augmentation);
//   std::puts(coverage.text().c_str());
//   coverage.positives();                              // places with an object, an image on average
//
// An object that no place may have is lost whatever is trained: it is smaller than the finest map's places lie apart,
// or lies between them. Another may lose all its places to smaller objects that lie over it. If there are many of
// either, another image size or a finer map helps, a longer training does not.
#pragma once
#include <mae/core/number_text.hpp>
#include <mae/data/boxes.hpp>
#include <mae/data/detection_targets.hpp>
#include <mae/data/fit.hpp>
#include <mae/eval/metrics.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Objects by size, √area in pixels of the model's input: below 8, 16, 32, ..., 512, and above.
template <class LevelsType>
struct Coverage {
  static constexpr std::size_t sizes = 8;
  struct Row {
    Index objects = 0;
    Index places[LevelsType::count] = {};  ///< that belong to them, by map
    Index unreachable = 0;                 ///< objects that no place may have
    Index hidden = 0;                      ///< objects whose places all belong to smaller ones
  };
  Index images = 0, ignored = 0;  ///< boxes that are ignored
  Row rows[sizes];

  /// Counts the boxes of an image, in pixels of the model's input.
  void add(std::span<const LabelledBox> boxes) {
    ++images;
    std::vector<std::int32_t> owners(static_cast<std::size_t>(LevelsType::places));
    PlaceOwners<LevelsType>::find(boxes, owners.data());
    for (std::size_t n = 0; n < boxes.size(); ++n) {
      if (boxes[n].ignored) {
        ++ignored;
        continue;
      }
      Row& row = rows[size_of(boxes[n].box)];
      Index candidates = 0, own = 0;
      PlaceOwners<LevelsType>::each_candidate(boxes[n].box, [&](Index place, std::size_t level) {
        const bool mine = owners[static_cast<std::size_t>(place)] == static_cast<std::int32_t>(n);
        ++candidates, own += mine, row.places[level] += mine;
      });
      ++row.objects, row.unreachable += candidates == 0, row.hidden += candidates > 0 && own == 0;
    }
  }
  /// Of all sizes together.
  Row total() const {
    Row sum;
    for (const Row& row : rows) {
      sum.objects += row.objects, sum.unreachable += row.unreachable, sum.hidden += row.hidden;
      for (std::size_t k = 0; k < std::size_t{LevelsType::count}; ++k) sum.places[k] += row.places[k];
    }
    return sum;
  }
  /// Places with an object, an image on average.
  double positives() const {
    Index places = 0;
    for (const Index count : total().places) places += count;
    return images == 0 ? 0 : static_cast<double>(places) / static_cast<double>(images);
  }
  /// A table of several lines.
  std::string text() const {
    std::string text = std::to_string(images) + " images, " + std::to_string(ignored) + " ignored boxes, " +
                       decimal_text(positives(), 1) + " places with an object an image\n" + column("size", 9) +
                       column("objects", 9);
    for (const Level& level : LevelsType::all) text += column("stride " + std::to_string(level.stride), 12);
    text += column("no place", 10) + column("all taken", 11) + '\n';
    for (std::size_t k = 0; k < sizes; ++k) {
      const bool last = k + 1 == sizes;
      const std::string name = (last ? "from " : "below ") + std::to_string(Index{8} << (last ? k - 1 : k));
      if (rows[k].objects > 0) text += line(name, rows[k]);
    }
    return text + line("all", total());
  }

 private:
  static std::size_t size_of(const Box& box) {
    std::size_t k = 0;
    while (k + 1 < sizes && box.area() >= double(Index{64} << 2 * k)) ++k;
    return k;
  }
  static std::string column(const std::string& text, std::size_t width) {
    return std::string(text.size() < width ? width - text.size() : 1, ' ') + text;
  }
  static std::string line(const std::string& name, const Row& row) {
    std::string text = column(name, 9) + column(std::to_string(row.objects), 9);
    for (const Index places : row.places) text += column(std::to_string(places), 12);
    return text + column(std::to_string(row.unreachable), 10) + column(std::to_string(row.hidden), 11) + '\n';
  }
};

/// The coverage of `images`, or of `most` that are evenly spaced, by the maps of `Model`, each looked at once as `view`
/// says. Throws mae::Error if they have no boxes or one cannot be read.
template <class Model, class Policy = Cpu<float>>
auto coverage(const Images& images, const Normalization& normalization, const Augmentation& view = whole_image(),
              Index most = 1024) {
  images.ensure_gives<Boxes>("images");
  Coverage<typename Model::Levels> found;
  for_each_batch<typename Model::ImageShape, Policy, Boxes>(
      images, normalization, 16,
      [&](const auto& batch) {
        for (Index b = 0; b < batch.count(); ++b) found.add(batch.targets[static_cast<std::size_t>(b)]);
      },
      most, view);
  return found;
}

}  // namespace mae
MAE_PRECISE_END
