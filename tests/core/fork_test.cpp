// A process that has computed on several threads forks: both go on, on several threads.
#include <mae/backend/threads.hpp>

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace {
/// A sum that four threads share.
long shared_sum() {
  std::array<long, 4> parts{};
  for (int repetition = 0; repetition < 20; ++repetition)
    mae::DefaultThreads::run(4, [&](int thread) { parts[static_cast<std::size_t>(thread)] += thread + 1; });
  return parts[0] + parts[1] + parts[2] + parts[3];
}
/// What `work` returns in a child; -1 if that does not end in twenty seconds.
template <class Work>
int in_child(const Work& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    ::_exit(work());
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}
int sum_in_child() {
  return in_child([] { return static_cast<int>(shared_sum()); });
}
}  // namespace

TEST_CASE("a child of a process that has computed") {
  CHECK(sum_in_child() == 200);  // before there was a team
  CHECK(shared_sum() == 200);
  for (int time = 0; time < 5; ++time) {
    CHECK(sum_in_child() == 200);
    CHECK(shared_sum() == 200);
  }
  CHECK(in_child(sum_in_child) == 200);
}

TEST_CASE("a child of a thread beside the one that has computed") {
  CHECK(shared_sum() == 200);
  int sum = 0;
  std::thread([&] { sum = sum_in_child(); }).join();
  CHECK(sum == 200);
  CHECK(shared_sum() == 200);
}

TEST_CASE("as many threads in the child as in its parent") {
  CHECK(shared_sum() == 200);
  const int count = mae::DefaultThreads::count();
  CHECK(in_child([] { return mae::DefaultThreads::count(); }) == count);
}
