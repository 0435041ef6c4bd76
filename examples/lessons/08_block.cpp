// Lesson 8: a transformer block.
//
// Attention lets tokens talk; a small network, the same for every token, lets each think about what it heard:
//
//     y = x + attention(norm1(x)),     z = y + mlp(norm2(y)),     mlp(u) = W₂ gelu(W₁ u + b₁) + b₂.
//
// Nothing replaces x: each half adds a correction to it. If the last layer of both halves is zero, the block does
// nothing at all, and the gradient comes through z → y → x untouched, through any number of blocks. norm gives each
// token's row mean 0 and deviation 1 (times a learnt weight, plus a learnt bias), so a half sees numbers of one size
// however large the sum has grown.
//
// With width D and a hidden width of 4 D: qkv has 3 D² + 3 D weights, proj D² + D, fc1 4 D² + 4 D, fc2 4 D² + D, two
// norms 4 D: 12 D² + 13 D in all. That is the size of a transformer; all else is small.
//
// Paper: section 3, "MAE encoder": a standard ViT (Dosovitskiy et al., 2021, section 3.1).
#include <mae/autograd/run/eager.hpp>
#include <mae/backend/reference.hpp>
#include <mae/model/presets.hpp>

#include <cmath>
#include <cstdio>

using Policy = mae::Reference<double>;

/// The whole block. `mae::Block` differs only in that it can leave out halves at random while fine-tuning.
template <mae::Index D, mae::Index Heads>
struct MyBlock {
  mae::LayerNorm<D> norm1;
  mae::Attention<D, Heads> attn;
  mae::LayerNorm<D> norm2;
  mae::Mlp<D, 4 * D> mlp;
  MAE_MODULE(norm1, attn, norm2, mlp)

  constexpr auto operator()(const mae::Expression auto& x) const {
    auto y = x + attn(norm1(x));  // [B, N, D]
    return y + mlp(norm2(y));     // [B, N, D]
  }
};
using Block = MyBlock<8, 2>;
using Tokens = mae::Shape<mae::dyn, 5, 8>;  // [B, 5, 8]

/// Mean and deviation of the first token.
void print(const char* name, const mae::View<const double, Tokens>& x) {
  double mean = 0, square = 0;
  for (mae::Index c = 0; c < 8; ++c) mean += x(0, 0, c) / 8;
  for (mae::Index c = 0; c < 8; ++c) square += (x(0, 0, c) - mean) * (x(0, 0, c) - mean) / 8;
  const double shown = std::round(mean * 1000) / 1000 + 0.0;  // never -0
  std::printf("%-22s mean %6.3f  deviation %5.3f\n", name, shown, std::sqrt(square));
}

int main() {
  mae::Index total = 0;
  for (const mae::ParameterInfo& p : mae::parameters<Block>()) {
    std::printf("%-18s", p.name.c_str());
    for (const mae::Index extent : p.shape) std::printf(" %3jd", extent);
    std::printf("\n");
    total += p.count;
  }
  std::printf("%jd weights = 12 * 8 * 8 + 13 * 8\n\n", total);

  // Look inside. Weights are drawn from seed 1, tokens from seed 2.
  mae::Weights<Block, Policy> weights(1);
  mae::Tensor<double, Tokens> tokens(1);  // [1, 5, 8]
  const mae::RandomStream random(2, mae::Purpose::probe);
  for (mae::Index i = 0; i < tokens.size(); ++i) tokens.data()[i] = 3 * random.uniform(static_cast<std::uint32_t>(i));
  mae::Eager<Block, Policy> eager(weights);
  auto x = eager.input(tokens);         // [1, 5, 8]
  auto n = eager.module().norm1(x);     // [1, 5, 8]
  auto heard = eager.module().attn(n);  // [1, 5, 8]
  auto y = x + heard;                   // [1, 5, 8]
  auto z = eager.module()(x);           // [1, 5, 8]
  print("x", eager.view(x));
  print("norm1(x)", eager.view(n));
  print("attn(norm1(x))", eager.view(heard));
  print("y = x + attn(norm1(x))", eager.view(y));
  print("z = y + mlp(norm2(y))", eager.view(z));

  // A block whose last layers are zero passes every number on as it came.
  for (const char* name : {"attn.proj.weight", "mlp.fc2.weight"})
    for (mae::Index i = 0; i < weights.find(name)->count; ++i) weights.at(*weights.find(name))[i] = 0;
  auto same = eager.module()(x);  // [1, 5, 8]
  print("z, last layers zero", eager.view(same));

  // The encoder of ViT-B is twelve blocks of width 768 and little else.
  std::printf("\nViT-B: 12 blocks have %jd weights, the encoder %jd\n",
              mae::parameter_count<mae::Repeat<12, MyBlock<768, 12>>>(),
              mae::parameter_count<mae::presets::Base::Encoder>());

  //!MyBlock<8, 3>{}(x);
  // error: mae::Attention<D, Heads>: the width D must be a multiple of Heads
}
