// LARS: each tensor moves in proportion to its own size (You et al., 2017), for very large batches.
//
// With gradient g and learning rate η, for each parameter of more than one dimension:
//     d = g + λ w,    q = c ‖w‖ / ‖d‖, or 1 if one of the norms is zero,    b ← μ b + q d,    w ← w - η b.
// Biases and other vectors have q = 1. This is the rule of MAE's linear probe (He et al., 2021, appendix A.2): the rate
// stands outside the momentum, and ‖d‖ is the norm of gradient and decay together; other forms of LARS differ in both.
// Note that a weight which is zero everywhere gets q = 1 and jumps: start from random numbers.
//
// q needs the norms of a whole parameter before its first weight changes (`PreparedRule`). So an update in parts, as
// during the backward pass, may go parameter by parameter, not by pieces of one. The norms are summed up in slices of a
// fixed size and order, in double.
#pragma once
#include <mae/core/math.hpp>
#include <mae/optim/optimizer.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct LarsOptions {
  double momentum = 0.9;
  double trust = 0.001;  ///< c, the trust coefficient
  double weight_decay = 0;
  double clip = 0;  ///< largest norm of the gradient; 0: no clipping

  /// Calls visit(name, value, range) for all of `options`.
  template <class Options, class Visit>
  static void each(Options& options, const Visit& visit) {
    auto& [momentum, trust, weight_decay, clip] = options;  // all there are, or this does not compile
    visit("momentum", momentum, OptionRange::below_one());
    visit("trust", trust, OptionRange::above_zero());
    visit("weight_decay", weight_decay, OptionRange::from_zero());
    visit("clip", clip, OptionRange::from_zero());
  }
};

template <class T>
struct LarsFactors {
  static constexpr int states = 1;
  T rate, decay, momentum, trust, ratio;  ///< ratio: q, 1 until it is known

  template <class, class Numbers>
  [[gnu::always_inline]] MAE_HOST_DEVICE void update(Numbers& weight, const Numbers& gradient,
                                                     Numbers (&buffer)[states]) const {
    buffer[0] = momentum * buffer[0] + ratio * (gradient + decay * weight);
    weight = weight - rate * buffer[0];
  }
};

namespace detail {
inline constexpr Index norm_slices = 64;

/// Terms of 2 · `norm_slices` rows of n / norm_slices: first w², then d².
template <class W, class Factors>
struct NormTerms {
  Index n, columns;
  const W *weights, *gradients;
  const Factors* by;
  const GradientCheck* check;
  MAE_HOST_DEVICE double operator()(Index row, Index column) const {
    const Index i = row % norm_slices * columns + column;
    if (i >= n) return 0;
    const double weight = double(weights[i]);
    if (row < norm_slices) return weight * weight;
    const double gradient = gradients ? double(gradients[i]) * check->scale : 0;
    const double d = gradient + double(by->decay) * weight;
    return d * d;
  }
};
struct KeepSum {
  double* sums;
  MAE_HOST_DEVICE void operator()(Index row, double sum) const { sums[row] = sum; }
};
/// q from the sums of all slices.
template <class T>
struct SetRatio {
  const double* sums;
  LarsFactors<T>* by;
  MAE_HOST_DEVICE void operator()(Index) const {
    double weight = 0, direction = 0;
    for (Index slice = 0; slice < norm_slices; ++slice) weight += sums[slice], direction += sums[norm_slices + slice];
    by->ratio = weight > 0 && direction > 0 ? T(double(by->trust) * math::sqrt(weight / direction)) : T(1);
  }
};
}  // namespace detail

class LarsRule {
 public:
  using Options = LarsOptions;
  template <class T>
  using Factors = LarsFactors<T>;
  static constexpr const char* name = "LARS";
  static constexpr const char* state_names[] = {"momentum_buffer"};

  LarsRule(const LarsOptions& options, Index) : options_(options) {}
  LarsFactors<double> factors(double rate, double decay) const {
    return {rate, decay, options_.momentum, options_.trust, 1};
  }

  static bool prepares(const ParameterInfo& parameter) { return parameter.shape.size() > 1; }
  static constexpr WorkspaceSize workspace() { return {2 * detail::norm_slices * Index{sizeof(double)}, 0}; }
  template <class K, class W, class T>
  static void prepare(Index n, const W* weights, const W* gradients, LarsFactors<T>* by, const GradientCheck* check,
                      Workspace workspace) {
    using namespace detail;
    double* const sums = workspace.shared<double>();
    const Index columns = (n + norm_slices - 1) / norm_slices;
    const NormTerms<W, LarsFactors<T>> terms{n, columns, weights, gradients, by, check};
    K::row_sums(2 * norm_slices, columns, terms, KeepSum{sums});
    K::each(1, SetRatio<T>{sums, by});
  }

 private:
  LarsOptions options_;
};

template <class Model, class Policy>
using LARS = Optimizer<LarsRule, Model, Policy>;

}  // namespace mae
MAE_PRECISE_END
