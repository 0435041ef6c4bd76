#include <mae/eval/top_classes.hpp>

#include <doctest/doctest.h>

using namespace mae;

TEST_CASE("largest first, of equals the smaller class, no more than there are") {
  const std::vector<double> given{0.1, 0.3, 0.05, 0.3, 0.25};
  const std::span<const double> of(given);
  CHECK(top_classes(of, 3) == std::vector<Index>{1, 3, 4});
  CHECK(top_classes(of, 9) == std::vector<Index>{1, 3, 4, 0, 2});
  CHECK(top_classes(of, 0).empty());
}

TEST_CASE("a rank is the place in that list") {
  const std::vector<float> given{2, -1, 2, 7, 2};
  const std::span<const float> of(given);
  const std::vector<Index> order = top_classes(of, 5);
  for (std::size_t i = 0; i < order.size(); ++i) CHECK(rank_of(of, order[i]) == static_cast<Index>(i));
  CHECK(rank_of(of, 4) == 3);
}
