// An optimizer: an update rule, and for every weight the numbers that the rule keeps.
//
//   Optimizer<SgdRule, Model, Policy> optimizer({.momentum = 0.9});     // or AdamW<Model, Policy>, SGD<...>, LARS<...>
//   optimizer.step(weights, gradients, rate);
//
// A rule is a type (`UpdateRule`): options, names of its states, and the factors of a step, by which kernels run its
// formula over a range of weights (backend/update.hpp). One of your own is one header like optim/sgd.hpp; training
// loops, updates during backward and checkpoints take it as it is.
//
// What all have in common is here. Each parameter may have a rate of its own (`layer_decay.hpp`) and decays or not:
// vectors (biases, normalisation) do not, matrices and tokens do, as MAE's recipe has it. With `clip` the gradient is
// first scaled so that its norm over all parameters is at most that. The gradient is zero afterwards.
//
// The norm is computed in any case, one more pass over the gradient: a loss may be finite and its gradient not, and
// such a gradient must not reach the weights, where one step would spoil what days have trained. Kernels see to that by
// themselves; where they work beside the program, it is told later: `start` and `finish`.
#pragma once
#include <mae/autograd/run/weights.hpp>
#include <mae/core/math.hpp>
#include <mae/core/option.hpp>
#include <mae/backend/kernels.hpp>
#include <mae/optim/update_queue.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {
struct AnyOption {
  void operator()(const auto&...) const {}
};
}  // namespace detail

/// Throws mae::Error that names the option of an optimizer which is out of its range.
template <class Options>
requires requires(const Options& options) { Options::each(options, CheckOption{}); }
void validate(const Options& options) {
  Options::each(options, CheckOption{});
}

/// What an optimizer consists of. `R(options, t)` is update number t, from 1; `factors(rate, decay)` of it are those of
/// a parameter with that learning rate and weight decay. `Options::each(options, visit)` calls
/// visit(name, value, range) for all options (core/option.hpp). State k is called `state_names[k]` in files.
template <class R>
concept UpdateRule = UpdateFactors<typename R::template Factors<double>> &&
    std::constructible_from<R, const typename R::Options&, Index> &&
    requires(const R& rule, const typename R::Options& options) {
  { rule.factors(1.0, 1.0) } -> std::same_as<typename R::template Factors<double>>;
  { R::name } -> std::convertible_to<const char*>;
  { R::state_names[R::template Factors<double>::states - 1] } -> std::convertible_to<const char*>;
  { options.weight_decay } -> std::convertible_to<double>;
  { options.clip } -> std::convertible_to<double>;
  R::Options::each(options, detail::AnyOption{});
};

namespace detail {
/// Stands in for what is no rule, after that has been told.
struct NoRule {
  struct Options {
    double decay = 0, clip = 0;
    static void each(const Options&, const auto&) {}
  };
  template <class T>
  struct Factors {
    static constexpr int states = 1;
    template <class, class Numbers>
    void update(Numbers&, const Numbers&, Numbers (&)[states]) const {}
    T none;
  };
  static constexpr const char *name = "none", *state_names[] = {"none"};
  NoRule(const Options&, Index) {}
  Factors<double> factors(double, double) const { return {0}; }
};
}  // namespace detail

/// A rule that must see a parameter as a whole before its weights change: LARS, which takes norms. It has a kernel,
/// R::prepare<Kernels>(n, weights, gradients, factors, check, workspace), that completes the factors of the parameters
/// for which `R::prepares` is true; null gradients are zero.
template <class R>
concept PreparedRule = UpdateRule<R> && requires(const ParameterInfo& p) {
  { R::prepares(p) } -> std::same_as<bool>;
};

/// The optimizer of a model's weights: its states, as large as the weights each, and the number of steps.
template <class RuleType, class Model, class Policy>
class Optimizer {
  static_assert(
      UpdateRule<RuleType>,
      "mae: an optimizer needs an update rule, which has all that UpdateRule in optim/optimizer.hpp asks for");

 public:
  using Rule = std::conditional_t<UpdateRule<RuleType>, RuleType, detail::NoRule>;
  using Options = typename Rule::Options;
  using WeightsType = Weights<Model, Policy>;
  using Element = typename WeightsType::Element;
  static constexpr int states = Rule::template Factors<double>::states;

  /// Throws mae::Error, naming it, if an option makes no sense.
  explicit Optimizer(const Options& options = {}, int threads = Policy::Threads::count())
      : options_((validate(options), options)),
        scale_(state_[0].parameters().size(), 1.0),
        decay_(scale_.size()),
        workspace_memory_(Workspace::bytes(workspace_size(), threads)),
        workspace_{workspace_memory_.data(), workspace_size(), threads},
        queue_(static_cast<Index>(scale_.size())) {
    set_decay(decays);
  }

  /// Multiplies the learning rate of each parameter by scale(parameter).
  template <class F>
  void set_scale(const F& scale) {
    for (std::size_t k = 0; k < scale_.size(); ++k) scale_[k] = scale(parameters()[k]);
  }
  /// Lets those parameters decay for which which(parameter) is true.
  template <class F>
  void set_decay(const F& which) {
    for (std::size_t k = 0; k < decay_.size(); ++k) decay_[k] = which(parameters()[k]) ? options_.weight_decay : 0;
  }
  /// Vectors and everything called bias do not decay.
  static bool decays(const ParameterInfo& parameter) {
    return parameter.shape.size() > 1 && !parameter.name.ends_with(".bias");
  }

  /// The Euclidean norm of all gradients.
  double norm(const WeightsType& gradients) const {
    return math::sqrt(Kernels<Policy>::sum_of_squares(gradients.size(), gradients.kernel_data(), workspace_));
  }

