// Gradient check: does the backward pass of a program agree with finite differences of its forward pass?
//
//   const GradientReport report = check_gradients<Program<Model, Reference<double>>>(weights, images);
//   if (report.worst > 1e-6) ...                                  // report.where says which parameter
//
// Each number w is moved by h and 2h to both sides; for a smooth loss L
//     dL/dw = (8 (L(w+h) - L(w-h)) - (L(w+2h) - L(w-2h))) / 12h + O(h⁴).
// Memory that a correct plan does not read before writing it is filled with NaN before every phase, so a stale read
// shows as an infinite error. Runs in double; costs four forward passes a number, so use a small model, or a sample.
#pragma once
#include <limits>

#include <mae/autograd/run/session.hpp>
#include <mae/core/finite.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct GradientCheckOptions {
  Index samples = 0;   ///< numbers to check in each parameter and input; 0: all
  double step = 1e-3;  ///< h, for numbers of the size of one
  Context context;     ///< what random operations read
};

/// The number on which backward and difference disagree most.
struct GradientReport {
  double worst = 0;  ///< |derivative - difference| / max(|derivative|, |difference|, largest derivative / 1000)
  std::string where = "nothing";  ///< name of the parameter, or `input 0`
  Index index = -1;               ///< element of it
  double derivative = 0;          ///< by backward
  double difference = 0;          ///< by differences
  Index checked = 0;              ///< how many numbers were compared
};

namespace detail {

template <class Program, class... X>
class GradientChecker {
  using Policy = typename Program::Policy;
  using WeightsType = Weights<typename Program::Model, Policy>;
  static_assert(std::is_same_v<typename Policy::Activation, double> &&
                    std::is_same_v<typename Policy::Parameter, double>,
                "mae: check_gradients needs a program in double; the differences drown in the rounding of float");
  static_assert(Program::Result::count == 1, "mae: check_gradients needs a model that returns one loss a sample");

 public:
  GradientChecker(const GradientCheckOptions& options, const WeightsType& weights, const X&... inputs)
      : options_(options), session_(std::get<0>(std::tie(inputs...)).batch()), inputs_(copy(inputs)...) {
    for (Index i = 0; i < weights.size(); ++i) weights_.data()[i] = weights.data()[i];
    session_.context() = options.context;
  }
  GradientReport run() {
    run_backward();
    for (Index i = 0; i < gradients_.size(); ++i) note_size(gradients_.data()[i]);
    for (const auto& gradient : input_gradients_)
      for (const double value : gradient) note_size(value);
    for (const ParameterInfo& parameter : weights_.parameters())
      if (parameter.trained) compare(parameter.name, weights_.at(parameter), gradients_.at(parameter), parameter.count);
    each_input([&]<int k>(std::integral_constant<int, k>) {
      const auto& gradient = input_gradients_[std::size_t{k}];
      compare("input " + std::to_string(k), std::get<std::size_t{k}>(inputs_).data(), gradient.data(),
              static_cast<Index>(gradient.size()));
    });
    return report_;
  }

 private:
  template <class Input>
  static auto copy(const Input& x) {
    Tensor<std::remove_const_t<typename Input::Element>, typename Input::Shape> copied(x.batch());
    for (Index i = 0; i < copied.size(); ++i) copied.data()[i] = x.data()[i];
    return copied;
  }
  /// Calls visit with the number of each input whose gradient is wanted.
  template <class Visit>
  void each_input(const Visit& visit) {
    [&]<int... k>(std::integer_sequence<int, k...>) {
      auto one = [&]<int i>(std::integral_constant<int, i> number) {
        if constexpr (std::tuple_element_t<std::size_t{i}, typename Program::Inputs::Tuple>::gradient) visit(number);
      };
      (one(std::integral_constant<int, k>{}), ...);
    }
    (std::make_integer_sequence<int, int{sizeof...(X)}>{});
  }
  double loss() {
    session_.poison_before_forward();
    double mean = 0;
    std::apply([&](const auto&... x) { session_.forward(weights_, x...); }, inputs_);
    for (const auto value : session_.result()) mean += static_cast<double>(value);
    return mean / static_cast<double>(session_.result().batch());
  }
  void run_backward() {
    loss();
    for (auto& value : session_.seed_gradient()) value = 1.0 / static_cast<double>(session_.result().batch());
    session_.poison_before_backward();
    session_.backward(gradients_);
    each_input([&]<int k>(std::integral_constant<int, k>) {
      const auto gradient = session_.template input_gradient_of<k>();
      input_gradients_[std::size_t{k}].assign(gradient.begin(), gradient.end());
    });
  }
  void note_size(double derivative) { largest_ = std::fmax(largest_, std::fabs(derivative)); }

  void compare(const std::string& where, double* values, const double* derivatives, Index count) {
    const Index samples = options_.samples > 0 && options_.samples < count ? options_.samples : count;
    const RandomStream random(0, Purpose::probe);
    for (Index s = 0; s < samples; ++s) {  // one number, by chance, of each of `samples` equal pieces
      const Index from = s * count / samples, to = (s + 1) * count / samples;
      const Index i = from + random.below(static_cast<std::uint32_t>(s), static_cast<std::uint32_t>(to - from));
      const double difference = differentiate(values[i]);
      const double size = std::fmax(std::fmax(std::fabs(derivatives[i]), std::fabs(difference)), largest_ * 1e-3);
      double error = derivatives[i] == difference ? 0 : std::fabs(derivatives[i] - difference) / size;
      if (!is_finite(error)) error = std::numeric_limits<double>::infinity();
      ++report_.checked;
      if (error > report_.worst || report_.index < 0)
        report_ = {error, where, i, derivatives[i], difference, report_.checked};
    }
  }
  double differentiate(double& value) {
    const double old = value, h = options_.step * std::fmax(1.0, std::fabs(old));
    auto loss_at = [&](double shift) {
      value = old + shift;
      return loss();
    };
    const double inner = loss_at(h) - loss_at(-h), outer = loss_at(2 * h) - loss_at(-2 * h);
    value = old;
    return (8 * inner - outer) / (12 * h);
  }

  const GradientCheckOptions options_;
  Session<Program> session_;
  WeightsType weights_, gradients_;
  std::tuple<Tensor<std::remove_const_t<typename X::Element>, typename X::Shape>...> inputs_;
  std::vector<double> input_gradients_[sizeof...(X)];
  double largest_ = 0;
  GradientReport report_;
};

}  // namespace detail

/// Compares backward with differences for all trained parameters and all inputs declared `Input<S, E, true>`. The
/// program returns one loss a sample, Shape<dyn>; what is differentiated is the mean over the batch.
template <class Program, class... X>
GradientReport check_gradients(const GradientCheckOptions& options,
                               const Weights<typename Program::Model, typename Program::Policy>& weights,
                               const X&... inputs) {
  return detail::GradientChecker<Program, X...>(options, weights, inputs...).run();
}
template <class Program, class... X>
GradientReport check_gradients(const Weights<typename Program::Model, typename Program::Policy>& weights,
                               const X&... inputs) {
  return check_gradients<Program>(GradientCheckOptions{}, weights, inputs...);
}

}  // namespace mae
MAE_PRECISE_END
