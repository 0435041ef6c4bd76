// Updates of a device: uploads one table of step factors per update and reads the check of the gradient back one step
// later.
//
// All that changes from one update to the next, rates and corrections, travels as one table to one place, in the order
// of kernels: so an update's kernels can be recorded once and repeated. What was found wrong with the gradient comes
// back later (`Readback`). Kernels change nothing once something is wrong, so the program may look when it likes.
#pragma once
#include <mae/autograd/run/readback.hpp>
#include <mae/backend/kernels.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Where the program reaches the kernels' memory it knows all this itself.
template <class MemorySpace, bool same = MemorySpace::host_accessible>
class DeviceUpdateQueue {
 public:
  explicit DeviceUpdateQueue(Index) {}
};

template <class MemorySpace>
class DeviceUpdateQueue<MemorySpace, false> {
 public:
  /// The addresses that an update works on.
  struct Key {
    const void *weights, *gradients, *first_moment, *second_moment;
    bool operator==(const Key&) const = default;
  };

  explicit DeviceUpdateQueue(Index parameters)
      : outbound_(2 * parameters), factors_(parameters), check_(1), checks_(Index{sizeof(GradientCheck)}) {}

  /// Sends the factors of parameters k = 0, 1, ..., factors(k), for another update. At most two may be unread.
  template <class Factors>
  void send(const Factors& factors) {
    if (checks_.unread() == checks_.most)
      throw Error("AdamW", "another update", "at most " + std::to_string(checks_.most) + " that are not finished");
    AdamwFactors<float>* const half = outbound_.data() + checks_.slot() * factors_.size();
    for (Index k = 0; k < factors_.size(); ++k) half[k] = factors(static_cast<std::size_t>(k));
    MemorySpace::enqueue_to_device(factors_.data(), half, factors_.size() * Index{sizeof(AdamwFactors<float>)});
  }
  const AdamwFactors<float>* factors(std::size_t k) const { return factors_.data() + k; }
  GradientCheck* gradient_check() { return check_.data(); }
  template <class Work>
  void run(const Key& key, const Work& work) {
    graph_cache_.run(key, work);
  }
  /// After the last kernel of an update.
  void enqueue() { checks_.enqueue(check_.data(), Index{sizeof(GradientCheck)}); }

  Index unread() const { return checks_.unread(); }
  /// What was found of the first update that has not been read. Waits for it.
  GradientCheck read() {
    GradientCheck found;
    std::memcpy(&found, checks_.read(), sizeof found);
    return found;
  }
  /// Leaves off what is unread, and lets updates change weights again.
  void reset() {
    checks_.forget();
    MemorySpace::fill(check_.data(), 0, Index{sizeof(GradientCheck)});
  }

 private:
  Buffer<AdamwFactors<float>, typename MemorySpace::Pinned> outbound_;
  Buffer<AdamwFactors<float>, MemorySpace> factors_;
  Buffer<GradientCheck, MemorySpace> check_;
  Readback<MemorySpace> checks_;
  typename MemorySpace::template GraphCache<Key> graph_cache_;
};

}  // namespace mae
MAE_PRECISE_END
