// Who works at the same time, as a type: `Serial`, or `OpenMp` in files that are built with `-fopenmp`.
//
// `parallel_for_each` is for work that may throw; kernels, which do not, have cpu/parallel.hpp.
//
// The two are different types under different names, so files with and without OpenMP go together in one program.
#pragma once
#include <cstdlib>
#include <exception>

#include <mae/backend/processors.hpp>
#include <mae/core/config.hpp>

#if defined(_OPENMP)
#include <omp.h>
#endif
#if defined(_OPENMP) && defined(__linux__)
#include <pthread.h>
#endif

MAE_PRECISE_BEGIN
namespace mae {

/// Threads as a type: work runs on the calling thread alone.
struct Serial {
  static int count() { return 1; }
  /// How many threads may run at a time.
  static int usable() { return 1; }
  static bool number_in_environment() { return false; }
  /// Lets `count()` be at most `threads` for the thread that asks.
  static void limit(int) {}
  /// Calls `work(t)` for every t in [0, threads), one after the other.
  template <class Work>
  static void run(int threads, const Work& work) {
    for (int thread = 0; thread < threads; ++thread) work(thread);
  }
};

#if defined(_OPENMP)
namespace detail {
#if defined(__linux__)
/// Has the team of a thread that forks end before it does, and begin anew at the next `OpenMp::run`.
inline int end_team_at_fork() {
  return pthread_atfork([] { omp_pause_resource_all(omp_pause_soft); }, nullptr, nullptr);
}
#else
inline int end_team_at_fork() { return 0; }
#endif
}  // namespace detail

/// Threads as a type: an OpenMP team. Present only in files built with `-fopenmp`. Inside a parallel region, also one
/// of yours, it is the calling thread alone. A process that forks, outside of such a region, may go on in both: a team
/// does not survive in the child, so it ends before and begins anew.
struct OpenMp {
  /// At most as many as may run: more would take turns, and wait for each other at every barrier. The environment's
  /// OMP_NUM_THREADS is taken at its word.
  static int count() {
    if (omp_in_parallel()) return 1;
    const int most = omp_get_max_threads();
    return most <= usable() || number_in_environment() ? most : usable();
  }
  /// How many threads may run at a time: processors that the process may run on, or what the quota of its control group
  /// comes to, a part of a processor counted whole. Asked once.
  static int usable() {
    static const int number = [] {
      const int processors = omp_get_num_procs(), quota = detail::processor_quota();
      return quota > 0 && quota < processors ? quota : processors;
    }();
    return number;
  }
  /// Whether the user chose a number in the environment, before the program began.
  static bool number_in_environment() {
    static const bool chosen = [] {
      const char* const text = std::getenv("OMP_NUM_THREADS");
      return text != nullptr && std::strtol(text, nullptr, 10) > 0;
    }();
    return chosen;
  }
  static void limit(int threads) { omp_set_num_threads(threads); }
  /// Calls `work(t)` for every t in [0, threads), each once, whatever team the runtime grants.
  template <class Work>
  static void run(int threads, const Work& work) {
    if (threads <= 1) return work(0);
    prepare();
#pragma omp parallel for schedule(static, 1) num_threads(threads)
    for (int thread = 0; thread < threads; ++thread) work(thread);
  }

 private:
  static void prepare() { [[maybe_unused]] static const int told = detail::end_team_at_fork(); }
};
using DefaultThreads = OpenMp;
#else
using DefaultThreads = Serial;
#endif

/// Calls work(i, thread) for every i in [0, count) on `threads` of `Threads`. An exception ends that thread's part; of
/// the first i that threw one, it is thrown when all have stopped.
template <class Threads, class Work>
void parallel_for_each(Index count, int threads, const Work& work) {
  std::exception_ptr error;
  Index first = count;
  bool taken = false;  // by a thread that has an error to tell
  Threads::run(threads, [&](int thread) {
    Index i = thread;
    try {
      for (; i < count; i += threads) work(i, thread);
    } catch (...) {
      while (__atomic_test_and_set(&taken, __ATOMIC_ACQUIRE)) {}
      if (i < first) first = i, error = std::current_exception();
      __atomic_clear(&taken, __ATOMIC_RELEASE);
    }
  });
  if (error) std::rethrow_exception(error);
}

}  // namespace mae
MAE_PRECISE_END
