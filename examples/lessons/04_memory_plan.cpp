// Lesson 4: the memory plan.
//
// Lesson 3 ended with a debt: the walk back reads x, h and a again. Training needs memory for what the forward pass
// must not forget, and that is most of what it needs. But not every result is read again (a sum's is not), a gradient
// is read once and its place is free, and a cheap result can be computed a second time instead of being kept. Since
// all shapes are known, the compiler decides all this: it gives every result and gradient an offset in one block of
// memory, `saved` for what must last until the walk back, `scratch` for what may be overwritten, and proves that
// nothing is overwritten before its last reader. In training nothing is allocated at all.
//
// With B samples, T tokens and width D a transformer block of the usual kind keeps some 16 · B · T · D numbers. The
// paper (section 3, "MAE encoder") saves the largest part by a smaller T: only visible patches enter. The rest is up
// to you:
//     KeepAll            keep whatever the walk back reads: fastest
//     RecomputeCheap     normalisations, GELU, attention and sums are computed again: a little slower
//     CheckpointBlocks   keep what enters each block, run the block again: a third slower (T. Chen et al., 2016)
#include <mae/autograd/run/print_plan.hpp>
#include <mae/autograd/run/repeat.hpp>
#include <mae/backend/reference.hpp>
#include <mae/nn/block.hpp>
#include <mae/ops/patch_error.hpp>

#include <cstdio>
#include <iostream>

using Tokens = mae::Shape<mae::dyn, 5, 8>;  // [B, 5, 8]: 160 bytes a sample in float
using Policy = mae::Reference<float>;

/// The second half of a transformer block: x + mlp(norm(x)).
struct Half {
  mae::LayerNorm<8> norm;
  mae::Mlp<8, 32> mlp;
  MAE_MODULE(norm, mlp)
  constexpr auto operator()(const mae::Expression auto& x) const {
    return x + mlp(norm(x));  // [B, 5, 8]
  }
};

/// `Network` and how far its result is from a target.
template <class Network>
struct Loss {
  using Inputs = mae::Inputs<mae::Input<Tokens>, mae::Input<Tokens>>;
  Network network;
  MAE_MODULE(network)
  constexpr auto operator()(const mae::Expression auto& x, const mae::Expression auto& target) const {
    return mae::patch_error(network(x), target);  // [B]
  }
};

using Blocks = mae::Repeat<12, mae::Block<8, 2>>;

template <class Recompute>
void print_bytes(const char* name) {
  using Program = mae::Program<Loss<Blocks>, Policy, Recompute>;
  std::printf("%-18s %6jd %8jd\n", name, Program::saved_bytes, Program::scratch_bytes);
}

int main() {
  std::cout << "Half a block, everything kept:\n\n";
  mae::print_plan<mae::Program<Loss<Half>, Policy, mae::KeepAll>>(std::cout);
  std::cout << "\nThe same, cheap results computed again:\n\n";
  mae::print_plan<mae::Program<Loss<Half>, Policy, mae::RecomputeCheap>>(std::cout);

  // The numbers are constants: a program that must fit can say so.
  static_assert(mae::Program<Loss<Half>, Policy, mae::KeepAll>::saved_bytes < 4096);

  std::cout << "\nTwelve blocks, bytes a sample:\n\n                    saved  scratch\n" << std::flush;
  print_bytes<mae::KeepAll>("KeepAll");
  print_bytes<mae::RecomputeCheap>("RecomputeCheap");
  print_bytes<mae::CheckpointBlocks>("CheckpointBlocks");
  print_bytes<mae::Inference>("Inference");
}
