// Why objects were missed: each cause by a scene made for it, and what holds for any scene.
#include <mae/eval/missed_objects.hpp>

#include <doctest/doctest.h>

#include <limits>

#include "support/error_of.hpp"
#include "support/splitmix.hpp"

using namespace mae;

namespace {

using Objects = std::vector<LabelledBox>;
using Detections = std::vector<Detection>;

const Box here{10, 10, 30, 30};

ImageFates fates(const Objects& objects, const Detections& candidates) { return image_fates(objects, candidates); }

}  // namespace

TEST_CASE("each cause by itself") {
  const Objects one{{here, 1, false}};
  const auto only = [&](const Detections& candidates) {
    const ImageFates all = fates(one, candidates);
    return std::pair(all.objects[0], all.cause[0]);
  };
  const Box near_here{10, 10, 30, 24}, half_here{10, 10, 30, 18}, elsewhere{50, 50, 60, 60};
  CHECK(only({}) == std::pair(ObjectFate::nothing, Index{-1}));
  CHECK(only({{elsewhere, 1, .9}}) == std::pair(ObjectFate::nothing, Index{-1}));
  CHECK(only({{elsewhere, 1, .9}, {near_here, 1, .8}}) == std::pair(ObjectFate::found, Index{1}));
  CHECK(only({{near_here, 1, .29}}) == std::pair(ObjectFate::low_score, Index{0}));
  CHECK(only({{near_here, 0, .9}}) == std::pair(ObjectFate::wrong_class, Index{0}));
  CHECK(only({{half_here, 1, .9}}) == std::pair(ObjectFate::inexact, Index{0}));
  CHECK(only({{half_here, 0, .9}}).first == ObjectFate::nothing);
  // The better one suppresses what would have found the object, and itself overlaps it too little.
  const Box beside{10, 3, 30, 22};
  CHECK(box_iou(beside, here) < .5);
  CHECK(box_iou(beside, near_here) > .5);
  CHECK(only({{beside, 1, .9}, {near_here, 1, .8}}) == std::pair(ObjectFate::suppressed, Index{1}));
  CHECK(only({{beside, 1, .9}, {near_here, 1, .2}}) == std::pair(ObjectFate::low_score, Index{1}));

  // Two objects, one detection.
  const ImageFates two = fates({{here, 1, false}, {{10, 12, 30, 32}, 1, false}}, {{here, 1, .9}});
  CHECK(two.objects == std::vector{ObjectFate::found, ObjectFate::taken});
  CHECK(two.detections == std::vector{DetectionFate::right});
  // Ignored ones are neither missed nor found.
  const ImageFates ignored = fates({{{0, 0, 100, 100}, 1, true}}, {{here, 1, .9}});
  CHECK(ignored.objects[0] == ObjectFate::ignored);
  CHECK(ignored.detections[0] == DetectionFate::ignored);
}

TEST_CASE("what wrong detections are") {
  const Objects one{{here, 1, false}};
  MissedObjectsOptions options;
  options.suppression.iou_threshold = 1;  // nothing is dropped
  const Detections candidates{
      {here, 1, .9}, {{10, 10, 30, 28}, 1, .8}, {here, 0, .7}, {{10, 10, 30, 15}, 1, .6}, {{50, 50, 60, 60}, 1, .5},
      {here, 1, .1}};
  const ImageFates all = image_fates(one, candidates, options);
  CHECK(all.shown == std::vector<Index>{0, 1, 2, 3, 4});
  CHECK(all.detections == std::vector{DetectionFate::right, DetectionFate::duplicate, DetectionFate::wrong_class,
                                      DetectionFate::inexact, DetectionFate::background});
  CHECK(all.objects == std::vector{ObjectFate::found});

  MissedObjects report(2);
  report.add(one, candidates, options);
  report.add(one, {}, options);
  CHECK(report.count(1, ObjectFate::found) == 1);
  CHECK(report.count(1, ObjectFate::nothing) == 1);
  CHECK(report.count(0, DetectionFate::wrong_class) == 1);
  CHECK(report.count(DetectionFate::duplicate) == 1);
  CHECK(report.text() ==
        "2 objects: 1 found, 1 nothing\n"
        "5 detections: 1 right, 1 duplicate, 1 wrong class, 1 inexact, 1 background\n");
  CHECK(MissedObjects(1).text() == "0 objects\n0 detections\n");
}

TEST_CASE("any scene: as many objects found as detections right, and every cause is one") {
  Index seen[object_fate_names.size()] = {};
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    test::SplitMix random(seed);
    const auto box = [&] {
      const auto x = static_cast<double>(random.below(30)), y = static_cast<double>(random.below(30));
      return Box{x, y, x + static_cast<double>(random.between(8, 24)), y + static_cast<double>(random.between(8, 24))};
    };
    const auto label = [&] { return static_cast<std::int32_t>(random.below(2)); };
    Objects objects;
    Detections candidates;
    for (Index n = random.below(7); n > 0; --n) objects.push_back({box(), label(), random.below(6) == 0});
    for (Index n = random.below(12); n > 0; --n) {
      Box one = box();
      if (!objects.empty() && random.below(3) > 0) {  // one of an object, moved
        one = objects[static_cast<std::size_t>(random.below(static_cast<Index>(objects.size())))].box;
        const auto dx = static_cast<double>(random.between(-5, 5)), dy = static_cast<double>(random.between(-5, 5));
        one = {one.x0 + dx, one.y0 + dy, one.x1 + dx, one.y1 + dy};
      }
      candidates.push_back({one, label(), static_cast<double>(random.below(9)) / 8});
    }
    const MissedObjectsOptions options;
    const ImageFates all = image_fates(objects, candidates, options);
    const auto found = std::count(all.objects.begin(), all.objects.end(), ObjectFate::found);
    REQUIRE(found == std::count(all.detections.begin(), all.detections.end(), DetectionFate::right));
    for (std::size_t g = 0; g < objects.size(); ++g) {
      ++seen[static_cast<std::size_t>(all.objects[g])];
      const bool explained = all.objects[g] != ObjectFate::nothing && all.objects[g] != ObjectFate::ignored;
      REQUIRE((all.cause[g] >= 0) == explained);
      if (!explained) continue;
      const Detection& cause = candidates[static_cast<std::size_t>(all.cause[g])];
      const bool shown = std::count(all.shown.begin(), all.shown.end(), all.cause[g]) > 0;
      const double much = box_iou(cause.box, objects[g].box);
      const ObjectFate fate = all.objects[g];
      REQUIRE(shown == (fate != ObjectFate::suppressed && fate != ObjectFate::low_score));
      REQUIRE((cause.label == objects[g].label) == (fate != ObjectFate::wrong_class));
      REQUIRE((much >= .5) == (fate != ObjectFate::inexact));
      REQUIRE((cause.score >= .3) == (fate != ObjectFate::low_score));
    }
  }
  for (const Index count : seen) CHECK(count > 0);
}

TEST_CASE("labels that are no classes, and scores that are no numbers, are refused") {
  MissedObjects report(2);
  const auto error = [&](const Objects& objects, const Detections& candidates) {
    return test::error_of([&] { report.add(objects, candidates); });
  };
  CHECK(error({{here, 2, false}}, {}) == "mae: object: found class 2, expected one of 2");
  CHECK(error({}, {{here, -1, .5}}) == "mae: detection: found class -1, expected one of 2");
  CHECK(error({}, {{here, 1, std::numeric_limits<double>::infinity()}}).find("not finite") != std::string::npos);
  CHECK(report.text() == "0 objects\n0 detections\n");
}
