// The queue of steps where kernels work beside the program: inputs go ahead, kernels are repeated, answers come later.
//
// A copy of the inputs is sent; there are two places for them, used in turn: while a step runs, the next one's inputs
// travel. Its kernels are handed over as a whole, recorded and repeated as long as their arguments are the same, and
// its answer is copied away when they get there. So the program waits for one step while another runs.
//
//   program   send 3 | run 3 | read 1     send 4 | run 4 | read 2
//   kernels   step 1 ────────────────┤ step 2 ──────────────────────┤ step 3 ...
#pragma once
#include <mae/backend/step_queue.hpp>

MAE_PRECISE_BEGIN
namespace mae {

template <class MemorySpace, class Key, class Answer, Transfer transfer>
class StepQueue {
  using Pinned = typename MemorySpace::Pinned;
  static constexpr Index places = transfer == Transfer::ahead ? 2 : 1;

 public:
  static constexpr Index most = UnreadSteps<Key>::most, ahead = most;
  static constexpr bool repeats = true;
  static constexpr Index bytes(Index inputs) { return places * align_up(inputs); }

  StepQueue(Index inputs, Index answers)
      : room_(align_up(inputs)),
        size_(answers),
        inputs_(bytes(inputs)),
        outbound_(2 * room_),
        answers_(most * answers) {
    MemorySpace::wait();  // `inputs_` is being filled with zeros, which may not overtake what is sent ahead
  }

  void begin() {
    turn_ = 1 - turn_;
    used_ = 0;
    sent_[turn_].wait();
  }
  template <class T>
  T* send(const T* from, Index count) {
    const Index size = count * Index{sizeof(T)};
    char* const copy = outbound_.data() + turn_ * room_ + used_;
    char* const to = inputs_.data() + turn_ % places * room_ + used_;
    std::memcpy(copy, from, static_cast<std::size_t>(size));
    if constexpr (transfer == Transfer::ahead) {
      MemorySpace::copy_to_device_ahead(to, copy, size);
    } else {
      MemorySpace::enqueue_to_device(to, copy, size);
      sent_[turn_].set();
    }
    used_ += align_up(size);
    return reinterpret_cast<T*>(to);
  }
  template <class T>
  const T* sent(const T* place) const {
    static_assert(places == 2);
    return reinterpret_cast<const T*>(outbound_.data() + (reinterpret_cast<const char*>(place) - inputs_.data()));
  }
  template <class Work>
  void run(const Key& key, const Work& work) {
    key_ = key;
    recordings_.run(key, work);
    sent_[turn_].set();
  }
  template <class Look>
  void if_known(const Look&) {}
  void ask(const Answer* at, Index count) {
    const Index place = unread_.push(key_);
    MemorySpace::enqueue_to_host(answers_.data() + place * size_, at, count * Index{sizeof(Answer)});
    answered_[place].set();
  }
  Index unread() const { return unread_.count(); }
  const Key& oldest() const { return unread_[0]; }
  const Answer* read() {
    const Index place = unread_.pop();
    answered_[place].wait();
    return answers_.data() + place * size_;
  }
  void forget() {
    MemorySpace::wait();
    unread_.clear();
  }

 private:
  Key key_{};
  UnreadSteps<Key> unread_;
  Index room_, size_, used_ = 0;
  int turn_ = 0;
  Buffer<char, MemorySpace> inputs_;
  Buffer<char, Pinned> outbound_;
  Buffer<Answer, Pinned> answers_;
  typename MemorySpace::Event sent_[2], answered_[most];  // `sent_`: nothing needs those inputs any more
  typename MemorySpace::template GraphCache<Key> recordings_;
};

}  // namespace mae
MAE_PRECISE_END
