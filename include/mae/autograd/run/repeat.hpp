// Repeat<N, Block>: N blocks of one type in a row, compiled once.
//
// Depth is data, not type: a Repeat is one operation of its parent's program. Inside it is a program of its own for
// one block, run N times over N sets of weights and N saved states, so compile time does not grow with depth. With the
// policy `CheckpointBlocks` only what enters each block is kept and the block runs again before its backward. A run may
// freeze the first blocks of a row (`Context::frozen_to`): the gradient ends before them, and costs nothing there.
//
//     const auto [low, middle, high] = blocks.template features<3, 7, 11>(x);  // after blocks 3, 7 and 11
//
// Results from the middle of the row cut it into ranges, one operation each, over parts of the same parameters: where a
// result has further readers, their gradients meet in a value of the parent's program, as everywhere.
#pragma once
#include <mae/autograd/run/program.hpp>
#include <mae/autograd/trace/operation.hpp>

#include <array>
#include <utility>

MAE_PRECISE_BEGIN
namespace mae {

/// N blocks of a row of `Of`, from block `Begin` on; E is the element of what runs through them.
template <int N, class Block, class E, int Of = N, int Begin = 0>
struct RepeatOperation : Operation {
  static constexpr const char* name = "repeat";
  static constexpr unsigned keep = keep_input(0) | keep_result;
  static constexpr bool saved_state_optional = true;
  template <class X>
  using Output = X;
  template <class M, class>
  using Element = E;
  template <class M, class X>
  using Inner = Program<Block, typename M::Policy, typename M::Recompute, Inputs<Input<X, E, true>>>;
  template <class M, class X>
  static constexpr Index edge = align_up(X::count* Index{sizeof(E)});
  /// What enters blocks 1..N-1, and the saved state of each block.
  template <class M, class X>
  static constexpr Index saved_state = (N - 1) * edge<M, X> +
                                       (M::Recompute::checkpoint ? 0 : N * Inner<M, X>::saved_bytes);
  template <class M, class X>
  static constexpr Index forward_scratch = Inner<M, X>::scratch_bytes +
                                           (M::Recompute::checkpoint ? Inner<M, X>::saved_bytes : 0);
  template <class M, class X>
  static constexpr Index frozen_scratch = Inner<M, X>::scratch_bytes + Inner<M, X>::saved_bytes + 2 * edge<M, X>;
  /// One gradient runs through blocks that make that of their input where the one of their result lies, as a residual
  /// stream does; else there are two in turn.
  template <class M, class X>
  static constexpr unsigned in_place = Inner<M, X>::gradient_region(0) == seed ? 1 : 0;
  /// A checkpoint also needs the block's state and a place for its recomputed result.
  template <class M, class X>
  static constexpr Index overwriting_scratch =
      Inner<M, X>::scratch_bytes +
      (in_place<M, X> ? 0 : edge<M, X>)+(M::Recompute::checkpoint ? Inner<M, X>::saved_bytes + edge<M, X> : 0);
  template <class M, class X>
  static constexpr Index backward_scratch = overwriting_scratch<M, X> + edge<M, X>;
  template <class M, class X>
  static constexpr WorkspaceSize workspace = Inner<M, X>::graph.workspace;
  template <class M, class X>
  static constexpr Index flops = N* Inner<M, X>::flops;
  static constexpr bool repeats = true;
  template <class M, class X>
  static constexpr const Graph* inner = &Inner<M, X>::graph;

  static void forward(const auto& f) {
    using Layers = LayersOf<std::remove_cvref_t<decltype(f)>>;
    for (int i = 0; i < N; ++i) Layers::Inner::forward(Layers::at(f, f.temporary(), i, f.x(first), f.y()));
  }
  static NonFinite find_non_finite(const auto& f) {
    using Layers = LayersOf<std::remove_cvref_t<decltype(f)>>;
    for (int i = 0; i < N; ++i) {
      NonFinite fault = Layers::Inner::find_non_finite(Layers::at(f, f.temporary(), i, f.x(first), f.y()));
      if (!fault.found) continue;
      if (fault.parameter >= 0) fault.parameter += f.node().parameters[0] + i * weights_size<Block>;
      return fault;
    }
    return {};
  }
  template <class Call>
  static void backward(const Call& f) {
    using Layers = LayersOf<Call>;
    using Inner = typename Layers::Inner;
    constexpr bool checkpoint = Call::Mode::Recompute::checkpoint;
    constexpr bool here = in_place<typename Layers::M, typename Layers::X> != 0;
    const Index batch = f.batch(), count = batch * Call::Result::count;
    char* top = f.temporary() + (Inner::scratch_bytes + (checkpoint ? Inner::saved_bytes : 0)) * batch;
    auto take = [&] {
      char* const place = top;
      top += Layers::edge * batch;
      return reinterpret_cast<E*>(place);
    };
    E* gradient = f.own_dy();
    if (!gradient) {
      gradient = take();
      detail::add_all<typename Call::Kernels>(count, f.dy(), GradientTarget<E, typename Call::A>{gradient, false});
    }
    E* next = here ? nullptr : take();
    const Context& context = f.context();
    const Index begin = f.node().parameters[0];
    const auto frozen = [&](Index weights) { return weights >= context.frozen_from && weights < context.frozen_to; };
    int block = N - 1;
    for (; block >= 0 && !frozen(begin + block * weights_size<Block>); --block) {
      Execution e = Layers::at(f, f.temporary(), block, f.x(first), const_cast<E*>(f.y()));
      if constexpr (checkpoint) {
        e.base[output] = top;
        Inner::forward(e);
      }
      e.base[seed] = reinterpret_cast<char*>(gradient);
      e.base[input_gradient] = reinterpret_cast<char*>(next);
      e.sink = f.execution().sink;
      e.gradients = f.gradient(0) && !e.sink ? f.gradient(0) + block * weights_size<Block> : f.gradient(0);
      Inner::backward(e);
      if constexpr (Inner::gradient_region(0) == nowhere)  // a block that stops the gradient of its input
        f.each([=] MAE_HOST_DEVICE(Index k) { next[k] = {}; });
      if constexpr (!here) std::swap(gradient, next);
    }
    if (block >= 0 || (begin == context.frozen_to && begin > 0)) {  // all below is frozen
      E* const stopped = gradient;
      f.each([=] MAE_HOST_DEVICE(Index k) { stopped[k] = {}; });
    }
    if (const auto dx = f.dx(first); dx.wanted() && dx.data != gradient)
      detail::add_all<typename Call::Kernels>(count, gradient, dx);
  }

