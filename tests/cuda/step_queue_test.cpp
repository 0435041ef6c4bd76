// A queue of steps, answered at once on the host and later by a GPU: the same answers in the same order, none lost.
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include <mae/backend/cuda/kernels.cuh>
#include <mae/backend/reference.hpp>

/// With a name, for CUDA's compiler makes a kernel of it.
namespace test {
struct Square {
  const float* x;
  float* y;
  MAE_HOST_DEVICE void operator()(mae::Index i) const { y[i] = x[i] * x[i]; }
};
struct Add {
  const float* x;
  float* y;
  MAE_HOST_DEVICE void operator()(mae::Index i) const { y[i] += x[i]; }
};
}  // namespace test

namespace {
using namespace mae;

/// Steps that square up to four numbers.
template <class PolicyType, Transfer transfer>
struct Squares {
  using Policy = PolicyType;
  static constexpr Index most = 4;
  struct Key {
    const float* x;
    Index count;
    bool operator==(const Key&) const = default;
  };
  using Queue = StepQueue<typename Policy::MemorySpace, Key, float, transfer>;

  void start(float value, Index count) {
    std::fill_n(given, count, value);
    queue.begin();
    place = queue.send(given, count);
    queue.run({place, count}, [&] {
      ++called;
      Kernels<Policy>::each(count, test::Square{place, results.data()});
      queue.if_known([&] { known.push_back(*results.data()); });
    });
    queue.ask(results.data(), count);
    std::fill_n(given, count, -1.0f);  // what was given may change
  }
  /// Reads the oldest answer: all its numbers are the same.
  float read() {
    const Index count = queue.oldest().count;
    const float* const answer = queue.read();
    CHECK(std::count(answer, answer + count, answer[0]) == count);
    return answer[0];
  }
  float given[most] = {};
  const float* place = nullptr;
  Buffer<float, typename Policy::MemorySpace> results{most};
  Queue queue{most * Index{sizeof(float)}, most};
  int called = 0;
  std::vector<float> known;
};

using OnHost = Reference<float>;
using Gpu = Cuda<float>;

TEST_CASE_TEMPLATE("answers come in the order of steps, of what was sent as it was then, and none is lost", Steps,
                   Squares<OnHost, Transfer::ahead>, Squares<OnHost, Transfer::in_order>, Squares<Gpu, Transfer::ahead>,
                   Squares<Gpu, Transfer::in_order>) {
  Steps steps;
  std::vector<float> answers, expected;
  for (int step = 1; step <= 13; ++step) {
    while (steps.queue.unread() > 0 && steps.queue.unread() >= Steps::Queue::ahead) answers.push_back(steps.read());
    steps.start(static_cast<float>(step), step < 13 ? 4 : 3);
    expected.push_back(static_cast<float>(step * step));
  }
  CHECK(steps.queue.unread() == std::max(Steps::Queue::ahead, Index{1}));
  while (steps.queue.unread() > 0) answers.push_back(steps.read());
  CHECK(answers == expected);
}
TEST_CASE_TEMPLATE("what was not read is left off", Steps, Squares<OnHost, Transfer::ahead>,
                   Squares<Gpu, Transfer::ahead>, Squares<Gpu, Transfer::in_order>) {
  Steps steps;
  for (int round = 0; round < 3; ++round) {
    steps.start(1, 4), steps.start(2, 4);
    CHECK(steps.queue.unread() == Steps::Queue::most);
    if (round == 1) CHECK(steps.read() == 1);
    steps.queue.forget();
    CHECK(steps.queue.unread() == 0);
    steps.start(3, 2);
    CHECK(steps.read() == 9);
  }
}
TEST_CASE_TEMPLATE("steps of which nobody asks anything keep what was sent until they have used it", Steps,
                   Squares<OnHost, Transfer::ahead>, Squares<Gpu, Transfer::ahead>, Squares<Gpu, Transfer::in_order>) {
  using Policy = typename Steps::Policy;
  Steps steps;
  for (int step = 1; step <= 9; ++step) {
    std::fill_n(steps.given, 4, static_cast<float>(step));
    steps.queue.begin();
    const float* const x = steps.queue.send(steps.given, 4);
    steps.queue.run({x, 4}, [&] { Kernels<Policy>::each(4, test::Add{x, steps.results.data()}); });
  }
  steps.queue.ask(steps.results.data(), 4);
  CHECK(steps.read() == 45);
}
TEST_CASE("at one place, sent in order, others may call the kernels") {
  Squares<Gpu, Transfer::in_order> steps;
  for (int step = 1; step <= 9; ++step) {
    std::fill_n(steps.given, 4, static_cast<float>(step));
    steps.queue.begin();
    Kernels<Gpu>::each(4, test::Add{steps.queue.send(steps.given, 4), steps.results.data()});
  }
  steps.queue.ask(steps.results.data(), 4);
  CHECK(*steps.queue.read() == 45);
}
TEST_CASE("the host calls every step and knows its result in the middle; a GPU repeats what it has recorded") {
  Squares<OnHost, Transfer::ahead> host;
  Squares<Gpu, Transfer::ahead> gpu;
  Squares<Gpu, Transfer::in_order> one_place;
  for (const float value : {1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f}) {
    host.start(value, 4), gpu.start(value, 4), one_place.start(value, 4);
    CHECK(host.read() == value * value);
    CHECK(gpu.read() == value * value);
    CHECK(one_place.read() == value * value);
  }
  CHECK(host.called == 6);
  CHECK(host.known == std::vector<float>{1, 4, 9, 16, 25, 36});
  CHECK(gpu.called == 4);  // at either place: the first time it runs, the second time it is recorded
  CHECK(one_place.called == 2);
  CHECK(gpu.known.empty());
}
TEST_CASE("what was sent is known until the next step but one begins") {
  Squares<Gpu, Transfer::ahead> steps;
  steps.start(7, 4);
  const float* const first = steps.place;
  steps.start(8, 4);
  CHECK(steps.place != first);
  CHECK(*steps.queue.sent(first) == 7);
  CHECK(*steps.queue.sent(steps.place) == 8);
  CHECK(steps.read() == 49);
  steps.start(9, 4);
  CHECK(steps.place == first);
  CHECK(*steps.queue.sent(first) == 9);
}

}  // namespace
