#include <mae/io/annotations/coco_evaluation.hpp>

#include <doctest/doctest.h>

#include <support/temporary.hpp>

using mae::CocoBox, mae::CocoResult, mae::EvaluatedSet, mae::RunLengthMask;
using test::contains, test::error_of;

namespace {

std::string python(const std::string& name) { return test::beside(__FILE__, "coco_python/" + name); }
EvaluatedSet small() {
  return EvaluatedSet(mae::decode_coco(
      R"({"images": [{"id": 7, "file_name": "a.png", "height": 20, "width": 30}], "categories": [{"id": 3, "name": "c"}],)"
      R"("annotations": [{"id": 5, "image_id": 7, "category_id": 3, "bbox": [2, 3, 4, 5], "iscrowd": 0, "area": 9,)"
      R"("segmentation": [[2, 3, 6, 3, 6, 8]]}, {"id": 6, "image_id": 7, "category_id": 3, "bbox": [9, 9, 4, 5],)"
      R"("iscrowd": 0, "ignore": 1}]})",
      "a.json"));
}

}  // namespace

TEST_CASE("a data set and results from files have the twelve numbers that pycocotools 2.0.11 gives them") {
  const EvaluatedSet set(mae::read_coco(python("annotations.json")));
  const auto scores = mae::average_precision(set.images(), set.categories(), set.truths<CocoBox>(),
                                             set.results<CocoBox>(mae::read_coco_results(python("results.json"))))
                          .summary();
  const nlohmann::json told = nlohmann::json::parse(test::read_text(python("expected.json")))["scores"];
  REQUIRE(scores.size() == 12);
  REQUIRE(told.size() == 12);
  for (std::size_t i = 0; i < 12; ++i) {
    CAPTURE(scores[i].name);
    const double want = told[i].get<double>();
    CHECK(mae::math::fabs(scores[i].value - want) <= 1e-12);
    CHECK((want == -1) == (scores[i].value == -1));
  }
}

TEST_CASE("masks: an outline that is found as it is; a difficult object need not be") {
  const EvaluatedSet set = small();
  const auto truths = set.truths<RunLengthMask>();
  REQUIRE(truths.size() == 2);
  CHECK(truths[0].area == 9);
  CHECK(!truths[0].crowd);
  CHECK(truths[1].crowd);
  CHECK(truths[1].area == 20);
  const CocoResult found{7, 3, 0, 0, 0, 0, 0.5, truths[0].shape};
  const auto scores =
      mae::average_precision(set.images(), set.categories(), truths, set.results<RunLengthMask>(std::vector{found}))
          .summary();
  CHECK(scores[0].value > 1 - 1e-12);
}

TEST_CASE("what is of no image or has no such shape is an error; another category is not looked at") {
  const EvaluatedSet set = small();
  const auto error = [&](const CocoResult& one) {
    return error_of([&] { set.results<RunLengthMask>(std::vector{one}); });
  };
  CHECK(contains(error({8, 3}), "result 0: found image 8, expected one of a.json"));
  CHECK(contains(error({7, 3}), "result 0: found no segmentation"));
  CHECK(set.results<CocoBox>(std::vector{CocoResult{7, 4}}).empty());
  const auto truth_error = [](std::int64_t image, std::int64_t category) {
    mae::AnnotationSet other{.source = "a.json", .images = {{7, "a.png", 20, 30}}, .categories = {{3, "c"}}};
    other.annotations.push_back({.id = 5, .image = image, .category = category});
    const EvaluatedSet evaluated(other);
    return error_of([&] { evaluated.truths<CocoBox>(); });
  };
  CHECK(contains(truth_error(8, 3), "a.json: annotation 5: found image 8"));
  CHECK(contains(truth_error(7, 4), "a.json: annotation 5: found category 4"));
  CHECK(contains(truth_error(7, 3), "a.json: annotation 5: found no box"));
}
