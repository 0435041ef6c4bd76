// Why objects were missed, and what wrong detections are.
//
//   MissedObjects report(classes);
//   for each image: report.add(objects, candidates, {.score_threshold = 0.3});
//   std::cout << report.text();
//
// Candidates are what a detector tells before suppression, which is done here: so it is known what was dropped. Those
// kept, with a score from the threshold on, are shown, and matched with the objects of their class
// (detection_matching.hpp). For an object that none takes the first cause that holds is given:
//     suppressed    a candidate of its class that overlaps it enough was dropped for a better one
//     low score     a candidate of its class that overlaps it enough has too low a score
//     taken         one that is shown overlaps it enough, and took another object
//     wrong class   one that is shown overlaps it enough, and is of another class
//     inexact       one that is shown, of its class, overlaps it too little: from 0.1
//     nothing       none of these
// A detection that is shown and takes no object is a duplicate (it overlaps one enough that another took), of the wrong
// class, inexact, or of the background. The kinds are those of Bolya et al., "TIDE: a general toolbox for identifying
// object detection errors", ECCV 2020.
#pragma once
#include <array>

#include <mae/eval/detection_matching.hpp>
#include <mae/eval/suppression.hpp>

MAE_PRECISE_BEGIN
namespace mae {

enum class ObjectFate : std::uint8_t { found, suppressed, low_score, taken, wrong_class, inexact, nothing, ignored };
inline constexpr std::array<const char*, 8> object_fate_names{"found",       "suppressed", "low score", "taken",
                                                              "wrong class", "inexact",    "nothing",   "ignored"};
enum class DetectionFate : std::uint8_t { right, duplicate, wrong_class, inexact, background, ignored };
inline constexpr std::array<const char*, 6> detection_fate_names{"right",   "duplicate",  "wrong class",
                                                                 "inexact", "background", "ignored"};

struct MissedObjectsOptions {
  double iou_threshold = 0.5;    ///< the least overlap of a detection that finds an object
  double score_threshold = 0.3;  ///< the least score of a detection that is shown
  double inexact = 0.1;          ///< the least overlap of one that is too little
  SuppressionOptions suppression{};
};

/// What became of the objects and candidates of an image.
struct ImageFates {
  std::vector<ObjectFate> objects;
  std::vector<Index> cause;  ///< by object: the candidate that found it, or because of which it was not; or -1
  std::vector<Index> shown;  ///< candidates that are shown, best first
  std::vector<DetectionFate> detections;  ///< of those shown
};

/// Explains the candidates of one image. Throws mae::Error if a score is not finite.
inline ImageFates image_fates(std::span<const LabelledBox> objects, std::span<const Detection> candidates,
                              const MissedObjectsOptions& options = {}) {
  const auto at = [](Index i) { return static_cast<std::size_t>(i); };
  const std::size_t count = objects.size();
  ImageFates fates{std::vector<ObjectFate>(count, ObjectFate::nothing), std::vector<Index>(count, -1), {}, {}};
  std::vector<bool> kept(candidates.size());
  for (const Index i : suppress(candidates, options.suppression)) {
    kept[at(i)] = true;
    if (candidates[at(i)].score >= options.score_threshold) fates.shown.push_back(i);
  }
  // Overlaps of those shown [shown, objects]; objects of another class are not there for the matching.
  std::vector<double> overlaps, of_class;
  std::vector<TruthKind> kinds;
  for (const LabelledBox& object : objects) kinds.push_back({object.ignored, object.ignored});
  for (const Index i : fates.shown)
    for (const LabelledBox& object : objects) {
      overlaps.push_back(overlap(coco_box(candidates[at(i)].box), coco_box(object.box), object.ignored));
      of_class.push_back(candidates[at(i)].label == object.label ? overlaps.back() : -1);
    }
  DetectionMatching matching;
  const auto& found = matching(of_class, kinds, static_cast<Index>(fates.shown.size()), options.iou_threshold);

  for (std::size_t d = 0; d < fates.shown.size(); ++d) {
    DetectionFate fate = DetectionFate::background;
    const auto becomes = [&](DetectionFate other) { fate = (std::min)(fate, other); };
    for (std::size_t g = 0; g < count; ++g) {
      if (kinds[g].ignored) continue;
      if (of_class[d * count + g] >= options.iou_threshold) becomes(DetectionFate::duplicate);
      if (overlaps[d * count + g] >= options.iou_threshold) becomes(DetectionFate::wrong_class);
      if (of_class[d * count + g] >= options.inexact) becomes(DetectionFate::inexact);
    }
    if (found[d] >= 0) fate = kinds[at(found[d])].ignored ? DetectionFate::ignored : DetectionFate::right;
    fates.detections.push_back(fate);
  }

  for (std::size_t g = 0; g < count; ++g) {
    const auto becomes = [&](ObjectFate fate, Index cause) {
      if (fate < fates.objects[g]) fates.objects[g] = fate, fates.cause[g] = cause;
    };
    if (kinds[g].ignored) {
      fates.objects[g] = ObjectFate::ignored;
      continue;
    }
    for (std::size_t d = 0; d < fates.shown.size(); ++d) {
      const Index i = fates.shown[d];
      if (found[d] == static_cast<Index>(g)) becomes(ObjectFate::found, i);
      if (of_class[d * count + g] >= options.iou_threshold) becomes(ObjectFate::taken, i);
      if (overlaps[d * count + g] >= options.iou_threshold) becomes(ObjectFate::wrong_class, i);
      if (of_class[d * count + g] >= options.inexact) becomes(ObjectFate::inexact, i);
    }
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const Detection& one = candidates[i];
      const bool high = one.score >= options.score_threshold;
      if ((kept[i] && high) || one.label != objects[g].label) continue;
      if (overlap(coco_box(one.box), coco_box(objects[g].box), false) < options.iou_threshold) continue;
      becomes(high ? ObjectFate::suppressed : ObjectFate::low_score, static_cast<Index>(i));
    }
  }
  return fates;
}

