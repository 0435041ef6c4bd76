// What an operation gives after it has reported a mistake: a value of the shape that a reader expects.
//
// A failed `static_assert` does not end the compilation. Without a sound value to go on with, one mistake would bring
// errors about everything that follows it.
#pragma once
#include <mae/autograd/trace/operation.hpp>

MAE_PRECISE_BEGIN
namespace mae::detail {

template <class S>
struct ErrorPlaceholder : Operation {
  static constexpr const char* name = "stand-in";
  template <class...>
  using Output = S;
  static void forward(const auto&) {}
  static void backward(const auto&) {}
};

/// A value of shape S that nobody will compute: the program around it does not compile.
template <class S>
constexpr auto error_placeholder(const Expression auto& x) {
  return apply<ErrorPlaceholder<S>>(x);
}

}  // namespace mae::detail
MAE_PRECISE_END
