// AdamW: Adam with weight decay that is not part of the gradient (Loshchilov & Hutter, 2019).
//
// With gradient g, step t and learning rate η, for each weight:
//     m ← β₁ m + (1 - β₁) g,   v ← β₂ v + (1 - β₂) g²,
//     w ← w (1 - η λ) - η (m / (1 - β₁ᵗ)) / (sqrt(v / (1 - β₂ᵗ)) + ε).
// Vectors (biases, normalisation) do not decay, matrices and tokens do, as MAE's recipe has it; `set_decay` chooses
// otherwise. Each parameter may have a rate of its own (`layer_decay.hpp`). The gradient is zero afterwards. With
// `clip` it is first scaled so that its norm over all parameters is at most that.
//
// The norm is computed in any case, one more pass over the gradient: a loss may be finite and its gradient not, and
// such a gradient must not reach the weights, where one step would spoil what days have trained. Where kernels work
// beside the program they see to that by themselves, and the program is told later: `start` and `finish`.
#pragma once
#include <mae/autograd/run/weights.hpp>
#include <mae/backend/kernels.hpp>
#include <mae/core/finite.hpp>
#include <mae/core/math.hpp>
#include <mae/optim/device_update_queue.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct AdamwOptions {
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
  double weight_decay = 0.05;
  double clip = 0;  ///< largest norm of the gradient; 0: no clipping
};

/// Throws mae::Error that names the option unless both betas are in [0, 1), epsilon is above 0, decay and clip from 0.
inline void validate(const AdamwOptions& options) {
  auto expect = [](const char* option, double value, bool good, const char* expected) {
    if (!(good && is_finite(value))) throw Error(option, std::to_string(value), expected);
  };
  expect("beta1", options.beta1, options.beta1 >= 0 && options.beta1 < 1, "a number in [0, 1)");
  expect("beta2", options.beta2, options.beta2 >= 0 && options.beta2 < 1, "a number in [0, 1)");
  expect("epsilon", options.epsilon, options.epsilon > 0, "a finite number above 0");
  expect("weight_decay", options.weight_decay, options.weight_decay >= 0, "a finite number from 0");
  expect("clip", options.clip, options.clip >= 0, "a finite number from 0");
}

template <class Model, class Policy>
class OptimizerInBackward;

/// The optimizer of a model's weights: both moments, as large as the weights each, and the number of steps.
template <class Model, class Policy>
class AdamW {
 public:
  using WeightsType = Weights<Model, Policy>;

  /// Throws mae::Error, naming it, if an option makes no sense.
  explicit AdamW(const AdamwOptions& options = {}, int threads = Policy::Threads::count())
      : options_((validate(options), options)),
        scale_(first_moment_.parameters().size(), 1.0),
        decay_(scale_.size()),
        workspace_memory_(Workspace::bytes(Kernels<Policy>::sum_workspace(), threads)),
        workspace_{workspace_memory_.data(), Kernels<Policy>::sum_workspace(), threads},
        updates_on_device_(static_cast<Index>(scale_.size())) {
    set_decay(decays);
  }

  /// Multiplies the learning rate of each parameter by scale(parameter).
  template <class F>
  void set_scale(const F& scale) {
    for (std::size_t k = 0; k < scale_.size(); ++k) scale_[k] = scale(first_moment_.parameters()[k]);
  }

  /// Lets those parameters decay for which which(parameter) is true.
  template <class F>
  void set_decay(const F& which) {
    for (std::size_t k = 0; k < decay_.size(); ++k)
      decay_[k] = which(first_moment_.parameters()[k]) ? options_.weight_decay : 0;
  }

  /// The Euclidean norm of all gradients.
  double norm(const WeightsType& gradients) const {
    return math::sqrt(sum_of_squares(gradients.size(), gradients.kernel_data()));
  }

  /// One update of `weights` at learning rate `rate`; sets `gradients` to zero. Throws mae::Error naming the first
  /// parameter whose gradient is not finite, and changes nothing.
  void step(WeightsType& weights, WeightsType& gradients, double rate) {
    start(weights, gradients, rate);
    finish();
  }
  /// Begins an update. Where kernels work beside the program, at most two may be unfinished, and after one that fails
  /// the next changes nothing either.
  void start(WeightsType& weights, WeightsType& gradients, double rate) {
    if constexpr (Policy::MemorySpace::host_accessible) {
      update(weights, gradients, rate);
    } else {
      send_factors(rate);
      updates_on_device_.run(key(weights, gradients.kernel_data()), [&] {
        check_gradient(0, gradients.size(), options_.clip, gradients.kernel_data());
        for (std::size_t k = 0; k < scale_.size(); ++k) {
          const ParameterInfo& parameter = weights.parameters()[k];
          if (parameter.trained)
            apply_checked(k, parameter.offset, parameter.count, weights, gradients.kernel_data() + parameter.offset);
        }
      });
      updates_on_device_.enqueue();
      ++steps_;
    }
  }
  /// Ends the first update that was started and not finished: throws what `step` throws. Then those started since are
  /// left off too, and `steps` is what it was.
  void finish(const char* expected = "finite numbers; lower the learning rate") {
    if constexpr (!Policy::MemorySpace::host_accessible) {
      const Index fault = updates_on_device_.read().fault;
      if (fault == 0) return;
      --steps_;
      forget();
      throw Error("gradient", "a norm that is not finite, first in " + owner(fault - 1), expected);
    }
  }
  /// Leaves off updates that were started and not finished, after one of them or what led to it has failed.
  void forget() {
    if constexpr (!Policy::MemorySpace::host_accessible) {
      steps_ -= updates_on_device_.unread();
      updates_on_device_.reset();
    }
  }