/// Counts of fates, by class, over many images.
class MissedObjects {
 public:
  explicit MissedObjects(Index classes) : objects_(static_cast<std::size_t>(classes)), detections_(objects_.size()) {}

  /// Throws mae::Error if a label is none of the classes, or a score is not finite.
  void add(std::span<const LabelledBox> objects, std::span<const Detection> candidates,
           const MissedObjectsOptions& options = {}) {
    for (const LabelledBox& object : objects) ensure_class("object", object.label);
    for (const Detection& one : candidates) ensure_class("detection", one.label);
    const ImageFates fates = image_fates(objects, candidates, options);
    const auto at = [](auto number) { return static_cast<std::size_t>(number); };
    for (std::size_t g = 0; g < objects.size(); ++g) ++objects_[at(objects[g].label)][at(fates.objects[g])];
    for (std::size_t d = 0; d < fates.shown.size(); ++d)
      ++detections_[at(candidates[at(fates.shown[d])].label)][at(fates.detections[d])];
  }

  Index count(Index label, ObjectFate fate) const {
    return objects_[static_cast<std::size_t>(label)][static_cast<std::size_t>(fate)];
  }
  Index count(Index label, DetectionFate fate) const {
    return detections_[static_cast<std::size_t>(label)][static_cast<std::size_t>(fate)];
  }
  /// Of all classes.
  template <class Fate>
  Index count(Fate fate) const {
    Index sum = 0;
    for (std::size_t c = 0; c < objects_.size(); ++c) sum += count(static_cast<Index>(c), fate);
    return sum;
  }

  /// Two lines: what became of the objects, and of the detections.
  std::string text() const {
    return line<ObjectFate>("objects", object_fate_names) + line<DetectionFate>("detections", detection_fate_names);
  }

 private:
  std::vector<std::array<Index, object_fate_names.size()>> objects_;
  std::vector<std::array<Index, detection_fate_names.size()>> detections_;

  void ensure_class(const char* what, std::int32_t label) const {
    if (label < 0 || static_cast<std::size_t>(label) >= objects_.size())
      throw Error(what, "class " + std::to_string(label), "one of " + std::to_string(objects_.size()));
  }
  template <class Fate, std::size_t Count>
  std::string line(const char* what, const std::array<const char*, Count>& names) const {
    std::string text;
    Index all = 0;
    for (std::size_t i = 0; i < Count; ++i) {
      const Index found = count(static_cast<Fate>(i));
      all += found;
      if (found > 0) text += (text.empty() ? ": " : ", ") + std::to_string(found) + " " + names[i];
    }
    return std::to_string(all) + " " + what + text + "\n";
  }
};

}  // namespace mae
MAE_PRECISE_END
