// Layers made of primitive operations against PyTorch (tests/golden/layers.py), their gradients against differences,
// and attention made of primitives against the fused one.
#include <mae/backend/cpu/primitives.hpp>
#include <mae/nn/layer_scale.hpp>
#include <mae/nn/rms_norm.hpp>
#include <mae/nn/swiglu.hpp>
#include <mae/ops/attention.hpp>
#include <mae/ops/primitives.hpp>

#include <doctest/doctest.h>

#include "support/golden.hpp"
#include "support/operation.hpp"

using namespace test;

namespace {

using Rows = Shape<dyn, 3, 6>;

template <class Layer>
struct Of {
  using Inputs = mae::Inputs<Input<Rows, void, true>>;
  Layer layer;
  MAE_MODULE(layer)
  constexpr auto operator()(const Expression auto& x) const { return layer(x); }
};

/// Result and all gradients of a layer are those of the file, within `tolerance`, and agree with differences.
template <class Layer, class Policy>
void check_layer(const std::string& name, double tolerance) {
  using T = typename Policy::Activation;
  using Model = Of<Layer>;
  const SafetensorsFile file = golden_file("layers");
  CAPTURE(file.metadata("torch"));
  CAPTURE(name);
  Weights<Model, Policy> weights, gradients;
  auto in_file = [&](const ParameterInfo& p, const char* prefix) {  // `layer.fc2.weight` is `swiglu.fc2.weight` there
    return file.values<double>(name + prefix + p.name.substr(p.name.find('.') + 1));
  };
  for (const ParameterInfo& p : weights.parameters())
    for (Index i = 0; i < p.count; ++i) weights.at(p)[i] = T(in_file(p, ".")[static_cast<std::size_t>(i)]);
  const auto x = tensor<T, Rows>(file, "x"), dy = tensor<T, Rows>(file, "dy");

  Session<Program<Model, Policy>> session(2);
  CHECK(distance(session.forward(weights, x), file.values<double>(name + ".y")) < tolerance);
  for (Index i = 0; i < dy.size(); ++i) session.seed_gradient().data()[i] = dy.data()[i];
  session.backward(gradients);
  CHECK(distance(session.template input_gradient_of<0>(), file.values<double>(name + ".dx")) < tolerance);
  for (const ParameterInfo& p : gradients.parameters()) {
    const View<const T, Shape<dyn>> found(gradients.at(p), p.count);
    CAPTURE(p.name);
    CHECK(distance(found, in_file(p, ".grad.")) < tolerance);
  }
  if constexpr (std::is_same_v<T, double>) check_backward(weights, x);
}

constexpr Index N = 5, heads = 2, width = 3, D = heads * width;
/// The formula of attention, operation by operation.
struct ComposedAttention : NoParameters {
  using Inputs = mae::Inputs<Input<Shape<dyn, N, 3 * D>, void, true>>;
  static constexpr auto head_by_head(const Expression auto& x) {
    return transpose<1, 2>(reshape<Shape<dyn, N, heads, width>>(x));  // [B, H, N, d]
  }
  constexpr auto operator()(const Expression auto& qkv) const {
    auto q = head_by_head(slice<-1, 0, D>(qkv));
    auto k = head_by_head(slice<-1, D, D>(qkv));
    auto v = head_by_head(slice<-1, 2 * D, D>(qkv));
    auto shares = softmax(scale<OneOverRoot<width>>(matmul<Transpose::right>(q, k)));  // [B, H, N, N]
    return reshape<Shape<dyn, N, D>>(transpose<1, 2>(matmul(shares, v)));              // [B, N, D]
  }
};
struct FusedAttention : NoParameters {
  using Inputs = ComposedAttention::Inputs;
  constexpr auto operator()(const Expression auto& qkv) const { return attention<heads>(qkv); }
};
template <class Model, class Policy, class X, class Y>
std::vector<double> result_and_gradient(const X& qkv, const Y& dy) {
  Session<Program<Model, Policy>> session(qkv.batch());
  const Weights<Model, Policy> none;
  Weights<Model, Policy> gradients;
  std::vector<double> all;
  for (const auto value : session.forward(none, qkv)) all.push_back(static_cast<double>(value));
  for (Index i = 0; i < dy.size(); ++i) session.seed_gradient().data()[i] = dy.data()[i];
  session.backward(gradients);
  for (const auto value : session.template input_gradient_of<0>()) all.push_back(static_cast<double>(value));
  return all;
}

}  // namespace

TEST_CASE("layers of primitives are those of PyTorch") {
  check_layer<RmsNorm<6>, Reference<double>>("rms_norm", 1e-13);
  check_layer<LayerScale<6>, Reference<double>>("layer_scale", 1e-13);
  check_layer<SwiGlu<6, 8>, Reference<double>>("swiglu", 1e-13);
  check_layer<RmsNorm<6>, Cpu<float>>("rms_norm", 4e-6);
  check_layer<LayerScale<6>, Cpu<float>>("layer_scale", 4e-6);
  check_layer<SwiGlu<6, 8>, Cpu<float>>("swiglu", 1e-5);
}

TEST_CASE("layer scale begins as what it is told") {
  const Weights<Of<LayerScale<6>>, Cpu<float>> small(1);
  const Weights<Of<LayerScale<6, init::Fraction<1, 10>>>, Cpu<float>> larger(1);
  for (Index i = 0; i < 6; ++i) {
    CHECK(small.data()[i] == 1e-5f);
    CHECK(larger.data()[i] == 0.1f);
  }
}

static_assert(OneOverRoot<64>::value == 0.125);
static_assert(OneOverRoot<1>::value == 1);

TEST_CASE_TEMPLATE("attention made of primitives is the fused one", Policy, Reference<double>, Cpu<double>,
                   Cpu<float>) {
  using T = typename Policy::Activation;
  const auto qkv = random_tensor<T, Shape<dyn, N, 3 * D>>(3, 1);
  const auto dy = random_tensor<T, Shape<dyn, N, D>>(3, 2);
  const auto composed = result_and_gradient<ComposedAttention, Policy>(qkv, dy);
  const auto fused = result_and_gradient<FusedAttention, Policy>(qkv, dy);
  REQUIRE(composed.size() == fused.size());
  REQUIRE(fused.size() == 3 * N * D * 4);
  for (std::size_t i = 0; i < fused.size(); ++i)
    CHECK(std::fabs(composed[i] - fused[i]) < (std::is_same_v<T, double> ? 1e-14 : 2e-6));
}
