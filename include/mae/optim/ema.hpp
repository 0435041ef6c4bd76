// EMA: an exponential moving average of the weights, kept beside them by any optimizer (Polyak & Juditsky, 1992).
//
//   Finetuning<Model, Policy, KeepAll, AfterBackward, Averaged<AdamwRule>> run(images, options, normalization);
//   options.optimizer.ema_decay = 0.9999;                       // of the options that it is made with
//   accuracy(averaged(run), test, run.normalization());         // the average's, beside that of run.weights()
//
// After every update e ← d e + (1 - d) w, and e begins as the weights before the first one. With `ema_warmup` update
// number t has min(d, 1 - (1 + t)^(-2/3)) in place of d, as timm has for short runs, so that what it began with is
// forgotten. `Averaged` makes a rule of a rule: the average is one more state of the optimizer, so it works on any
// device, during the backward pass, and is in checkpoints, as `optimizer.ema.<parameter>`. It costs the memory of the
// weights. Parameters that are not trained have no average but what they are.
#pragma once
#include <mae/optim/optimizer.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The rule `Inner` with the average of weights beside.
template <UpdateRule Inner>
class Averaged {
  static constexpr int inner_states = Inner::template Factors<double>::states;
  template <class Text>
  static constexpr auto averaged_name(const Text& rule) {
    constexpr const char suffix[] = ", averaged";
    struct {
      char text[64] = {};
    } joined;
    std::size_t n = 0;
    for (; rule[n] != 0 && n < 48; ++n) joined.text[n] = rule[n];
    for (const char c : suffix) joined.text[n++] = c;
    return joined;
  }
  static constexpr auto own_name = averaged_name(Inner::name);

 public:
  struct Options : Inner::Options {
    double ema_decay = 0.9999;  ///< d
    bool ema_warmup = false;    ///< smaller in the first updates

    /// Calls visit(name, value, range) for all of `options`.
    template <class O, class Visit>
    static void each(O& options, const Visit& visit) {
      using Base = std::conditional_t<std::is_const_v<O>, const typename Inner::Options, typename Inner::Options>;
      Base& inner = options;
      Base::each(inner, visit);
      visit("ema_decay", options.ema_decay, OptionRange::below_one());
      visit("ema_warmup", options.ema_warmup, OptionRange{});
    }
  };
  template <class T>
  struct Factors {
    static constexpr int states = inner_states + 1;
    typename Inner::template Factors<T> inner;
    T fresh;         ///< 1 - d
    T known, first;  ///< 1 and 0; 0 and 1 in the first update, when there is no average yet

    template <class Root, class Numbers>
    [[gnu::always_inline]] MAE_HOST_DEVICE void update(Numbers& weight, const Numbers& gradient,
                                                       Numbers (&state)[states]) const {
      Numbers of_rule[inner_states];
      for (int k = 0; k < inner_states; ++k) of_rule[k] = state[k];
      const Numbers average = known * state[inner_states] + first * weight;
      inner.template update<Root>(weight, gradient, of_rule);
      for (int k = 0; k < inner_states; ++k) state[k] = of_rule[k];
      state[inner_states] = average + fresh * (weight - average);
    }
  };
  static constexpr const char* name = own_name.text;
  static constexpr struct Names {
    const char* at[inner_states + 1];
    constexpr const char* operator[](int k) const { return at[k]; }
  } state_names = [] {
    Names names{};
    for (int k = 0; k < inner_states; ++k) names.at[k] = Inner::state_names[k];
    names.at[inner_states] = "ema";
    return names;
  }();

  Averaged(const Options& options, Index t) : inner_(options, t), first_(t == 1) {
    const double warm = 1 - math::pow(1 + double(t), -2.0 / 3);
    decay_ = options.ema_warmup ? math::fmin(options.ema_decay, warm) : options.ema_decay;
  }
  Factors<double> factors(double rate, double decay) const {
    return {inner_.factors(rate, decay), 1 - decay_, first_ ? 0.0 : 1.0, first_ ? 1.0 : 0.0};
  }

  // For a rule that must see whole parameters (LARS).
  static bool prepares(const ParameterInfo& parameter) requires PreparedRule<Inner> {
    return Inner::prepares(parameter);
  }
  static constexpr WorkspaceSize workspace() requires PreparedRule<Inner> { return Inner::workspace(); }
  template <class K, class W, class T>
  static void prepare(Index n, const W* weights, const W* gradients, Factors<T>* by, const GradientCheck* check,
                      Workspace workspace) requires PreparedRule<Inner> {
    Inner::template prepare<K>(n, weights, gradients, &by->inner, check, workspace);
  }

 private:
  Inner inner_;
  bool first_;
  double decay_;
};

/// The averaged weights of a run whose rule is `Averaged`, as a model of their own; before the first update, its
/// weights.
template <class Run>
auto averaged(const Run& run) {
  const auto& weights = run.weights();
  std::remove_cvref_t<decltype(weights)> average;
  const auto& state = run.optimizer().state(run.optimizer().states - 1);
  for (const ParameterInfo& p : weights.parameters()) {
    const auto* const from = p.trained && run.optimizer().steps() > 0 ? state.at(p) : weights.at(p);
    auto* const to = average.at(p);
    for (Index i = 0; i < p.count; ++i) to[i] = from[i];
  }
  return average;
}

}  // namespace mae
MAE_PRECISE_END
