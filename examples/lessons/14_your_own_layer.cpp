// Lesson 14: your own layer.
//
// Lesson 13 wrote an operation, with a derivative to get right. Most layers need none: they are made of primitive
// operations whose derivatives the library knows. A normalisation without a mean (RMSNorm; Zhang & Sennrich, 2019),
//
//     y = x / sqrt(mean(x²) + ε) · w,
//
// is two lines below. So is attention as it stands in lesson 7, operation by operation: it gives the numbers of the
// fused one, and its gradients, though nobody derived them. Then why have a fused one? Look at what the backward pass
// needs: the formula keeps N² shares a head, the fused operation one number a token, and computes the rest again.
//
// No section of the paper: it is what you need to try an idea that the paper does not have.
#include <mae/autograd/run/gradient_check.hpp>
#include <mae/nn/init.hpp>
#include <mae/ops/attention.hpp>
#include <mae/ops/patch_error.hpp>
#include <mae/ops/primitives.hpp>

#include <cstdio>

using mae::dyn, mae::Expression, mae::Index, mae::Shape;
using Policy = mae::Reference<double>;

struct Epsilon {
  static constexpr double value = 1e-6;
};
template <Index D>
struct RootMeanSquareNorm {
  mae::Parameter<Shape<D>, mae::init::Ones> weight;
  MAE_MODULE(weight)
  constexpr auto operator()(const Expression auto& x) const {
    auto scale = mae::rsqrt<Epsilon>(mae::mean<-1, mae::keep_axis>(x * x));  // [..., 1]
    return x * scale * weight;                                               // [..., D]
  }
};

/// Attention of H heads to packed rows q, k, v, each D wide, as the formula says it.
template <Index N, Index D, Index H>
struct Formula {
  template <Index Which>
  static constexpr auto heads(const Expression auto& qkv) {
    auto rows = mae::slice<-1, Which * D, D>(qkv);                              // [B, N, D]
    return mae::transpose<1, 2>(mae::reshape<Shape<dyn, N, H, D / H>>(rows));  // [B, H, N, d]
  }
  constexpr auto operator()(const Expression auto& qkv) const {
    auto scores = mae::matmul<mae::Transpose::right>(heads<0>(qkv), heads<1>(qkv));  // [B, H, N, N], q kᵀ
    auto shares = mae::softmax(mae::scale<mae::OneOverRoot<D / H>>(scores));         // [B, H, N, N]
    auto mixed = mae::matmul(shares, heads<2>(qkv));                                 // [B, H, N, d]
    return mae::reshape<Shape<dyn, N, D>>(mae::transpose<1, 2>(mixed));              // [B, N, D]
  }
};
template <Index N, Index D, Index H>
struct Fused {
  constexpr auto operator()(const Expression auto& qkv) const { return mae::attention<H>(qkv); }
};

/// A layer of rows In wide, and how far its result is from a target of rows Out wide.
template <class Layer, Index N, Index In, Index Out>
struct Scored {
  using Inputs = mae::Inputs<mae::Input<Shape<dyn, N, In>, void, true>, mae::Input<Shape<dyn, N, Out>>>;
  RootMeanSquareNorm<In> norm;
  Layer layer;
  MAE_MODULE(norm)
  constexpr auto operator()(const Expression auto& x, const Expression auto& target) const {
    return mae::patch_error(layer(norm(x)), target);  // [B]
  }
};

template <class Layer>
void check(const char* what) {
  using Model = Scored<Layer, 5, 18, 6>;
  mae::Tensor<double, Shape<dyn, 5, 18>> x(2);      // [2, 5, 18]
  mae::Tensor<double, Shape<dyn, 5, 6>> target(2);  // [2, 5, 6]
  const mae::RandomStream random(7, mae::Purpose::probe);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = random.uniform(static_cast<std::uint32_t>(i), -2, 2);
  for (Index i = 0; i < target.size(); ++i) target.data()[i] = i % 3 == 0 ? 1 : 0;
  const mae::Weights<Model, Policy> weights(1);
  mae::Weights<Model, Policy> gradients;
  mae::Session<mae::Program<Model, Policy>> session(2);
  const double loss = session.step(weights, gradients, x, target);
  std::printf("%-8s loss %.10f, its slopes begin with %+.10f %+.10f; ", what, loss, gradients.data()[0],
              session.template input_gradient_of<0>().data()[0]);
  const auto report = mae::check_gradients<mae::Program<Model, Policy>>(weights, x, target);
  std::printf("of %jd, %s\n", report.checked, report.worst < 1e-7 ? "all agree" : "some are wrong");
}

int main() {
  check<Formula<5, 6, 2>>("formula:");
  check<Fused<5, 6, 2>>("fused:");

  // What is kept for the backward pass, in the numbers of ViT-B: 197 tokens of width 768, 12 heads.
  using Long = mae::Program<Scored<Formula<197, 768, 12>, 197, 3 * 768, 768>, Policy>;
  using Short = mae::Program<Scored<Fused<197, 768, 12>, 197, 3 * 768, 768>, Policy>;
  std::printf("kept of one image: %.0f MB by the formula, %.0f MB by the fused operation\n",
              static_cast<double>(Long::saved_bytes) / 1e6, static_cast<double>(Short::saved_bytes) / 1e6);

  //!mae::Program<Scored<RootMeanSquareNorm<6>, 5, 18, 18>, Policy>::forward({});
  // error: mae: x * p needs a parameter p whose shape is the end of x's
}
