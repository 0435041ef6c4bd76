// By hand: the matrix of the first example of scikit-learn's classification_report, with a class that never occurs.
#include <mae/eval/confusion_matrix.hpp>

#include <doctest/doctest.h>

using namespace mae;

TEST_CASE("scores of each class and their means") {
  ConfusionMatrix matrix(4);
  const Index truth[] = {0, 1, 2, 2, 2}, called[] = {0, 0, 2, 2, 1};
  for (int i = 0; i < 5; ++i) matrix.add(truth[i], called[i]);
  CHECK(matrix.count == std::vector<Index>{1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0});
  CHECK(matrix.of(2, 1) == 1);
  CHECK(matrix.truths(2) == 3);
  CHECK(matrix.predictions(0) == 2);
  CHECK(matrix.precision(0) == 0.5);
  CHECK(matrix.recall(0) == 1);
  CHECK(matrix.f1(0) == 2. / 3);
  CHECK(matrix.iou(0) == 0.5);
  CHECK(matrix.precision(1) == 0);
  CHECK(matrix.recall(1) == 0);
  CHECK(matrix.precision(2) == 1);
  CHECK(matrix.recall(2) == 2. / 3);
  CHECK(matrix.f1(2) == 0.8);
  CHECK(matrix.iou(2) == 2. / 3);
  CHECK(matrix.accuracy() == 0.6);
  CHECK(matrix.mean(&ConfusionMatrix::precision) == 0.5);
  CHECK(matrix.mean(&ConfusionMatrix::recall) == doctest::Approx(5. / 9).epsilon(1e-15));
  CHECK(matrix.mean(&ConfusionMatrix::f1) == doctest::Approx((2. / 3 + 0.8) / 3).epsilon(1e-15));
}

TEST_CASE("what would be divided by nothing is no number, and in no mean") {
  ConfusionMatrix matrix(3);
  CHECK(!is_finite(matrix.accuracy()));
  CHECK(!is_finite(matrix.mean(&ConfusionMatrix::recall)));
  matrix.add(0, 1);
  CHECK(matrix.recall(0) == 0);
  CHECK(!is_finite(matrix.precision(0)));  // never called
  CHECK(!is_finite(matrix.recall(1)));     // never there
  CHECK(matrix.precision(1) == 0);
  CHECK(!is_finite(matrix.f1(2)));
  CHECK(!is_finite(matrix.iou(2)));
  CHECK(matrix.mean(&ConfusionMatrix::precision) == 0);
}
