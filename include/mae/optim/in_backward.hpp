// An optimizer in the middle of the backward pass: each weight is updated as soon as its gradient is whole.
//
// Then no gradient outlives the operation that made it, and all share the memory of the largest: of what weights,
// gradients and AdamW's moments take, a quarter is saved. The weights get the same bits as from `Optimizer::step` after
// the pass. What needs the whole gradient first is not to be had: clipping by its norm, sums over several passes, and a
// step that changes nothing if some gradient is not a finite number. A rule that must see a whole parameter (LARS) can
// be had where one operation makes the gradient of all of it.
//
//     Optimizer::step        gradients [all weights] ← whole backward pass;   norm;   update all
//     OptimizerInBackward    for each operation, last to first: gradients [its weights]; update those
#pragma once
#include <algorithm>

#include <mae/autograd/run/gradient_sink.hpp>
#include <mae/optim/adamw.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A step is `begin`, a backward pass into this, `finish`. Optimizer and weights must outlive it. `finish` may be put
/// off: it is `end` and `settle`, and two steps may be unsettled.
template <class Model, class Policy, class Rule = AdamwRule>
class OptimizerInBackward final : public GradientSink {
 public:
  using Element = typename Policy::Parameter;

  /// `room` is `largest_gradient` of the program. Throws mae::Error if the optimizer clips.
  OptimizerInBackward(Optimizer<Rule, Model, Policy>& optimizer, Weights<Model, Policy>& weights, Index room)
      : optimizer_(optimizer), weights_(weights), gradients_(room) {
    if (optimizer.options().clip > 0)
      throw Error("clip", std::to_string(optimizer.options().clip), "0, since weights are updated during backward");
    memory = gradients_.data();
    taken_.reserve(2 * weights.parameters().size());
  }
  OptimizerInBackward(const OptimizerInBackward&) = delete;
  OptimizerInBackward& operator=(const OptimizerInBackward&) = delete;

  /// Before the backward pass of an update at learning rate `rate`.
  void begin(double rate) {
    optimizer_.begin(rate);
    optimizer_.key(weights_, memory);  // numbers of theirs that the program has changed go there
    renew_ = true;
    if constexpr (!Optimizer<Rule, Model, Policy>::recorded) taken_.clear();
  }
  /// Lets `settle` throw mae::Error, naming the parameter, if its gradient is not finite; throws it if the optimizer
  /// must see the whole parameter and this is a part. Later layers have been updated then: the run is to be taken up
  /// from where it was saved.
  void take(const void* weight, Index count, void* gradient) override {
    const Index offset = static_cast<const Element*>(weight) - std::as_const(weights_).kernel_data();
    const std::size_t k = parameter_at(offset);
    auto* const values = static_cast<Element*>(gradient);
    if (std::exchange(renew_, false)) taken_.clear();
    taken_.push_back({offset, offset + count});
    optimizer_.check_gradient(offset, count, 0, values);
    optimizer_.prepare(k, offset, count, weights_, values);
    optimizer_.apply(k, offset, count, weights_, values);
  }
  /// After the backward pass. Weights that it did not reach have a gradient of zero: they decay, their moments fade.
  void finish() {
    end();
    settle();
  }
  void end() {
    std::sort(taken_.begin(), taken_.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
    std::size_t next = 0;
    for (std::size_t k = 0; k < weights_.parameters().size(); ++k) {
      const ParameterInfo& parameter = weights_.parameters()[k];
      const Index end = parameter.offset + parameter.count;
      Index at = parameter.offset;
      for (; next < taken_.size() && taken_[next].begin < end; at = taken_[next++].end) rest(k, at, taken_[next].begin);
      if (parameter.trained) rest(k, at, end);
    }
    optimizer_.end();
  }
  /// Throws what `take` found in the first step that is not settled.
  void settle() { optimizer_.finish("finite numbers; lower the learning rate, and go on from a checkpoint"); }
  /// After a step that was given up.
  void zero() {
    optimizer_.forget();
    Policy::MemorySpace::fill(gradients_.data(), 0, bytes());
  }
  /// Bytes of the gradients.
  Index bytes() const { return gradients_.size() * Index{sizeof(Element)}; }

 private:
  struct Range {
    Index begin, end;
  };
  std::size_t parameter_at(Index offset) const {
    const std::vector<ParameterInfo>& all = weights_.parameters();
    const auto after = std::upper_bound(all.begin(), all.end(), offset,
                                        [](Index at, const ParameterInfo& p) { return at < p.offset; });
    return static_cast<std::size_t>(after - all.begin()) - 1;
  }
  /// Updates weights [begin, end) of parameter k without a gradient.
  void rest(std::size_t k, Index begin, Index end) {
    if (begin < end) optimizer_.prepare(k, begin, end - begin, weights_, nullptr);
    for (; begin < end; begin += gradients_.size())
      optimizer_.apply(k, begin, (std::min)(end - begin, gradients_.size()), weights_, gradients_.data());
  }

  Optimizer<Rule, Model, Policy>& optimizer_;
  Weights<Model, Policy>& weights_;
  Buffer<Element, typename Policy::MemorySpace> gradients_;
  std::vector<Range> taken_;  // where a recorded pass is repeated, those of when it was recorded
  bool renew_ = false;
};

/// For `Pretraining` and `Finetuning` (train/loop.hpp) of a large model: each weight is updated as soon as its gradient
/// is there. After a gradient that is not finite the weights of later layers have been changed: go on from a
/// checkpoint.
struct InBackward {
  static constexpr bool in_backward = true;
  template <class Model, class Policy, class Rule = AdamwRule>
  using Gradients = OptimizerInBackward<Model, Policy, Rule>;
};

}  // namespace mae
MAE_PRECISE_END