  /// Vectors and everything called bias do not decay.
  static bool decays(const ParameterInfo& parameter) {
    return parameter.shape.size() > 1 && !parameter.name.ends_with(".bias");
  }

  /// The state that a resumed run needs.
  WeightsType& first_moment() { return first_moment_; }
  WeightsType& second_moment() { return second_moment_; }
  const WeightsType& first_moment() const { return first_moment_; }
  const WeightsType& second_moment() const { return second_moment_; }
  Index steps() const { return steps_; }
  void set_steps(Index steps) { steps_ = steps; }
  const AdamwOptions& options() const { return options_; }

 private:
  friend OptimizerInBackward<Model, Policy>;

  void update(WeightsType& weights, WeightsType& gradients, double rate) {
    AdamwStep update = next_update();
    const double length = norm(gradients);
    if (!is_finite(length))
      throw Error("gradient", "a norm that is not finite, first in " + first_fault(gradients),
                  "finite numbers; lower the learning rate");
    if (options_.clip > 0 && length > options_.clip) update.gradient_scale = options_.clip / length;
    ++steps_;
    for (std::size_t k = 0; k < scale_.size(); ++k) {
      const ParameterInfo& parameter = weights.parameters()[k];
      if (parameter.trained)
        apply(update, rate, k, parameter.offset, parameter.count, weights,
              gradients.kernel_data() + parameter.offset);
    }
  }
  /// What kernels of an update work on, and its numbers on their way.
  auto key(WeightsType& weights, const void* gradients) {
    return typename DeviceUpdateQueue<typename Policy::MemorySpace>::Key{
        weights.kernel_data(), gradients, first_moment_.kernel_data(), second_moment_.kernel_data()};
  }
  void send_factors(double rate) {
    const AdamwStep update = next_update();
    updates_on_device_.send([&](std::size_t k) {
      AdamwStep step = update;
      step.rate = rate * scale_[k];
      step.weight_decay = decay_[k];
      return AdamwFactors<float>(step);
    });
  }
  /// `apply` with the factors sent, unless a check says no; `gradient` is of the weights from `offset` on.
  void check_gradient(Index offset, Index count, double clip, const typename WeightsType::Element* gradient) {
    Kernels<Policy>::check_gradient(count, gradient, offset, clip, updates_on_device_.gradient_check(), workspace_);
  }
  void apply_checked(std::size_t k, Index offset, Index count, WeightsType& weights,
                     typename WeightsType::Element* gradient) {
    Kernels<Policy>::adamw(count, weights.kernel_data() + offset, gradient, first_moment_.kernel_data() + offset,
                           second_moment_.kernel_data() + offset, updates_on_device_.factors(k),
                           updates_on_device_.gradient_check());
  }

  double sum_of_squares(Index count, const typename WeightsType::Element* gradient) const {
    return Kernels<Policy>::sum_of_squares(count, gradient, workspace_);
  }
  /// What update number steps_ + 1 does to any parameter.
  AdamwStep next_update() const {
    const auto steps = static_cast<double>(steps_ + 1);
    AdamwStep update;
    update.beta1 = options_.beta1;
    update.beta2 = options_.beta2;
    update.epsilon = options_.epsilon;
    update.correction1 = 1 - math::pow(options_.beta1, steps);
    update.correction2 = 1 - math::pow(options_.beta2, steps);
    return update;
  }
  /// Updates `count` weights of parameter k, those from `offset`, and sets their gradient to zero.
  void apply(AdamwStep update, double rate, std::size_t k, Index offset, Index count, WeightsType& weights,
             typename WeightsType::Element* gradient) {
    update.rate = rate * scale_[k];
    update.weight_decay = decay_[k];
    Kernels<Policy>::adamw(count, weights.kernel_data() + offset, gradient, first_moment_.kernel_data() + offset,
                           second_moment_.kernel_data() + offset, update);
  }

  /// The parameter that the first number that is not finite belongs to.
  static std::string first_fault(const WeightsType& gradients) {
    for (const ParameterInfo& parameter : gradients.parameters())
      for (Index i = 0; i < parameter.count; ++i)
        if (!is_finite(static_cast<double>(gradients.at(parameter)[i]))) return parameter.name;
    return "the sum of squares";
  }

  /// The parameter that weight number `i` belongs to.
  std::string owner(Index i) const {
    for (const ParameterInfo& parameter : first_moment_.parameters())
      if (parameter.offset <= i && i < parameter.offset + parameter.count) return parameter.name;
    return "the sum of squares";
  }

  AdamwOptions options_;
  WeightsType first_moment_, second_moment_;
  std::vector<double> scale_, decay_;
  Buffer<char, typename Policy::MemorySpace> workspace_memory_;
  Workspace workspace_;
  DeviceUpdateQueue<typename Policy::MemorySpace> updates_on_device_;
  Index steps_ = 0;
};

}  // namespace mae
MAE_PRECISE_END
