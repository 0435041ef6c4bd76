// Threads for tests: as many as the test says, woken for the smallest work, so that small cases exercise the sharing.
#pragma once
#include <mae/backend/threads.hpp>

namespace test {

struct Team {
  static constexpr bool always_wake = true;
  static inline int number = 1;
  static int count() { return number; }
  template <class Work>
  static void run(int threads, const Work& work) {
    mae::DefaultThreads::run(threads, work);
  }
};

}  // namespace test
