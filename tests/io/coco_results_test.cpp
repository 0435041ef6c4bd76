#include <mae/io/annotations/coco_results.hpp>

#include <doctest/doctest.h>

#include <support/temporary.hpp>

using mae::CocoResult;
using test::contains, test::error_of;

TEST_CASE("results are read as COCO has them, and written back to the same numbers") {
  const std::vector<CocoResult> results = mae::decode_coco_results(
      R"([{"image_id": 42, "category_id": 18, "bbox": [258.15, 41.29, 348.26, 243.78], "score": 0.236, "x": 1},)"
      R"( {"image_id": 73, "category_id": 11, "segmentation": {"size": [2, 3], "counts": "123"}, "score": 1}])",
      "results.json");
  REQUIRE(results.size() == 2);
  CHECK(results[0].image == 42);
  CHECK(results[0].category == 18);
  CHECK(results[0].box() == mae::Box{258.15, 41.29, 258.15 + 348.26, 41.29 + 243.78});
  CHECK(results[0].score == 0.236);
  CHECK(!results[0].mask);
  REQUIRE(results[1].mask);
  CHECK(results[1].mask->area() == 2);
  CHECK(results[1].box() == results[1].mask->box());
  const test::TemporaryDirectory folder;
  mae::write_coco_results(folder / "results.json", results);
  CHECK(
      test::read_text(folder / "results.json") ==
      "[\n"
      R"({"image_id": 42, "category_id": 18, "bbox": [258.15, 41.29, 348.26, 243.78], "score": 0.236},)"
      "\n"
      R"({"image_id": 73, "category_id": 11, "bbox": [0, 0, 2, 2], "segmentation": {"size": [2, 3], "counts": "123"}, )"
      R"("score": 1}])"
      "\n");
  const std::vector<CocoResult> again = mae::read_coco_results(folder / "results.json");
  REQUIRE(again.size() == 2);
  CHECK(again[0].width == results[0].width);
  CHECK(again[1].mask == results[1].mask);
  mae::write_coco_results(folder / "none.json", {});
  CHECK(mae::read_coco_results(folder / "none.json").empty());
}

TEST_CASE("what a model found gets the ids of the data set") {
  const mae::CategoryClasses classes({{90, "z"}, {2, "b"}});
  const mae::Detection found[] = {{{1, 2, 11.5, 5}, 1, 0.75}, {{0, 0, 1, 1}, 0, 0.5}};
  const std::vector<CocoResult> results = mae::coco_results(found, 7, classes);
  REQUIRE(results.size() == 2);
  CHECK(results[0].image == 7);
  CHECK(results[0].category == 90);
  CHECK(results[0].width == 10.5);
  CHECK(results[0].height == 3);
  CHECK(results[0].score == 0.75);
  CHECK(results[1].category == 2);
}

TEST_CASE("a result that lacks something is an error that names it") {
  const auto error = [](const std::string& members) {
    return error_of([&] { mae::decode_coco_results("[{" + members + "}]", "r.json"); });
  };
  CHECK(contains(error(R"("category_id": 1, "bbox": [1, 2, 3, 4], "score": 1)"),
                 "r.json: result 0: found no image_id in the object at byte 1"));
  CHECK(contains(error(R"("image_id": 1, "bbox": [1, 2, 3, 4], "score": 1)"), "no category_id"));
  CHECK(contains(error(R"("image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4])"), "no score"));
  CHECK(contains(error(R"("image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": NaN)"), "no score"));
  CHECK(
      contains(error(R"("image_id": 1, "category_id": 1, "bbox": [1, 2, 3], "score": 1)"), "no bbox of four numbers"));
  CHECK(contains(error(R"("image_id": 1, "category_id": 1, "bbox": [1, 2, 3, NaN], "score": 1)"), "no bbox of four"));
  CHECK(contains(error(R"("image_id": 1, "category_id": 1, "score": 1)"), "no bbox of four numbers"));
  CHECK(
      contains(error(R"("image_id": 1, "category_id": 1, "segmentation": {"size": [2, 2], "counts": [3]}, "score": 1)"),
               "runs of 3 pixels altogether, expected 4"));
  CHECK(contains(error_of([] { mae::decode_coco_results("{}", "r.json"); }), "no list"));
  CHECK(contains(error_of([] { mae::decode_coco_results("[1]", "r.json"); }), "no object at byte 1"));
  CHECK(contains(error_of([] { mae::decode_coco_results(std::string(1'000'000, '['), "r.json"); }), "no object"));
  CHECK(contains(error_of([] { mae::read_coco_results("nowhere.json"); }), "nowhere.json"));
}
