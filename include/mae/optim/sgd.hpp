// Stochastic gradient descent with momentum, and with Nesterov's (Sutskever et al., 2013), as PyTorch writes it.
//
// With gradient g and learning rate η, for each weight:
//     d = g + λ w,    b ← μ b + d,    w ← w - η b,    with Nesterov w ← w - η (d + μ b).
// Here λ w is part of the gradient, so it goes through the momentum: another decay than AdamW's. Which weights decay,
// clipping, and what a step does: optim/optimizer.hpp.
#pragma once
#include <mae/optim/optimizer.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct SgdOptions {
  double momentum = 0.9;
  bool nesterov = false;
  double weight_decay = 0;
  double clip = 0;  ///< largest norm of the gradient; 0: no clipping

  /// Calls visit(name, value, range) for all of `options`.
  template <class Options, class Visit>
  static void each(Options& options, const Visit& visit) {
    auto& [momentum, nesterov, weight_decay, clip] = options;  // all there are, or this does not compile
    constexpr OptionRange above_zero{"a number in (0, 1), for Nesterov", 0, true, 1};
    visit("momentum", momentum, nesterov ? above_zero : OptionRange::below_one());
    visit("nesterov", nesterov, OptionRange{});
    visit("weight_decay", weight_decay, OptionRange::from_zero());
    visit("clip", clip, OptionRange::from_zero());
  }
};

/// w ← w - (fresh d + kept b): fresh = 0, kept = η; with Nesterov fresh = η, kept = η μ.
template <class T>
struct SgdFactors {
  static constexpr int states = 1;
  T decay, momentum, fresh, kept;

  template <class, class Numbers>
  [[gnu::always_inline]] MAE_HOST_DEVICE void update(Numbers& weight, const Numbers& gradient,
                                                     Numbers (&buffer)[states]) const {
    const Numbers direction = gradient + decay * weight;
    buffer[0] = momentum * buffer[0] + direction;
    weight = weight - (fresh * direction + kept * buffer[0]);
  }
};

class SgdRule {
 public:
  using Options = SgdOptions;
  template <class T>
  using Factors = SgdFactors<T>;
  static constexpr const char* name = "SGD";
  static constexpr const char* state_names[] = {"momentum_buffer"};

  SgdRule(const SgdOptions& options, Index) : options_(options) {}
  SgdFactors<double> factors(double rate, double decay) const {
    const double momentum = options_.momentum;
    if (options_.nesterov) return {decay, momentum, rate, rate * momentum};
    return {decay, momentum, 0, rate};
  }

 private:
  SgdOptions options_;
};

template <class Model, class Policy>
using SGD = Optimizer<SgdRule, Model, Policy>;

}  // namespace mae
MAE_PRECISE_END
