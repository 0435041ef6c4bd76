// What is told of a training step whose loss is not a finite number: the first thing in it that is none.
//
// That is an input, or else the layer by which the first result came that is not finite: forward runs again, one
// operation at a time. It costs what it costs, for the step has failed.
#pragma once
#include <mae/autograd/run/program.hpp>
#include <mae/core/finite.hpp>

MAE_PRECISE_BEGIN
namespace mae::detail {

/// Throws mae::Error about input k if one of its `count` numbers is not finite.
template <class E>
[[gnu::cold]] void ensure_finite_input(int k, const E* x, Index count) {
  for (Index i = 0; i < count; ++i)
    if (!is_finite(static_cast<double>(x[i])))
      throw Error("training step: input " + std::to_string(k), "a value that is not finite", "finite numbers");
}

/// Throws mae::Error about a step of `Program` whose mean loss is `loss`. sent(place) is what the program has of an
/// input that kernels read at `place`.
template <class Program, class Sent>
[[noreturn, gnu::cold]] void report_non_finite(const Execution& step, double loss, const Sent& sent) {
  int k = 0;
  [&]<class... In>(Inputs<In...>*) {
    const auto look = [&]<class E>(const E* x, Index count) { ensure_finite_input(k++, sent(x), count); };
    (look(step.at<typename In::template Element<typename Program::Policy>>({input + k}), step.batch * In::Shape::count),
     ...);
  }(static_cast<typename Program::Inputs*>(nullptr));
  const NonFinite fault = Program::find_non_finite(step);
  std::string where = "the loss itself";
  if (fault.found) {
    where = std::string(fault.operation);
    for (const ParameterInfo& parameter : parameters<typename Program::Model>())  // a layer may read some of its rows
      if (parameter.offset <= fault.parameter && fault.parameter < parameter.offset + parameter.count)
        where = parameter.name + " (" + where + ")";
  }
  throw DivergenceError("training step", "a loss of " + std::to_string(loss) + ", first not finite in " + where,
                        "finite numbers; lower the learning rate or clip the gradient");
}

}  // namespace mae::detail
MAE_PRECISE_END
