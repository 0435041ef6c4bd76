// AdamW: Adam with weight decay that is not part of the gradient (Loshchilov & Hutter, 2019).
//
// With gradient g, step t and learning rate η, for each weight:
//     m ← β₁ m + (1 - β₁) g,   v ← β₂ v + (1 - β₂) g²,
//     w ← w (1 - η λ) - η (m / (1 - β₁ᵗ)) / (sqrt(v / (1 - β₂ᵗ)) + ε).
// How that is computed: backend/adamw.hpp. Which weights decay, clipping, and what a step does: optim/optimizer.hpp.
#pragma once
#include <mae/backend/adamw.hpp>
#include <mae/core/math.hpp>
#include <mae/optim/optimizer.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct AdamwOptions {
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
  double weight_decay = 0.05;
  double clip = 0;  ///< largest norm of the gradient; 0: no clipping

  /// Calls visit(name, value, range) for all of `options`.
  template <class Options, class Visit>
  static void each(Options& options, const Visit& visit) {
    auto& [beta1, beta2, epsilon, weight_decay, clip] = options;  // all there are, or this does not compile
    visit("beta1", beta1, OptionRange::below_one());
    visit("beta2", beta2, OptionRange::below_one());
    visit("epsilon", epsilon, OptionRange::above_zero());
    visit("weight_decay", weight_decay, OptionRange::from_zero());
    visit("clip", clip, OptionRange::from_zero());
  }
};

class AdamwRule {
 public:
  using Options = AdamwOptions;
  template <class T>
  using Factors = AdamwFactors<T>;
  static constexpr const char* name = "AdamW";
  static constexpr const char* state_names[] = {"exp_avg", "exp_avg_sq"};

  AdamwRule(const AdamwOptions& options, Index t) {
    const auto steps = static_cast<double>(t);
    step_.beta1 = options.beta1;
    step_.beta2 = options.beta2;
    step_.epsilon = options.epsilon;
    step_.correction1 = 1 - math::pow(options.beta1, steps);
    step_.correction2 = 1 - math::pow(options.beta2, steps);
  }
  AdamwFactors<double> factors(double rate, double decay) const {
    AdamwStep step = step_;
    step.rate = rate;
    step.weight_decay = decay;
    return step.factors();
  }

 private:
  AdamwStep step_;
};

template <class Model, class Policy>
using AdamW = Optimizer<AdamwRule, Model, Policy>;

}  // namespace mae
MAE_PRECISE_END
