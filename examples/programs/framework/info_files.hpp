// What is told of the files of a data set: how many are looked at, by all threads, and what is wrong with some.
#pragma once
#include <algorithm>
#include <iterator>
#include <mutex>

#include <mae/backend/threads.hpp>

#include "info.hpp"

namespace program {

inline std::string sides(mae::Index height, mae::Index width) {
  return std::to_string(width) + " x " + std::to_string(height);
}

/// What is wrong with files, a few of them in words.
class Wrong {
 public:
  void add(const mae::Error& error) {
    const std::lock_guard lock(mutex_);
    faults_.push_back(std::string(error.what()).substr(5));
  }
  void add(std::vector<std::string> faults) {
    faults_.insert(faults_.end(), std::make_move_iterator(faults.begin()), std::make_move_iterator(faults.end()));
  }
  void tell(Facts& facts) {
    std::sort(faults_.begin(), faults_.end());
    facts.set("faults", faults_.size());
    for (std::size_t i = 0; i < faults_.size() && i < 5; ++i) facts.add_to("fault", faults_[i], "first_faults");
    if (faults_.size() > 5)
      facts.add_to("fault", "and " + std::to_string(faults_.size() - 5) + " more", "first_faults");
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> faults_;
};

/// Calls look(i) for `most` of `count` things, evenly spread, or for all; by all threads.
template <class Look>
mae::Index each_of(mae::Index count, mae::Index most, const Look& look) {
  const mae::Index taken = std::min(count, most);
  mae::parallel_for_each<mae::DefaultThreads>(taken, mae::DefaultThreads::count(),
                                              [&](mae::Index k, int) { look(k * count / taken); });
  return taken;
}
inline std::string of_all(mae::Index taken, mae::Index count) {
  return taken == count ? "" : ", of " + grouped(taken) + " looked at; --scan looks at all";
}

}  // namespace program
