// AdamW: Adam with weight decay that is not part of the gradient (Loshchilov & Hutter, 2019).
//
// With gradient g, step t and learning rate η, for each weight:
//     m ← β₁ m + (1 - β₁) g,   v ← β₂ v + (1 - β₂) g²,
//     w ← w (1 - η λ) - η (m / (1 - β₁ᵗ)) / (sqrt(v / (1 - β₂ᵗ)) + ε).
// Vectors (biases, normalisation) do not decay, matrices and tokens do, as MAE's recipe has it; `set_decay` chooses
// otherwise. Each parameter may have a rate of its own (`layer_decay.hpp`). One pass over memory; the gradient is zero
// afterwards. With `clip` the gradient is first scaled so that its norm over all parameters is at most that.
#pragma once
#include <cmath>

#include <mae/autograd/weights.hpp>
#include <mae/backend/kernels.hpp>

namespace mae {

struct AdamwOptions {
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
  double decay = 0.05;
  double clip = 0;  ///< largest norm of the gradient; 0: no clipping
};

/// The optimizer of a model's weights: both moments, as large as the weights each, and the number of steps.
template <class Model, class Policy>
class AdamW {
 public:
  using WeightsType = Weights<Model, Policy>;

  explicit AdamW(AdamwOptions options = {}, int threads = Policy::Threads::count())
      : options_(options),
        scale_(first_moment_.parameters().size(), 1.0),
        decay_(scale_.size()),
        workspace_memory_(Workspace::bytes(Kernels<Policy>::sum_workspace(), threads)),
        workspace_{workspace_memory_.data(), Kernels<Policy>::sum_workspace(), threads} {
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
      decay_[k] = which(first_moment_.parameters()[k]) ? options_.decay : 0;
  }

  /// The Euclidean norm of all gradients.
  double norm(const WeightsType& gradients) const {
    return std::sqrt(Kernels<Policy>::sum_of_squares(gradients.size(), gradients.data(), workspace_));
  }

  /// One update of `weights` at learning rate `rate`; sets `gradients` to zero. With clipping, throws mae::Error and
  /// changes nothing if a gradient is not finite.
  void step(WeightsType& weights, WeightsType& gradients, double rate) {
    AdamwStep update;
    if (options_.clip > 0) {
      const double length = norm(gradients);
      if (!std::isfinite(length)) throw Error("gradient", "a norm that is not finite", "finite numbers");
      if (length > options_.clip) update.gradient_scale = options_.clip / length;
    }
    ++steps_;
    update.beta1 = options_.beta1;
    update.beta2 = options_.beta2;
    update.epsilon = options_.epsilon;
    update.correction1 = 1 - std::pow(options_.beta1, static_cast<double>(steps_));
    update.correction2 = 1 - std::pow(options_.beta2, static_cast<double>(steps_));
    for (std::size_t k = 0; k < scale_.size(); ++k) {
      const ParameterInfo& parameter = weights.parameters()[k];
      if (!parameter.trained) continue;
      update.rate = rate * scale_[k];
      update.decay = decay_[k];
      Kernels<Policy>::adamw(parameter.count, weights.at(parameter), gradients.at(parameter),
                             first_moment_.at(parameter), second_moment_.at(parameter), update);
    }
  }

  /// Vectors and everything called bias do not decay.
  static bool decays(const ParameterInfo& parameter) {
    return parameter.shape.size() > 1 && !parameter.name.ends_with(".bias");
  }

  /// The state that a resumed run needs.
  WeightsType& first_moment() { return first_moment_; }
  WeightsType& second_moment() { return second_moment_; }
  Index steps() const { return steps_; }
  void set_steps(Index steps) { steps_ = steps; }

 private:
  AdamwOptions options_;
  WeightsType first_moment_, second_moment_;
  std::vector<double> scale_, decay_;
  Buffer<char> workspace_memory_;
  Workspace workspace_;
  Index steps_ = 0;
};

}  // namespace mae
