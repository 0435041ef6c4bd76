// What an update and the program tell each other: factors there, a check of the gradient back.
//
// All that changes from one update to the next, rates and corrections, lies in one table where kernels work; kernels
// note there what is wrong with the gradient, and change nothing from then on. So an optimizer is written once: it
// hands over an update and asks later how it went. Where the program reaches that memory the work is done when a call
// returns. Where kernels work beside the program the table travels in the order of kernels, an update's kernels are
// recorded once and repeated, and the answer comes back later (`Readback`). Nothing else in this folder knows the
// difference.
#pragma once
#include <mae/autograd/run/readback.hpp>
#include <mae/backend/kernels.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The addresses that an update works on.
template <int states>
struct UpdateKey {
  const void *weights, *gradients, *state[states];
  bool operator==(const UpdateKey&) const = default;
};

/// For `parameters` parameters; `Factors` are of the kernels' type `Factor`. At most `most` updates may be unread.
template <class Policy, template <class> class Of, bool same = Policy::MemorySpace::host_accessible>
class UpdateQueue {
 public:
  using Factors = Of<typename Kernels<Policy>::Factor>;
  static constexpr Index most = 2;
  static constexpr bool recorded = false;  ///< whether work that is run again with the same key is not called again

  explicit UpdateQueue(Index parameters) : factors_(parameters) {}

  /// Sends the factors, in double, of parameters k = 0, 1, ..., exact(k), for another update.
  template <class Exact>
  void send(const Exact& exact) {
    if (unread() == most)
      throw Error("optimizer", "another update", "at most " + std::to_string(most) + " that are not finished");
    for (Index k = 0; k < factors_.size(); ++k)
      factors_[k] = rounded<typename Kernels<Policy>::Factor>(exact(static_cast<std::size_t>(k)));
  }
  Factors* factors(std::size_t k) { return factors_.data() + k; }
  GradientCheck* gradient_check() { return &check_; }
  template <class Work>
  void run(const UpdateKey<Factors::states>&, const Work& work) {
    work();
  }
  /// After the last kernel of an update.
  void enqueue() { found_[enqueued_++ % most] = check_; }
  Index unread() const { return enqueued_ - read_; }
  /// What was found of the first update that has not been read.
  GradientCheck read() { return found_[read_++ % most]; }
  /// Leaves off what is unread, and lets updates change weights again.
  void reset() { read_ = enqueued_, check_ = {}; }

 private:
  Buffer<Factors> factors_;
  GradientCheck check_, found_[most];
  Index enqueued_ = 0, read_ = 0;
};

template <class Policy, template <class> class Of>
class UpdateQueue<Policy, Of, false> {
  using MemorySpace = typename Policy::MemorySpace;

 public:
  using Factors = Of<typename Kernels<Policy>::Factor>;
  static constexpr Index most = Readback<MemorySpace>::most;
  static constexpr bool recorded = true;

  explicit UpdateQueue(Index parameters)
      : outbound_(most * parameters), factors_(parameters), check_(1), checks_(Index{sizeof(GradientCheck)}) {}

  template <class Exact>
  void send(const Exact& exact) {
    if (unread() == most)
      throw Error("optimizer", "another update", "at most " + std::to_string(most) + " that are not finished");
    Factors* const half = outbound_.data() + checks_.slot() * factors_.size();
    for (Index k = 0; k < factors_.size(); ++k)
      half[k] = rounded<typename Kernels<Policy>::Factor>(exact(static_cast<std::size_t>(k)));
    MemorySpace::enqueue_to_device(factors_.data(), half, factors_.size() * Index{sizeof(Factors)});
  }
  Factors* factors(std::size_t k) { return factors_.data() + k; }
  GradientCheck* gradient_check() { return check_.data(); }
  template <class Work>
  void run(const UpdateKey<Factors::states>& key, const Work& work) {
    graph_cache_.run(key, work);
  }
  void enqueue() { checks_.enqueue(check_.data(), Index{sizeof(GradientCheck)}); }
  Index unread() const { return checks_.unread(); }
  /// Waits for it.
  GradientCheck read() {
    GradientCheck found;
    std::memcpy(&found, checks_.read(), sizeof found);
    return found;
  }
  void reset() {
    checks_.forget();
    MemorySpace::fill(check_.data(), 0, Index{sizeof(GradientCheck)});
  }

 private:
  Buffer<Factors, typename MemorySpace::Pinned> outbound_;
  Buffer<Factors, MemorySpace> factors_;
  Buffer<GradientCheck, MemorySpace> check_;
  Readback<MemorySpace> checks_;
  typename MemorySpace::template GraphCache<UpdateKey<Factors::states>> graph_cache_;
};

}  // namespace mae
MAE_PRECISE_END
