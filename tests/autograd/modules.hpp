// Small modules and a loss that the tests of this folder share. They depend on nothing above the operations.
#pragma once
#include <mae/autograd/run/gradient_check.hpp>
#include <mae/autograd/run/repeat.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/attention.hpp>
#include <mae/ops/gelu.hpp>
#include <mae/ops/layer_norm.hpp>
#include <mae/ops/linear.hpp>

namespace test {

using namespace mae;

/// Uniform in [-0.5, 0.5): nothing is zero, so no mistake hides behind a zero.
struct Uniform {
  template <class S>
  static double value(const RandomStream& stream, Index i) {
    return static_cast<double>(stream.uniform(static_cast<std::uint32_t>(i))) - 0.5;
  }
};

template <Index In, Index Out, Trainable Train = Trainable::yes>
struct Affine {
  Parameter<Shape<Out, In>, Uniform, Train> weight;
  Parameter<Shape<Out>, Uniform, Train> bias;
  MAE_MODULE(weight, bias)
  constexpr auto operator()(const Expression auto& x) const { return linear(x, weight, bias); }
};

template <Index D>
struct Norm {
  Parameter<Shape<D>, Uniform> weight, bias;
  MAE_MODULE(weight, bias)
  constexpr auto operator()(const Expression auto& x) const { return layer_norm(x, weight, bias); }
};

template <Index D, Index Heads>
struct SelfAttention {
  Affine<D, 3 * D> qkv;
  Affine<D, D> proj;
  MAE_MODULE(qkv, proj)
  constexpr auto operator()(const Expression auto& x) const { return proj(attention<Heads>(qkv(x))); }
};

/// A transformer block, as the library's own will be.
template <Index D, Index Heads>
struct Block {
  Norm<D> norm1, norm2;
  SelfAttention<D, Heads> attn;
  Affine<D, 2 * D> fc1;
  Affine<2 * D, D> fc2;
  MAE_MODULE(norm1, attn, norm2, fc1, fc2)
  constexpr auto operator()(const Expression auto& x) const {
    auto y = x + attn(norm1(x));
    return y + fc2(gelu(fc1(norm2(y))));
  }
};

/// Σ_i c_i x_i² over a sample, with weights c_i that differ, so that swapped elements show.
struct WeightedSquares : Operation {
  static constexpr const char* name = "weighted squares";
  static constexpr unsigned keep = keep_input(0);
  template <class X>
  using Output = Shape<dyn>;
  static double weight(Index i) { return 0.5 + 0.25 * static_cast<double>(i % 7); }
  static void forward(const auto& f) {
    using Call = std::remove_cvref_t<decltype(f)>;
    using A = typename Call::A;
    constexpr Index n = Call::template Operand<0>::Shape::count;
    const auto x = f.x(first);
    for (Index b = 0; b < f.batch(); ++b) {
      A sum = 0;
      for (Index i = 0; i < n; ++i) sum += A(weight(i)) * A(x[b * n + i]) * A(x[b * n + i]);
      f.y()[b] = typename Call::T(sum);
    }
  }
  static void backward(const auto& f) {
    using Call = std::remove_cvref_t<decltype(f)>;
    using A = typename Call::A;
    constexpr Index n = Call::template Operand<0>::Shape::count;
    if (const auto dx = f.dx(first); dx.wanted())
      for (Index i = 0; i < f.batch() * n; ++i) dx.add(i, 2 * A(weight(i % n)) * A(f.x(first)[i]) * A(f.dy()[i / n]));
  }
};
constexpr auto weighted_squares(const Expression auto& x) { return apply<WeightedSquares>(x); }

/// A model with a loss: any module that maps S to something, then the weighted squares. The input has a gradient.
template <class Module, class S>
struct WithLoss {
  Module module;
  MAE_MODULE(module)
  using Inputs = mae::Inputs<Input<S, void, true>>;
  constexpr auto operator()(const Expression auto& x) const { return weighted_squares(module(x)); }
};

/// Numbers in [-1, 1) that depend on `seed` alone.
template <class T, class S>
Tensor<T, S> random_tensor(Index batch, std::uint64_t seed) {
  Tensor<T, S> x(batch);
  const RandomStream stream(seed, Purpose::probe);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = T(stream.uniform(static_cast<std::uint32_t>(i), -1.f, 1.f));
  return x;
}

/// The worst relative error of all gradients of `Module` on two samples of shape S, under one memory policy.
template <class Module, class S, class Recompute>
GradientReport gradient_report(Index samples = 0) {
  using Model = WithLoss<Module, S>;
  using Policy = Reference<double>;
  const Weights<Model, Policy> weights(5);
  return check_gradients<Program<Model, Policy, Recompute>>(GradientCheckOptions{samples, 1e-3, {}}, weights,
                                                         random_tensor<double, S>(2, 3));
}

}  // namespace test
