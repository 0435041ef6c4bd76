// Batches made ahead of the step, by threads in the background.
//
//   Pretraining<Model> run(folder, options, normalization);
//   Prefetch ahead(run.loader(), 2);      // two threads decode, crop and normalise while the step computes
//   run.read_from(ahead);
//
// A batch is a pure function of its position (`data/batches.hpp`), so this is a cache and nothing else: the same bits
// with any number of workers, and a run that jumps (a resumed one) simply finds the shelf empty once. Each worker makes
// whole batches; a shelf of `workers + 2` of them is the memory it takes. An image that cannot be read throws in
// `at(position)` of its batch, not before. The threads are those of the process that started them: a child of it gets
// an error, and makes a `Prefetch` of its own.
#pragma once
#include <unistd.h>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <mae/backend/threads.hpp>
#include <mae/data/batches.hpp>

MAE_PRECISE_BEGIN
namespace mae {

template <class Geometry, class T, class Target = NoTarget>
class Prefetch final : public BatchSource<Geometry, T, Target> {
 public:
  /// Starts `workers` threads, at least one. The loader's collection must outlive this.
  Prefetch(const Loader<Geometry, T, Target>& loader, int workers) {
    if (workers < 1) throw Error("Prefetch", std::to_string(workers) + " workers", "at least one");
    shelf_.reserve(static_cast<std::size_t>(workers) + 2);
    for (int i = 0; i < workers + 2; ++i) shelf_.emplace_back(loader.order().batch);
    try {
      for (int i = 0; i < workers; ++i) threads_.emplace_back([this, own = loader]() mutable { work(own); });
    } catch (...) {
      stop();
      throw;
    }
  }
  ~Prefetch() override { stop(); }

  /// Waits until the batch at `position` is made. Throws what making it threw. It stays valid until the next call.
  const Batch<Geometry, T, Target>& at(Index position) override {
    if (forked()) throw Error("Prefetch", "the child of the process that made it", "one that the child made itself");
    std::unique_lock lock(signals_->mutex);
    if (position != begin_ && position != begin_ + 1) next_ = position;  // not the one in hand nor the one after it
    begin_ = position;
    signals_->room.notify_all();
    Place& place = place_of(position);
    signals_->made.wait(lock, [&] { return place.position == position && place.made; });
    if (place.error) std::rethrow_exception(place.error);
    return place.batch;
  }

 private:
  struct Place {
    explicit Place(Index size) : batch(size) {}
    Batch<Geometry, T, Target> batch;
    Index position = -1;  // what it holds, or what a worker puts there
    bool made = true;     // false while a worker writes
    std::exception_ptr error;
  };
  Place& place_of(Index position) { return shelf_[static_cast<std::size_t>(position) % shelf_.size()]; }
  Index places() const { return static_cast<Index>(shelf_.size()); }

  /// By which workers and their master wait for each other.
  struct Signals {
    std::mutex mutex;
    std::condition_variable made, room;
  };
  bool forked() const { return ::getpid() != process_; }

  /// A worker: takes the next position that has a free place, until told to stop.
  void work(Loader<Geometry, T, Target>& loader) {
    std::unique_lock lock(signals_->mutex);
    for (;;) {
      signals_->room.wait(lock, [&] { return stopping_ || (wanted() && place_of(next_).made); });
      if (stopping_) return;
      Place& place = place_of(next_);
      const Index position = next_++;
      if (place.position == position) continue;  // it is there already
      place.position = position;
      place.made = false;
      lock.unlock();
      std::exception_ptr error;
      try {
        loader.template load<Serial>(position, place.batch, 1);
      } catch (...) { error = std::current_exception(); }
      lock.lock();
      place.error = error;
      place.made = true;
      signals_->made.notify_all();
      signals_->room.notify_all();
    }
  }
  /// Something has been asked for, and the shelf has a place for the next batch.
  bool wanted() const { return begin_ >= 0 && next_ < begin_ + places(); }
  void stop() {
    if (forked()) {  // there are no threads here, and what they waited for can be neither used nor destroyed
      for (std::thread& thread : threads_) thread.detach();
      static_cast<void>(signals_.release());
      return;
    }
    {
      const std::lock_guard lock(signals_->mutex);
      stopping_ = true;
    }
    signals_->room.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  std::vector<Place> shelf_;  // the batch at position p lies at p mod its size
  Index begin_ = -1;          // the position in hand; -1: none yet
  Index next_ = 0;            // the next position that a worker takes
  bool stopping_ = false;
  std::unique_ptr<Signals> signals_ = std::make_unique<Signals>();
  pid_t process_ = ::getpid();
  std::vector<std::thread> threads_;
};

template <class Geometry, class T, class Target>
Prefetch(const Loader<Geometry, T, Target>&, int) -> Prefetch<Geometry, T, Target>;

}  // namespace mae
MAE_PRECISE_END
