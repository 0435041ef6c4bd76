// Epochs and batches: in which order images are seen, and how a batch of them is loaded.
//
// A batch is a pure function of its position in a run: position → epoch → order of the images → samples → crops, and
// what is mixed of them (`mixing.hpp`), all from the seed. So a resumed run needs to know its position alone, threads
// cannot change a bit, and batches can be made ahead of time by anybody (`data/prefetch.hpp`). A batch of B images
// costs B times `load_sample`. Who trains on a target names its type (`target.hpp`): it is placed where the image is,
// by the thread that loads it.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include <mae/backend/threads.hpp>
#include <mae/core/random.hpp>
#include <mae/data/augment.hpp>
#include <mae/tensor/tensor.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The numbers 0 … count - 1 in the random order of (seed, epoch) (Fisher and Yates' shuffle).
inline std::vector<Index> shuffled(Index count, std::uint64_t seed, std::uint64_t epoch) {
  std::vector<Index> order(static_cast<std::size_t>(count));
  for (Index i = 0; i < count; ++i) order[static_cast<std::size_t>(i)] = i;
  const RandomStream stream(seed, Purpose::shuffle, epoch);
  for (Index i = count - 1; i > 0; --i) {
    const auto j = stream.below(static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i + 1));
    std::swap(order[static_cast<std::size_t>(i)], order[j]);
  }
  return order;
}

/// A number that names sample `sample` of epoch `epoch` of the run `seed`, for random operations inside a model.
inline std::uint64_t sample_key(std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample) {
  const RandomStream stream(seed, Purpose::drop_path, epoch, sample);
  return std::uint64_t{stream.bits(0)} << 32 | stream.bits(1);
}

/// Images of a model and their targets, ready to be trained on.
template <class Geometry, class T, ImageTarget Target = NoTarget>
struct Batch {
  explicit Batch(Index capacity) : images(capacity) {}

  Tensor<T, typename Geometry::Pixels> images;   // [capacity, C, H, W], of which count() are filled
  std::vector<Index> samples;                    ///< the numbers that the order gives: masks and keys follow from them
  std::vector<Index> numbers;                    ///< the numbers of what was loaded: labels follow from them
  std::vector<typename Target::Placed> targets;  ///< of these, as the model sees the images
  std::uint64_t epoch = 0;
  Mix mix{};  ///< what was done to the images; targets follow in the task

  Index count() const { return static_cast<Index>(samples.size()); }
  /// The filled part, [count, C, H, W].
  View<const T, typename Geometry::Pixels> view() const { return images.view().slice(0, count()); }
};

/// Fills `batch` with its `samples`, on at most `threads` of `Threads`. Throws mae::Error if one cannot be read.
template <class Threads, class Geometry, class T, class Target>
void load_batch(const Images& images, const Normalization& normalization, const Augmentation& augmentation,
                std::uint64_t seed, Batch<Geometry, T, Target>& batch, int threads) {
  batch.numbers.resize(batch.samples.size());
  batch.targets.resize(batch.samples.size());
  // Small images are loaded sooner than another thread is woken.
  if (batch.count() * Geometry::values < 1 << 18) threads = 1;
  parallel_for_each<Threads>(batch.count(), threads, [&](Index b, int) {
    const auto at = static_cast<std::size_t>(b);
    const auto follow = [&](Index number, const Placement& placement) {
      images.with_target<Target>(
          number, [&](const typename Target::View& view) { Target::place(view, placement, batch.targets[at]); });
    };
    batch.numbers[at] =
        load_sample(images, batch.samples[at], normalization, augmentation, seed, batch.epoch,
                    batch.images.data() + b * Geometry::values, Geometry::height, Geometry::width, follow);
  });
}

/// How a run goes through its images, in batches of `batch`, `per_epoch` of them in each epoch's own order. Images that
/// are left over wait for another epoch; if there are fewer than a batch, it is smaller.
struct BatchOrder {
  Index images, batch, per_epoch;
  std::uint64_t seed;
};

/// Makes the batches of a run. A copy has a memory of its own, so that several threads can make batches at once.
template <class Geometry, class T, class Target = NoTarget>
class Loader {
 public:
  /// Nothing is checked: see `write_input`.
  Loader(const Images& images, const Normalization& normalization, const Augmentation& augmentation,
         const BatchOrder& order)
      : images_(images), normalization_(normalization), augmentation_(augmentation), order_(order) {}

  /// Makes the batch at `position`, counted from the beginning of the run.
  template <class Threads>
  void load(Index position, Batch<Geometry, T, Target>& batch, int threads) {
    batch.epoch = static_cast<std::uint64_t>(position / order_.per_epoch);
    if (numbers_.empty() || epoch_ != batch.epoch) {
      numbers_ = shuffled(order_.images, order_.seed, batch.epoch);
      epoch_ = batch.epoch;
    }
    const Index begin = position % order_.per_epoch * order_.batch, left = order_.images - begin;
    const Index* const from = numbers_.data() + begin;
    batch.samples.assign(from, from + (left < order_.batch ? left : order_.batch));
    load_batch<Threads>(images_, normalization_, augmentation_, order_.seed, batch, threads);
    const Transform* const mixing = mixing_of(augmentation_);
    if (!mixing) return;
    const auto number = static_cast<std::uint64_t>(position % order_.per_epoch);
    batch.mix = mixing->mix({order_.seed, batch.epoch, number, Geometry::height, Geometry::width});
    constexpr Index planes = Geometry::values / (Geometry::height * Geometry::width);
    mix_images(batch.images.data(), batch.count(), planes, Geometry::height, Geometry::width, batch.mix);
  }
  const BatchOrder& order() const { return order_; }

 private:
  Images images_;
  Normalization normalization_;
  Augmentation augmentation_;
  BatchOrder order_;
  std::vector<Index> numbers_;  // the order of epoch_
  std::uint64_t epoch_ = 0;
};

/// Where a training loop takes its batches from. `at(position)` stays valid until the next call.
template <class Geometry, class T, class Target = NoTarget>
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  virtual const Batch<Geometry, T, Target>& at(Index position) = 0;
};

/// Loads each batch when it is asked for, on the threads that train.
template <class Geometry, class T, class Threads, class Target = NoTarget>
class LoadOnDemand final : public BatchSource<Geometry, T, Target> {
 public:
  LoadOnDemand(const Loader<Geometry, T, Target>& loader, int threads)
      : loader_(loader), batch_(loader.order().batch), threads_(threads) {}
  const Batch<Geometry, T, Target>& at(Index position) override {
    loader_.template load<Threads>(position, batch_, threads_);
    return batch_;
  }
  const Loader<Geometry, T, Target>& loader() const { return loader_; }

 private:
  Loader<Geometry, T, Target> loader_;
  Batch<Geometry, T, Target> batch_;
  int threads_;
};

}  // namespace mae
MAE_PRECISE_END
