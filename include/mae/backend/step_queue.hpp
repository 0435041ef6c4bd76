// A queue of steps: what kernels are given, what they make of it, and the few numbers that the program looks at.
//
//   queue.begin();                                  // another step
//   const float* x = queue.send(images, count);     // where its kernels find them
//   queue.run(key, [&] { ... });                    // calls kernels, whose arguments follow from `key`
//   queue.ask(losses, count);                       // what it wants to know
//   const float* found = queue.read();              // the answer of the oldest step that has not been read
//
// Whoever has a queue is written as if every call were done when it returns. Here, where kernels work in the program's
// memory, it is: nothing is sent, and an answer is there when it is asked for. Where they work beside the program
// (backend/device_queue.hpp) inputs travel while the step before runs, kernels are recorded and repeated, and `read`
// waits. What shows is that it pays to be `ahead` steps ahead of the answers, of which two may be unread.
#pragma once
#include <mae/backend/buffer.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Steps whose answers have not been read, the oldest first, each with a note of whoever needs it then.
template <class Note>
class UnreadSteps {
 public:
  static constexpr Index most = 2;
  Index count() const { return end_ - begin_; }
  const Note& operator[](Index k) const { return notes_[(begin_ + k) % most]; }
  /// Returns which of the `most` places for answers is the step's.
  Index push(const Note& note) {
    notes_[end_ % most] = note;
    return end_++ % most;
  }
  /// The place of the oldest, which is then off the list.
  Index pop() { return begin_++ % most; }
  void clear() { begin_ = end_; }

 private:
  Note notes_[most];
  Index begin_ = 0, end_ = 0;
};

/// How inputs travel: ahead of the kernels of earlier steps, to one of two places in turn; or behind them, to one place
/// whose address never changes, where kernels that are called outside of `run` find them too.
enum class Transfer { ahead, in_order };

/// For `inputs` bytes a step, what each `send` takes being rounded up to `alignment`, and for answers of up to
/// `answers` elements.
template <class MemorySpace, class Key, class Answer, Transfer = Transfer::ahead>
class StepQueue;

template <HostAccessible MemorySpace, class Key, class Answer, Transfer transfer>
class StepQueue<MemorySpace, Key, Answer, transfer> {
 public:
  static constexpr Index most = UnreadSteps<Key>::most;
  /// How many steps it pays to have on their way; 0: a step is done when it has been called.
  static constexpr Index ahead = 0;
  /// Whether work that is run again with the same key is not called again.
  static constexpr bool repeats = false;
  /// Bytes in `MemorySpace` for inputs.
  static constexpr Index bytes(Index) { return 0; }

  StepQueue(Index, Index answers) : size_(answers), answers_(most * answers) {}

  /// Begins a step, or waits until there is room for what it sends.
  void begin() {}
  /// Where kernels find `count` elements, which may change when this returns.
  template <class T>
  T* send(const T* from, Index) {
    return const_cast<T*>(from);
  }
  /// What was sent to a place, until the next step but one begins.
  template <class T>
  const T* sent(const T* place) const {
    return place;
  }
  template <class Work>
  void run(const Key& key, const Work& work) {
    key_ = key;
    work();
  }
  /// In the middle of what is run: looks at results if they are there.
  template <class Look>
  void if_known(const Look& look) {
    look();
  }
  /// After the last kernel of a step: wants `count` elements at `at` as they are then.
  void ask(const Answer* at, Index count) {
    Answer* const to = answers_.data() + unread_.push(key_) * size_;
    for (Index i = 0; i < count; ++i) to[i] = at[i];
  }
  Index unread() const { return unread_.count(); }
  /// The key of the oldest step that has not been read, as it was run.
  const Key& oldest() const { return unread_[0]; }
  /// Its answer, until two more are asked for.
  const Answer* read() { return answers_.data() + unread_.pop() * size_; }
  /// Nobody will read what was asked for.
  void forget() { unread_.clear(); }

 private:
  Key key_{};
  UnreadSteps<Key> unread_;
  Index size_;
  Buffer<Answer> answers_;
};

}  // namespace mae
MAE_PRECISE_END
