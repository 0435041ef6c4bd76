// Pascal VOC's average precision: an example by hand, and the devkit's formulas the plain way.
#include <mae/eval/voc_average_precision.hpp>

#include <doctest/doctest.h>

#include "support/error_of.hpp"
#include "support/splitmix.hpp"

using namespace mae;

namespace {

using Truths = std::vector<GroundTruth<CocoBox>>;
using Results = std::vector<DetectionResult<CocoBox>>;

/// As the devkit writes it: the recall and precision after every detection that counts, with sentinels at both ends.
double plain(Index category, const Truths& truths, const Results& results, bool eleven_points) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < results.size(); ++i)
    if (results[i].category == category) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto &p = results[a], &q = results[b];
    return p.score > q.score || (p.score == q.score && p.image < q.image);
  });
  double count = 0;
  for (const auto& truth : truths) count += truth.category == category && !truth.crowd ? 1 : 0;
  if (count == 0) return -1;
  std::vector<double> recall{0}, precision{0};
  std::vector<std::size_t> taken;
  double right = 0, wrong = 0;
  for (const std::size_t i : order) {
    double most = 0;
    std::size_t best = 0;
    for (std::size_t g = 0; g < truths.size(); ++g)
      if (truths[g].image == results[i].image && truths[g].category == category)
        if (const double much = overlap(results[i].shape, truths[g].shape, false); much > most) most = much, best = g;
    if (most >= .5 && truths[best].crowd) continue;
    const bool first = most >= .5 && std::count(taken.begin(), taken.end(), best) == 0;
    if (first) taken.push_back(best);
    (first ? right : wrong) += 1;
    recall.push_back(right / count);
    precision.push_back(right / (right + wrong));
  }
  double sum = 0;
  if (eleven_points) {
    for (int tenth = 0; tenth <= 10; ++tenth) {
      double best = 0;
      for (std::size_t i = 1; i < recall.size(); ++i)
        if (10 * recall[i] >= tenth - 1e-9) best = std::max(best, precision[i]);
      sum += best / 11;
    }
    return sum;
  }
  recall.push_back(1), precision.push_back(0);
  for (std::size_t i = precision.size() - 1; i > 0; --i) precision[i - 1] = std::max(precision[i - 1], precision[i]);
  for (std::size_t i = 1; i < recall.size(); ++i) sum += (recall[i] - recall[i - 1]) * precision[i];
  return sum;
}

}  // namespace

TEST_CASE("right, wrong, twice, and difficult") {
  const CocoBox a{0, 0, 10, 10}, b{20, 0, 10, 10}, far{50, 50, 10, 10};
  const Truths truths{{0, 0, a, 0, false}, {0, 0, b, 0, true}, {1, 0, a, 0, false}, {1, 1, b, 0, true}};
  const Results results{{0, 0, far, .9},  // wrong
                        {0, 0, a, .8},    // right: 1/2
                        {0, 0, b, .7},    // difficult
                        {0, 0, a, .6},    // a second time: wrong
                        {1, 0, a, .5},    // right: 2/4
                        {1, 0, b, .4}};   // wrong
  CHECK(voc_average_precision(2, 3, truths, results) == std::vector<double>{.5, -1, -1});
  CHECK(voc_average_precision(2, 3, truths, results, {.eleven_points = true})[0] == doctest::Approx(.5));
  CHECK(voc_average_precision(2, 1, {truths[0], truths[2]}, {results[1]})[0] == .5);
  // Recall 1/2 is reached: points 0 to 5 of 11.
  const auto half = voc_average_precision(2, 1, {truths[0], truths[2]}, {results[1]}, {.eleven_points = true});
  CHECK(half[0] == doctest::Approx(6. / 11));
  CHECK(voc_average_precision(2, 1, {truths[0]}, {}) == std::vector<double>{0});
  CHECK(voc_average_precision(2, 1, {truths[0]}, {}, {.eleven_points = true}) == std::vector<double>{0});
}

TEST_CASE("random sets: the devkit's formulas") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    test::SplitMix random(seed);
    const auto box = [&] {
      const auto number = [&](Index low, Index high) { return static_cast<double>(random.between(low, high)); };
      return CocoBox{number(0, 20), number(0, 20), number(5, 25), number(5, 25)};
    };
    Truths truths;
    Results results;
    for (Index n = random.below(14); n > 0; --n)
      truths.push_back({random.below(3), random.below(2), box(), 0, random.below(5) == 0});
    for (Index n = random.below(40); n > 0; --n) {
      DetectionResult<CocoBox> one{random.below(3), random.below(2), box(), static_cast<double>(random.below(30)) / 32};
      if (!truths.empty() && random.below(2) == 0) {
        const auto& truth = truths[static_cast<std::size_t>(random.below(static_cast<Index>(truths.size())))];
        one.image = truth.image, one.category = truth.category, one.shape = truth.shape;
        one.shape.x += static_cast<double>(random.below(4));
      }
      results.push_back(one);
    }
    for (const bool eleven_points : {false, true}) {
      const auto found = voc_average_precision(3, 2, truths, results, {.eleven_points = eleven_points});
      for (Index k = 0; k < 2; ++k)
        REQUIRE(found[static_cast<std::size_t>(k)] ==
                doctest::Approx(plain(k, truths, results, eleven_points)).epsilon(1e-12));
    }
  }
}

TEST_CASE("bad input is refused") {
  CHECK(test::error_of([] {
          voc_average_precision(1, 1, {{0, 1, {}, 0, false}}, {});
        }) == "mae: truth 0: found category 1, expected one of 1, numbered from 0");
}