 private:
  template <class Call>
  struct LayersOf {
    using X = typename Call::Result;
    using M = typename Call::Mode;
    using Inner = RepeatOperation::Inner<M, X>;
    static_assert(std::is_same_v<typename Inner::ResultElement, E>,
                  "mae::Repeat: a block must give numbers of the type that it takes, as a residual stream does");
    static constexpr Index edge = RepeatOperation::edge<M, X>;

    /// The run-time state of block i, given the memory of the whole.
    static Execution at(const Call& f, char* temporary, int i, const void* x, void* y) {
      const Index batch = f.batch();
      char* const notes = reinterpret_cast<char*>(f.saved_state());
      char* const edges = notes ? notes : temporary + (Inner::scratch_bytes + Inner::saved_bytes) * batch;
      auto between = [&](int k) { return edges + (notes ? k : k % 2) * edge * batch; };  // what block k gives to k + 1
      Execution e;
      e.batch = batch;
      e.weights = f.parameter(0) + i * weights_size<Block>;
      e.workspace = f.workspace();
      e.context = f.context();
      e.context.frozen_to = 0;  // what runs backward is not frozen, nor is what is in it
      e.context.layer = Begin + i;
      e.context.depth = Of;
      e.base[input] = i == 0 ? reinterpret_cast<char*>(const_cast<E*>(static_cast<const E*>(x))) : between(i - 1);
      e.base[output] = i == N - 1 ? static_cast<char*>(y) : between(i);
      e.base[scratch] = temporary;
      const bool kept = notes && !M::Recompute::checkpoint;
      e.base[saved] =
          kept ? notes + ((N - 1) * edge + i * Inner::saved_bytes) * batch : temporary + Inner::scratch_bytes * batch;
      return e;
    }
  };
};

/// N blocks in a row. `Block` maps a shape to itself. Parameters are called `0.…`, `1.…` under the member's name.
template <int N, class Block>
struct Repeat : ParameterArray<N, Block> {
  static_assert(N >= 1, "mae::Repeat<N, Block>: N must be at least 1");
  constexpr auto operator()(const Expression auto& x) const { return first<N>(x); }
  /// The first `Count` blocks; what follows may be done in another way, with `operator[]`.
  template <int Count>
  constexpr auto first(const Expression auto& x) const {
    return range<0, Count>(x);
  }
  /// The results of blocks At..., counted from 0, as an array of expressions. x is what enters block 0; blocks after
  /// the last of At are not run.
  template <int... At>
  constexpr auto features(const Expression auto& x) const {
    constexpr bool ascending = [] {
      int last = -1;
      return ((At > std::exchange(last, At)) && ...) && last < N;
    }();
    static_assert(ascending, "mae::Repeat::features<...>: name blocks by ascending numbers, from 0 to N - 1");
    constexpr int begin[] = {0, ascending ? At + 1 : 1 ...};
    auto value = x.eval();
    return [&]<std::size_t... k>(std::index_sequence<k...>) {
      return std::array{advance<begin[k], begin[k + 1]>(value)...};
    }
    (std::make_index_sequence<sizeof...(At)>{});
  }
  /// Blocks Begin ... End - 1 alone.
  template <int Begin, int End>
  constexpr auto range(const Expression auto& x) const {
    static_assert(0 <= Begin && Begin <= End && End <= N, "mae::Repeat: there are not so many blocks");
    const auto value = x.eval();
    using E = typename std::remove_cvref_t<decltype(value)>::Element;
    const ParameterArray<End - Begin, Block> blocks{{}, offset_of(Begin)};
    if constexpr (Begin == End) return value;
    else return apply<RepeatOperation<End - Begin, Block, E, N, Begin>>(value, blocks);
  }
  /// Block i alone.
  constexpr Block operator[](int i) const { return bound<Block>(offset_of(i)); }

 private:
  template <int Begin, int End>
  constexpr auto advance(auto& value) const {
    return value = range<Begin, End>(value);
  }
  /// Where the parameters of block i begin; -1 if MAE_MODULE does not list the Repeat.
  constexpr Index offset_of(int i) const { return this->offset < 0 ? -1 : this->offset + i * weights_size<Block>; }
};

}  // namespace mae
MAE_PRECISE_END
