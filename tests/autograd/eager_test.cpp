// Eager execution computes what a session computes, and shows what is inside.
#include <mae/autograd/run/eager.hpp>
#include <mae/tensor/print.hpp>

#include <doctest/doctest.h>
#include <sstream>

#include "modules.hpp"

#include "support/error_of.hpp"

using namespace test;

namespace {
using Policy = Reference<float>;
using S = Shape<dyn, 5, 8>;

struct Net {
  Affine<8, 8> in;
  Repeat<3, Block<8, 2>> blocks;
  Norm<8> norm;
  MAE_MODULE(in, blocks, norm)
  using Inputs = mae::Inputs<Input<S>>;
  constexpr auto operator()(const Expression auto& x) const { return weighted_squares(norm(blocks(gelu(in(x)))) * x); }
};

struct Forgetful {
  Affine<8, 8> listed, forgotten;
  MAE_MODULE(listed)
  constexpr auto operator()(const Expression auto& x) const { return forgotten(listed(x)); }
};

template <class A, class B>
bool same_bits(const A& a, const B& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), sizeof(*a.data()) * std::size_t(a.size())) == 0;
}
}  // namespace

TEST_CASE("eager execution equals a session bit for bit") {
  const Weights<Net, Policy> weights(1);
  const auto x = random_tensor<float, S>(3, 2);
  Eager<Net, Policy> eager(weights);
  const auto losses = eager.view(eager.module()(eager.input(x)));
  Session<Program<Net, Policy, KeepAll>> training(3);
  Session<Program<Net, Policy, Inference>> inference(3);
  CHECK(losses.batch() == 3);
  CHECK(same_bits(losses, training.forward(weights, x)));
  CHECK(same_bits(losses, inference.forward(weights, x)));
}

TEST_CASE("what is inside can be looked at, block by block") {
  const Weights<Net, Policy> weights(1);
  const auto x = random_tensor<float, S>(2, 2);
  Eager<Net, Policy> eager(weights);
  const Net& net = eager.module();
  auto hidden = gelu(net.in(eager.input(x))).eval();
  const auto in_one_go = eager.view(net.blocks(hidden));
  for (int i = 0; i < 3; ++i) {
    auto normed = net.blocks[i].norm1(hidden);
    auto qkv = net.blocks[i].attn.qkv(normed).eval();
    auto heads = attention<2>(qkv);
    auto middle = (hidden + net.blocks[i].attn.proj(heads)).eval();
    hidden = (middle + net.blocks[i].fc2(gelu(net.blocks[i].fc1(net.blocks[i].norm2(middle))))).eval();
    CHECK(eager.view(qkv).size() == 2 * 5 * 24);
    std::ostringstream text;
    text << eager.view(heads);
    CHECK(text.str().starts_with("[2, 5, 8] [[["));
  }
  CHECK(same_bits(eager.view(hidden), in_one_go));
}

TEST_CASE("a named expression is computed once") {
  const Weights<Net, Policy> weights(1);
  const auto x = random_tensor<float, S>(2, 2);
  Eager<Net, Policy> eager(weights);
  auto a = eager.input(x);
  auto sum = a + a * a;
  CHECK(eager.view(sum).data() == eager.view(sum).data());
  CHECK(eager.view(sum)(1, 4, 7) == x(1, 4, 7) + x(1, 4, 7) * x(1, 4, 7));
  CHECK(eager.view(a)(1, 0, 3) == x(1, 0, 3));
}

TEST_CASE("inputs of different batches, and too many operations, are errors that say so") {
  const Weights<Net, Policy> weights(1);
  const auto x = random_tensor<float, S>(2, 2), y = random_tensor<float, S>(3, 2);
  Eager<Net, Policy> eager(weights);
  auto a = eager.input(x);
  CHECK(error_of([&] { eager.input(y); }) ==
        "mae: Eager::input: found a batch of 3, expected 2, as the first input has");
  CHECK(error_of([&] {
          for (int i = 0; i < 300; ++i) a = (a + a).eval();
        }) ==
        "mae: Eager: found more than 256 operations and inputs, "
        "expected fewer; look at a part of the model, or call clear()");
  CHECK(error_of([&] { eager.view(a); }).find("more than 256") != std::string::npos);
  eager.clear();
  auto b = eager.input(y);
  CHECK(eager.view(b + b)(2, 4, 7) == 2 * y(2, 4, 7));
}

TEST_CASE("a parameter that is not listed is an error, not a read of other weights") {
  const Weights<Forgetful, Policy> weights(1);
  const auto x = random_tensor<float, S>(2, 2);
  Eager<Forgetful, Policy> eager(weights);
  CHECK(error_of([&] { eager.view(eager.module()(eager.input(x))); }) ==
        "mae: Eager: found a parameter that is not listed in MAE_MODULE, expected parameters and modules listed there");
}
