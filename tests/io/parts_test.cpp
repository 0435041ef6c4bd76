#include <mae/io/images/parts.hpp>

#include <doctest/doctest.h>

#include "support/error_of.hpp"

using mae::PartKind, mae::detail::kind_of_part;
using Names = std::vector<std::string>;

TEST_CASE("parts are known by their usual names, in any case and with what is usually added") {
  for (const char* name : {"train", "Train", "TRAINING", "training_set", "train2017", "trainval", "train-images"})
    CHECK(kind_of_part(name) == PartKind::training);
  for (const char* name : {"val", "valid", "Validation", "VAL2014", "dev", "eval", "validation", "held-out", "val_set"})
    CHECK(kind_of_part(name) == PartKind::validation);
  for (const char* name : {"test", "Testing", "test1", "test_set", "TestSet", "test data", "tst"})
    CHECK(kind_of_part(name) == PartKind::test);
}

TEST_CASE("other names are none") {
  for (const char* name :
       {"", "cat", "7", "trainer", "testament", "invalid", "valley", "set", "data2", "untrained", "tests"})
    CHECK(kind_of_part(name) == PartKind::none);
}

TEST_CASE("validation comes before test, and the part that is meant must be the only one") {
  const auto parts = mae::detail::parts_among({"cat", "test", "train", "train_2", "val"});
  CHECK(parts.evaluation() == Names{"val"});
  CHECK(parts.all() == Names{"train", "train_2", "val", "test"});
  CHECK(parts.trains_and_evaluates());
  CHECK(mae::detail::only_part("s", parts.evaluation(), parts, "test with") == "val");
  CHECK(test::error_of([&] { mae::detail::only_part("s", parts.training, parts, "train on"); }) ==
        "mae: s: found two parts to train on, 'train' and 'train_2', expected one: give its path");
  const auto alone = mae::detail::parts_among({"test"});
  CHECK(alone.evaluation() == Names{"test"});
  CHECK(test::error_of([&] { mae::detail::only_part("s", alone.training, alone, "train on"); }) ==
        "mae: s: found the part 'test' and no part to train on, expected a sub-folder for it, or the path of the part "
        "that "
        "is meant");
}
