// eval(): an expression of tensors, computed at once.
//
//     const auto y = mae::eval([](auto x) { return mae::gelu(x); }, x);             // x: Tensor<float, Shape<dyn, 8>>
//     const auto z = mae::eval([](auto a, auto b) { return a * b + a; }, first, second);
//
// The function gets one symbol for each tensor and returns an expression; what comes back is a tensor of its shape. It
// is for trying things and for small work: the operations are those of a model, but each call plans nothing, reuses
// nothing and copies its inputs. Layers with parameters are looked at by `Eager` (eager.hpp), trained by a `Program`.
#pragma once
#include <cstring>

#include <mae/autograd/run/eager.hpp>
#include <mae/backend/cpu/kernels.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {
/// A module without parameters.
struct NoParameters {
  MAE_MODULE()
};
/// Real numbers say in which precision is computed; whole ones are ids, and float is used beside them.
template <class... E>
using EvalElement = std::conditional_t<(std::is_same_v<E, double> || ...), double,
                                       std::conditional_t<(std::is_same_v<E, bf16> || ...), bf16, float>>;
template <class Policy, class... E>
using EvalPolicy = std::conditional_t<std::is_void_v<Policy>, Cpu<EvalElement<E...>>, Policy>;
}  // namespace detail

/// The value of `function(x...)`, where each x stands for one of `inputs`: tensors or views of one batch size. `Policy`
/// computes; by default `Cpu` in the inputs' precision. Throws mae::Error if the batches differ or the function takes
/// more operations than a program holds.
template <class Policy = void, class Function, class... Tensors>
auto eval(const Function& function, const Tensors&... inputs) {
  using P = detail::EvalPolicy<Policy, std::remove_const_t<typename Tensors::Element>...>;
  const Weights<detail::NoParameters, P> none;
  Eager<detail::NoParameters, P> eager(none);
  const Index batches[] = {inputs.batch()...};
  for (const Index batch : batches)
    if (batch != batches[0])
      throw Error("eval", "a batch of " + std::to_string(batch),
                  std::to_string(batches[0]) + ", as the first input has");
  const auto result = eager.view(function(eager.input(inputs)...));
  using Result = std::remove_cvref_t<decltype(result)>;
  auto tensor = [&] {
    using Owned = Tensor<std::remove_const_t<typename Result::Element>, typename Result::Shape>;
    if constexpr (Result::Shape::batched) return Owned(result.batch());
    else return Owned();
  }();
  std::memcpy(tensor.data(), result.data(), sizeof(*tensor.data()) * static_cast<std::size_t>(tensor.size()));
  return tensor;
}

}  // namespace mae
MAE_PRECISE_END
