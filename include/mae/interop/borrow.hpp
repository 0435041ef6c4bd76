// What every neighbour library is shown: a named tensor, a view, or a parameter of a model, as a view.
//
// A view does not keep its numbers alive. So a tensor must have a name of its own; one that is gone at the end of the
// line is refused, with a sentence, where it is handed over.
#pragma once
#include <mae/autograd/run/session.hpp>

MAE_PRECISE_BEGIN
namespace mae::detail {

/// A tensor or view of mae's.
template <class X>
concept Dense = requires(std::remove_cvref_t<X>& x) {
  typename std::remove_cvref_t<X>::Shape;
  typename std::remove_cvref_t<X>::Element;
  x.data();
  x.batch();
};

/// The numbers of a tensor or view, constant if `x` is a constant tensor or a view of constants.
template <Dense X>
auto borrow(X& x) {
  using T = std::remove_pointer_t<decltype(x.data())>;
  return View<T, typename std::remove_cvref_t<X>::Shape>(x.data(), x.batch());
}

/// The parameter called `name`. Throws mae::Error if the model has none.
template <class W>
const ParameterInfo& named_parameter(const W& weights, std::string_view name) {
  const ParameterInfo* const parameter = weights.find(name);
  if (!parameter)
    throw Error("parameter", std::string(name), "a name of the model, such as " + weights.parameters().front().name);
  return *parameter;
}

/// A parameter as a matrix: leading extents of one are dropped, the first that is left counts the rows. So a linear
/// map is [Out, In], a position table [L + 1, D], a patch filter [D, P·P·C], a bias or token [1, D].
struct MatrixSize {
  Index rows, columns;
};
inline MatrixSize matrix_size(const ParameterInfo& parameter) {
  Index rows = 1;
  for (std::size_t axis = 0; rows == 1 && axis + 1 < parameter.shape.size(); ++axis) rows = parameter.shape[axis];
  return {rows, parameter.count / rows};
}

}  // namespace mae::detail
MAE_PRECISE_END
