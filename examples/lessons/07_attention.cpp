// Lesson 7: attention.
//
// How can tokens tell each other something when there may be any number of them? Every token asks a question q,
// offers a key k and holds a value v, each a row of d numbers (three linear maps of the token). Token i compares its
// question with every key, turns the likenesses into shares that add up to one, and takes that mixture of the values:
//
//     s_ij = q_i · k_j / √d,     p_ij = exp(s_ij) / Σ_j exp(s_ij),     y_i = Σ_j p_ij v_j.
//
// √d keeps the scores of one size whatever the width; several heads are several such conversations at once, each with
// its own slice of the width. Nothing in the formula knows where a token stands: if tokens change places, so do their
// results. That is why positions have to be added to tokens, and also why a masked autoencoder is so simple: the
// encoder takes any subset of the patches, in any order, and costs less: comparing N tokens takes N² products.
//
// Paper: section 3, "MAE encoder" (a plain vision transformer). Attention: Vaswani et al., 2017, section 3.2.
#include <mae/autograd/run/eager.hpp>
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/attention.hpp>
#include <mae/tensor/print.hpp>

#include <cmath>
#include <cstdio>

using Policy = mae::Reference<double>;

/// N tokens of width D: packed rows of q, k, v → what each token heard.
template <mae::Index N, mae::Index D, mae::Index Heads>
struct Listen {
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, N, 3 * D>>>;
  MAE_MODULE()
  constexpr auto operator()(const mae::Expression auto& qkv) const {
    return mae::attention<Heads>(qkv);  // [B, N, D]
  }
};
using Three = Listen<3, 2, 1>;

void print(const char* name, const mae::View<const double, mae::Shape<mae::dyn, 3, 2>>& y) {
  std::printf("%-22s", name);
  for (mae::Index i = 0; i < 3; ++i) std::printf("  (%.3f, %.3f)", y(0, i, 0), y(0, i, 1));
  std::printf("\n");
}

int main() {
  // Three tokens of width 2, made so that the shares are simple: exp(s) is 1, 2 or 3.
  const double two = std::sqrt(2) * std::log(2), three = std::sqrt(2) * std::log(3);
  const double tokens[3][6] = {{two, 0, 1, 0, 5, 0},      // q, k, v of token 0: it asks for the first number of a key
                               {0, three, 0, 1, 0, 5},    // token 1 asks for the second number, and louder
                               {0, 0, 1, 1, 5, 5}};       // token 2 asks for nothing
  double y[3][2] = {};
  for (int i = 0; i < 3; ++i) {
    double share[3], sum = 0;
    for (int j = 0; j < 3; ++j) {
      const double score = (tokens[i][0] * tokens[j][2] + tokens[i][1] * tokens[j][3]) / std::sqrt(2);
      sum += share[j] = std::exp(score);
    }
    std::printf("token %d listens to 0, 1, 2 by shares of %.0f : %.0f : %.0f in %.0f\n", i, share[0], share[1],
                share[2], sum);
    for (int j = 0; j < 3; ++j)
      for (int c = 0; c < 2; ++c) y[i][c] += share[j] / sum * tokens[j][4 + c];
  }
  std::printf("\n");
  print("by hand", mae::View<const double, mae::Shape<mae::dyn, 3, 2>>(y[0]));

  const mae::Weights<Three, Policy> none;  // attention itself has no parameters
  mae::Eager<Three, Policy> eager(none);
  using Packed = mae::View<const double, mae::Shape<mae::dyn, 3, 6>>;  // [B, 3, 6]
  auto qkv = eager.input(Packed(tokens[0]));                           // [1, 3, 6]
  print("by the library", eager.view(eager.module()(qkv)));

  double moved[3][6];  // tokens 2, 0, 1
  for (int i = 0; i < 3; ++i)
    for (int c = 0; c < 6; ++c) moved[i][c] = tokens[(i + 2) % 3][c];
  print("tokens 2, 0, 1", eager.view(eager.module()(eager.input(Packed(moved[0])))));

  // What it costs, in the numbers of ViT-B: 196 patches or the 49 visible ones, and the class token.
  constexpr auto all = mae::Program<Listen<197, 768, 12>, Policy, mae::Inference>::flops;
  constexpr auto visible = mae::Program<Listen<50, 768, 12>, Policy, mae::Inference>::flops;
  std::printf("\nattention among 197 tokens takes %.1f times the work of 50\n",
              static_cast<double>(all) / static_cast<double>(visible));

  //!mae::attention<2>(eager.input(mae::Tensor<double, mae::Shape<mae::dyn, 3, 9>>(1)));
  // error: mae::attention<Heads>: the width of the input must be a multiple of 3 * Heads
}
