// A training step over a batch: whole, or in micro-batches of samples that threads work by themselves.
//
// A kernel of a small model is done sooner than a second thread wakes up. So a thread takes whole micro-batches of
// samples through forward and backward alone, and a step is one parallel region instead of hundreds. Micro-batches are
// divided among shards, each with a gradient of its own: those of a shard are worked in their order, and the shards'
// gradients are added up in theirs. How a batch is divided follows from its size and from the model, so the bits depend
// neither on the number of threads nor on who did what.
// A thread has one session for all shards that it works: less memory, of which more is in the caches when the next
// micro-batch comes, and so faster.
//
//   batch of 64 = 4 micro-batches of 16 → shards 0 1 2 3 → gradient = ((g₀ + g₁) + g₂) + g₃
//
// A large model has work for all threads in every kernel, and a gradient a shard would be too much memory: its batch is
// one micro-batch. Cost of the shards: their gradients, and one pass over each.
#pragma once
#include <list>
#include <vector>

#include <mae/autograd/run/session.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// `ProgramType` computes a loss a sample; `Owner` is whose weights it takes: its model, or a base of it.
template <class ProgramType, class Owner = typename ProgramType::Model>
class BatchStep {
 public:
  using Program = ProgramType;
  using Policy = typename Program::Policy;
  using Threads = typename Policy::Threads;

  /// Memory for up to `capacity` samples and `threads` threads.
  explicit BatchStep(Index capacity, int threads = Threads::count())
      : capacity_(capacity),
        threads_(threads),
        means_(static_cast<std::size_t>(micro_batches_of(checked(capacity, threads)))) {
    const Index shards = shards_of(capacity);
    const auto team = static_cast<std::size_t>(smaller(threads, shards));
    while (sessions_.size() < team) sessions_.emplace_back(micro_batch_of(capacity), inner_threads(capacity, threads));
    more_gradients_.resize(static_cast<std::size_t>(shards - 1));
  }

  /// Bytes of all sessions, and of the gradients of all shards but the first: what the plan promises.
  static constexpr Index bytes(Index capacity, int threads) {
    const Index shards = shards_of(checked(capacity, threads));
    return smaller(threads, shards) *
               Session<Program>::bytes(micro_batch_of(capacity), inner_threads(capacity, threads)) +
           (shards - 1) * weight_bytes;
  }
  Index capacity() const { return capacity_; }
  int threads() const { return threads_; }
  /// What random operations read: set before a step.
  Context& context() { return context_; }

  /// Forward, then backward from the mean of the per-sample losses, whose value is returned. Gradients, times `scale`,
  /// are added to `gradients`, which are weights, or given to it as soon as each is whole, if it is a GradientSink: for
  /// a large model. One tensor or view for each program input. Throws mae::Error naming the first layer whose result is
  /// not finite; part of the gradient may then have been added.
  template <class Gradients, class X0, class... X>
  double step_scaled(double scale, const Weights<Owner, Policy>& weights, Gradients& gradients, const X0& input,
                     const X&... inputs) {
    start(scale, weights, gradients, input, inputs...);
    return finish();
  }

  /// Begins a step, of which `finish` returns the loss. See `Session`.
  template <class Gradients, class X0, class... X>
  void start(double scale, const Weights<Owner, Policy>& weights, Gradients& gradients, const X0& input,
             const X&... inputs) {
    static_assert(most_shards == 1 || std::is_same_v<Gradients, Weights<Owner, Policy>>,
                  "mae: a small model is worked in shards, each with a gradient of its own; "
                  "update after the backward pass");
    const Index batch = check_batch(input, inputs...);
    if constexpr (most_shards == 1) {
      sessions_.front().context() = context_;
      sessions_.front().start(scale, weights, gradients, input, inputs...);
    } else if constexpr (std::is_same_v<Gradients, Weights<Owner, Policy>>) {
      loss_ = work(batch, scale, weights, gradients, input, inputs...);
    }
  }
  double finish() {
    if constexpr (most_shards == 1) return sessions_.front().finish();
    else return loss_;
  }
  /// Leaves off what was started and not finished.
  void forget() { sessions_.front().forget(); }
  /// How many steps may be on their way when their losses are looked at; 0: each is done when it has been started.
  static constexpr Index ahead = Session<Program>::ahead;

