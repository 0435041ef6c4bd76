// Sharing work among threads without letting the threads show in the result.
//
// The rule of this backend: work is cut into tasks by its size alone, each task computes the same numbers whoever runs
// it, and no sum runs across tasks except in a fixed order afterwards. Then 1, 2 or 7 threads give the same bits.
#pragma once
#include <mae/backend/threads.hpp>
#include <mae/core/config.hpp>

MAE_PRECISE_BEGIN
namespace mae::cpu {

constexpr Index ceil_divide(Index a, Index b) { return (a + b - 1) / b; }
constexpr Index round_up(Index a, Index b) { return ceil_divide(a, b) * b; }
constexpr Index smaller(Index a, Index b) { return a < b ? a : b; }
constexpr Index larger(Index a, Index b) { return a > b ? a : b; }

/// How many threads are worth waking for `work` units, when each shall get at least `least` of them. Kernels set
/// `least` to about forty microseconds: waking a thread costs a few on an idle machine, and far more on a busy one,
/// where the others wait until it gets its turn. A policy of threads may say `always_wake`, as tests of the sharing
/// do.
template <class Threads>
int useful_threads(Index work, Index least, int threads) {
  if constexpr (requires { Threads::always_wake; }) least = 1;
  return static_cast<int>(larger(1, smaller(threads, work / larger(1, least))));
}

/// Calls `work(begin, end, thread)` on at most `threads` threads; the ranges cover [0, tasks). A thread gets at least
/// `least` tasks, so that small work stays on the calling thread, where it costs a function call.
template <class Threads, class Work>
void parallel_for(Index tasks, Index least, int threads, const Work& work) {
  const int used = useful_threads<Threads>(tasks, least, threads);
  Threads::run(used, [&](int thread) { work(tasks * thread / used, tasks * (thread + 1) / used, thread); });
}

}  // namespace mae::cpu
MAE_PRECISE_END
