#include <mae/data/prefetch.hpp>

#include <sys/wait.h>

#include <algorithm>
#include <optional>

#include <doctest/doctest.h>
#include <mae/model/geometry.hpp>

#include "data/test_images.hpp"

using namespace test;

namespace {
using Geometry = ImageShape<2, 6, 9, 3>;
using Made = Batch<Geometry, float>;

const Dataset set = random_images(50);
const Augmentation augmentation{.shift = 1, .flip = true, .min_crop_scale = 0.5};
const BatchOrder order{50, 8, 7, 3};  // seven batches an epoch, the last of two

Loader<Geometry, float> loader_of(const Images& images) { return {images, plain, augmentation, order}; }
void check_batch(const Made& found, Index position) {
  Made expected(8);
  loader_of(set).load<Serial>(position, expected, 1);
  CHECK(found.epoch == expected.epoch);
  CHECK(found.samples == expected.samples);
  CHECK(std::equal(found.view().begin(), found.view().end(), expected.view().begin(), expected.view().end()));
}
}  // namespace

TEST_CASE("ahead of time, the same batches, whatever the number of workers") {
  for (const int workers : {1, 2, 5}) {
    Prefetch ahead(loader_of(set), workers);
    for (Index position = 0; position < 40; ++position) check_batch(ahead.at(position), position);
  }
}

TEST_CASE("a run may jump, forwards and back, and ask twice") {
  for (const int workers : {1, 3}) {
    Prefetch ahead(loader_of(set), workers);
    for (const Index position : {5, 6, 6, 7, 100, 101, 3, 4, 5, 6, 7, 8, 2, 9, 9, 0, 1, 7, 6, 5})
      check_batch(ahead.at(position), position);
  }
}

TEST_CASE("what is not asked for is not waited for") {
  Prefetch never(loader_of(set), 2);
  Prefetch once(loader_of(set), 2);
  once.at(0);
}

TEST_CASE("an image that cannot be read is told with its batch, and the run can go on") {
  Album album;
  for (Index i = 0; i < 50; ++i) album.images.push_back(set.copy(i));
  const std::vector<Index> numbers = shuffled(50, order.seed, 0);
  album.broken = numbers[8 * 2 + 3];  // in the third batch
  Prefetch ahead(loader_of(album), 2);
  check_batch(ahead.at(0), 0);
  check_batch(ahead.at(1), 1);
  const std::string message = "mae: image " + std::to_string(album.broken) + ": found nothing, expected an image";
  CHECK(error_of([&] { ahead.at(2); }) == message);
  CHECK(error_of([&] { ahead.at(2); }) == message);
  check_batch(ahead.at(3), 3);
}

TEST_CASE("at least one worker") {
  CHECK(error_of([] { Prefetch(loader_of(set), 0); }) == "mae: Prefetch: found 0 workers, expected at least one");
}

// AddressSanitizer's allocator does not survive a fork while other threads allocate.
#if defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer);
#else
constexpr bool sanitized = false;
#endif

TEST_CASE("a child of the process is told, does not wait for threads that it has not, and makes its own" *
          doctest::skip(sanitized)) {
  std::optional<Prefetch<Geometry, float>> ahead(std::in_place, loader_of(set), 2);
  check_batch(ahead->at(0), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    bool good = error_of([&] { ahead->at(1); }) ==
                "mae: Prefetch: found the child of the process that made it, expected one that the child made itself";
    ahead.reset();
    Prefetch own(loader_of(set), 2);
    good = good && own.at(1).epoch == 0 && own.at(2).view().size() == 8 * Geometry::values;
    ::_exit(good ? 0 : 1);
  }
  int status = -1;
  CHECK(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  check_batch(ahead->at(1), 1);
}
