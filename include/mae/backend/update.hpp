// One step of an optimizer as kernels see it: a formula for each weight, and the factors that it multiplies by.
//
// To a backend an optimizer is a template `Factors<T>`: some numbers of type T, `states`, how many more numbers a
// weight has (momentum, a second moment), and `update`, the formula. The formula is written once, for numbers, vectors
// of a processor and threads of a GPU; see backend/adamw.hpp and optim/sgd.hpp. Factors of a step are made in double
// and rounded once, by `rounded`, to the type that kernels multiply by.
//
// An update reads what it needs where kernels work, so that where they work beside the program nobody waits between the
// norm of the gradient and what follows from it.
#pragma once
#include <bit>
#include <concepts>
#include <type_traits>

#include <mae/core/config.hpp>
#include <mae/core/finite.hpp>
#include <mae/core/math.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// How a formula takes the root of a number; a vector has a type of its own.
struct RootOfNumber {
  template <class T>
  MAE_HOST_DEVICE static void square_root(T& y, const T& x) {
    y = math::sqrt(x);
  }
};

/// What `Factors<double>` must be: numbers, and update<Root>(weight, gradient, state), which changes weight and state.
template <class Factors>
concept UpdateFactors = std::is_trivially_copyable_v<Factors> && sizeof(Factors) % sizeof(double) == 0 &&
                        requires(const Factors& by, double& weight, const double& gradient,
                                 double (&state)[Factors::states]) {
  by.template update<RootOfNumber>(weight, gradient, state);
};

/// The same factors for kernels that multiply by numbers of type T: each is rounded once, here.
template <class T, template <class> class Factors>
Factors<T> rounded(const Factors<double>& exact) {
  constexpr std::size_t count = sizeof(Factors<double>) / sizeof(double);
  struct Exact {
    double at[count];
  };
  struct Rounded {
    T at[count];
  };
  static_assert(sizeof(Factors<T>) == sizeof(Rounded), "mae: the factors of an update are numbers of one type");
  const auto from = std::bit_cast<Exact>(exact);
  Rounded to;
  for (std::size_t i = 0; i < count; ++i) to.at[i] = static_cast<T>(from.at[i]);
  return std::bit_cast<Factors<T>>(to);
}

/// The numbers of some weights that lie side by side, in the memory of the kernels.
template <class W, int states>
struct UpdateOperands {
  W *weights, *gradients, *state[states];
};

/// What is known of a gradient before it is applied.
struct GradientCheck {
  double scale = 1;  ///< clips it
  Index fault = 0;   ///< one more than the number of the first weight whose gradient is not finite; stays until cleared
};

/// Notes in `check` what follows from `squares`, the sum of squares of the gradient g of n weights, the first of them
/// number `offset`: for backends whose kernels run in the program.
template <class W>
void note_gradient(GradientCheck& check, double squares, Index n, const W* g, Index offset, double clip) {
  if (is_finite(squares)) {
    const double norm = math::sqrt(squares);
    check.scale = clip > 0 && norm > clip ? clip / norm : 1;
  } else if (check.fault == 0) {
    Index at = 0;
    while (at < n && is_finite(g[at])) ++at;
    check.fault = offset + at + 1;
  }
}

}  // namespace mae
MAE_PRECISE_END
