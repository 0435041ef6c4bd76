#include <mae/backend/threads.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/error_of.hpp"

using namespace mae;
using test::error_of;

TEST_CASE("shared work is done once each; the first error is thrown when all have stopped") {
  for (const int threads : {1, 2, 7}) {
    std::vector<int> done(20);
    parallel_for_each<Serial>(20, threads, [&](Index i, int) { ++done[static_cast<std::size_t>(i)]; });
    CHECK(done == std::vector<int>(20, 1));
    done.assign(20, 0);
    CHECK(error_of([&] {
            parallel_for_each<DefaultThreads>(20, threads, [&](Index i, int thread) {
              CHECK(thread == i % threads);
              if (i == 7 || i == 8 || i == 19) throw Error("image " + std::to_string(i), "x", "y");
              ++done[static_cast<std::size_t>(i)];
            });
          }) == "mae: image 7: found x, expected y");
    CHECK(done[6] == 1);
    CHECK(done[7] == 0);
  }
  parallel_for_each<DefaultThreads>(0, 3, [](Index, int) { FAIL("there is no work"); });
}