 private:
  template <class X0, class... X>
  Index check_batch(const X0& input, const X&... inputs) const {
    const Index batch = input.batch();
    if (batch < 1 || batch > capacity_ || ((inputs.batch() != batch) || ...))
      throw Error("BatchStep", "a batch of " + std::to_string(batch),
                  "the same for all inputs, from 1 to " + std::to_string(capacity_));
    return batch;
  }
  /// The whole step of a small model: its loss.
  template <class... X>
  double work(Index batch, double scale, const Weights<Owner, Policy>& weights, Weights<Owner, Policy>& gradients,
              const X&... inputs) {
    const Index size = micro_batch_of(capacity_), micro_batches = ceil_divide(batch, size),
                shards = smaller(micro_batches, most_shards);
    const int team = static_cast<int>(smaller(threads_, shards));
    auto work_shard = [&](Index shard, int thread) {
      auto at = sessions_.begin();
      for (int k = 0; k < thread; ++k) ++at;
      Session<Program>& session = *at;
      Weights<Owner, Policy>& to = shard == 0 ? gradients : more_gradients_[static_cast<std::size_t>(shard - 1)];
      for (Index micro_batch = shards_begin(shard, shards, micro_batches);
           micro_batch < shards_begin(shard + 1, shards, micro_batches); ++micro_batch) {
        const Index begin = micro_batch * size, count = smaller(size, batch - begin);
        session.context() = context_;
        if (context_.sample_keys) session.context().sample_keys += begin;
        means_[static_cast<std::size_t>(micro_batch)] =
            session.step_scaled(scale * static_cast<double>(count) / static_cast<double>(batch), weights, to,
                                slice(inputs, begin, count)...);
      }
    };
    if (shards == 1) work_shard(0, 0);
    else share(shards, team, work_shard);
    for (Index shard = 1; shard < shards; ++shard) add(gradients, more_gradients_[static_cast<std::size_t>(shard - 1)]);
    double mean = 0;
    for (Index micro_batch = 0; micro_batch < micro_batches; ++micro_batch)
      mean += means_[static_cast<std::size_t>(micro_batch)] *
              (static_cast<double>(smaller(size, batch - micro_batch * size)) / static_cast<double>(batch));
    return mean;
  }

  static constexpr Index weight_bytes = weights_size<Owner> * Index{sizeof(typename Policy::Parameter)};
  /// Up to so many bytes of weights a model is worked in micro-batches, by at most so many shards, where kernels are
  /// threads of the program.
  static constexpr Index small_model = Index{8} << 20,
                         most_shards = runs_on_host<Policy> && weight_bytes <= small_model ? 16 : 1;
  /// Samples in a micro-batch of a small model. Fewer would divide among more threads, but weights are packed anew for
  /// every micro-batch and tiles have fewer rows.
  static constexpr Index small_micro_batch = 16;

  static constexpr Index smaller(Index a, Index b) { return a < b ? a : b; }
  static constexpr Index ceil_divide(Index a, Index b) { return (a + b - 1) / b; }
  static constexpr Index checked(Index capacity, int threads) {
    if (capacity < 1) throw Error("BatchStep", "a capacity of " + std::to_string(capacity), "at least one sample");
    if (threads < 1) throw Error("BatchStep", std::to_string(threads) + " threads", "at least one");
    return capacity;
  }
  static constexpr Index micro_batch_of(Index capacity) {
    return most_shards == 1 ? capacity : smaller(small_micro_batch, capacity);
  }
  static constexpr Index micro_batches_of(Index capacity) { return ceil_divide(capacity, micro_batch_of(capacity)); }
  static constexpr Index shards_of(Index capacity) { return smaller(micro_batches_of(capacity), most_shards); }
  static constexpr int inner_threads(Index capacity, int threads) { return shards_of(capacity) == 1 ? threads : 1; }
  /// The first micro-batch of a shard.
  static constexpr Index shards_begin(Index shard, Index shards, Index micro_batches) {
    return micro_batches * shard / shards;
  }

  template <class X>
  static auto slice(const X& x, Index begin, Index count) {
    using T = std::remove_const_t<typename X::Element>;
    return View<const T, typename X::Shape>(x.data(), x.batch()).slice(begin, count);
  }

  /// Calls work(shard, thread) for all shards on a team. After an error no shard keeps a gradient.
  template <class Work>
  void share(Index shards, int team, const Work& work) {
    try {
      parallel_for_each<Threads>(shards, team, work);
    } catch (...) {
      for (Weights<Owner, Policy>& gradients : more_gradients_) gradients.zero();
      throw;
    }
  }
  /// gradients += shard, shard = 0.
  static void add(Weights<Owner, Policy>& gradients, Weights<Owner, Policy>& shard) {
    Kernels<Policy>::each(gradients.size(), [to = gradients.kernel_data(), from = shard.kernel_data()](Index i) {
      to[i] += from[i];
      from[i] = 0;
    });
  }

  Index capacity_;
  int threads_;
  Context context_;
  std::list<Session<Program>> sessions_;                // one a thread of the team
  std::vector<Weights<Owner, Policy>> more_gradients_;  // of all shards but the first, which adds to the caller's
  std::vector<double> means_;
  double loss_ = 0;
};

}  // namespace mae
MAE_PRECISE_END