  /// One update of `weights` at learning rate `rate`; sets `gradients` to zero. Throws mae::Error naming the first
  /// parameter whose gradient is not finite, and changes nothing.
  void step(WeightsType& weights, WeightsType& gradients, double rate) {
    start(weights, gradients, rate);
    finish();
  }
  /// Begins an update. At most two may be unfinished, and after one that fails the next changes nothing either.
  void start(WeightsType& weights, WeightsType& gradients, double rate) {
    begin(rate);
    queue_.run(key(weights, gradients.kernel_data()), [&] {
      Element* const gradient = gradients.kernel_data();
      check_gradient(0, gradients.size(), options_.clip, gradient);
      for (std::size_t k = 0; k < scale_.size(); ++k) {
        const ParameterInfo& p = parameters()[k];
        if (!p.trained) continue;
        prepare(k, p.offset, p.count, weights, gradient + p.offset);
        apply(k, p.offset, p.count, weights, gradient + p.offset);
      }
    });
    end();
  }
  /// Ends the first update that was started and not finished: throws what `step` throws. Then those started since are
  /// left off too, and `steps` is what it was.
  void finish(const char* expected = "finite numbers; lower the learning rate") {
    const Index fault = queue_.read().fault;
    if (fault == 0) return;
    --steps_;
    forget();
    throw Error("gradient", "a norm that is not finite, first in " + owner(fault - 1), expected);
  }
  /// Leaves off updates that were started and not finished, after one of them or what led to it has failed.
  void forget() {
    steps_ -= queue_.unread();
    queue_.reset();
  }

  // An update in parts, for whoever has one range of the gradient after the other (`OptimizerInBackward`): `begin`, for
  // each range `check_gradient`, `prepare` and `apply`, then `end` and, when it suits, `finish`.

  /// Before update number steps() + 1.
  void begin(double rate) {
    const Rule rule(options_, steps_ + 1);
    queue_.send([&](std::size_t k) { return rule.factors(rate * scale_[k], decay_[k]); });
  }
  /// Looks at the gradient of the weights from number `offset` on.
  void check_gradient(Index offset, Index count, double clip, const Element* gradient) {
    Kernels<Policy>::check_gradient(count, gradient, offset, clip, queue_.gradient_check(), workspace_);
  }
  /// Lets the rule see the weights of parameter k from number `offset` on; without a gradient it is zero. Throws
  /// mae::Error if the rule must see them all, and these are some.
  void prepare(std::size_t k, Index offset, Index count, const WeightsType& weights, const Element* gradient) {
    if constexpr (PreparedRule<Rule>) {
      const ParameterInfo& p = parameters()[k];
      if (!Rule::prepares(p)) return;
      if (count != p.count)
        throw Error(Rule::name, "the gradient of a part of " + p.name,
                    "that of the whole parameter; update after the backward pass");
      Rule::template prepare<Kernels<Policy>>(count, weights.kernel_data() + offset, gradient,
                                              queue_.factors(k), queue_.gradient_check(),
                                              workspace_);
    }
  }
  /// Updates `count` weights of parameter k, those from number `offset` on, and sets their gradient to zero; nothing,
  /// once a gradient was not finite.
  void apply(std::size_t k, Index offset, Index count, WeightsType& weights, Element* gradient) {
    UpdateOperands<Element, states> operands{weights.kernel_data() + offset, gradient, {}};
    for (int s = 0; s < states; ++s) operands.state[s] = state_[s].kernel_data() + offset;
    Kernels<Policy>::update(count, operands, queue_.factors(k), queue_.gradient_check());
  }
  void end() {
    queue_.enqueue();
    ++steps_;
  }
  /// Brings all that an update works on to where kernels work. Gives the addresses.
  auto key(WeightsType& weights, const void* gradients) {
    UpdateKey<states> key{weights.kernel_data(), gradients, {}};
    for (int s = 0; s < states; ++s) key.state[s] = state_[s].kernel_data();
    return key;
  }
  /// Whether a backward pass that is repeated calls `apply` the first time alone.
  static constexpr bool recorded = UpdateQueue<Policy, Rule::template Factors>::recorded;

  /// The state that a resumed run needs: state k, whose name is Rule::state_names[k].
  WeightsType& state(int k) { return state_[k]; }
  const WeightsType& state(int k) const { return state_[k]; }
  WeightsType& first_moment() { return state_[0]; }
  const WeightsType& first_moment() const { return state_[0]; }
  WeightsType& second_moment() requires(states > 1) { return state_[1]; }
  const WeightsType& second_moment() const requires(states > 1) { return state_[1]; }
  Index steps() const { return steps_; }
  void set_steps(Index steps) { steps_ = steps; }
  const Options& options() const { return options_; }

 private:
  static constexpr WorkspaceSize workspace_size() {
    WorkspaceSize size = Kernels<Policy>::sum_workspace();
    if constexpr (PreparedRule<Rule>) size = size | Rule::workspace();
    return size;
  }
  const std::vector<ParameterInfo>& parameters() const { return state_[0].parameters(); }
  /// The parameter that weight number `i` belongs to.
  std::string owner(Index i) const {
    for (const ParameterInfo& parameter : parameters())
      if (parameter.offset <= i && i < parameter.offset + parameter.count) return parameter.name;
    return "the sum of squares";
  }

  Options options_;
  WeightsType state_[states];
  std::vector<double> scale_, decay_;
  Buffer<char, typename Policy::MemorySpace> workspace_memory_;
  Workspace workspace_;
  UpdateQueue<Policy, Rule::template Factors> queue_;
  Index steps_ = 0;
};

}  // namespace mae
MAE_PRECISE_END
