// A convolution of 3 × 3 places with zeros around each map, on tokens: all maps of `Levels` in one pass.
//
// x [B, places, C], w [O, C, 3, 3] (in memory [O, 3, 3, C]), b [O] → y [B, places, O]. With place p in row i and column
// j of its map, and tap (u, v) in {-1, 0, 1}²,
//     y[p] = b + Σ_(u,v) w[:, u, v, :] x[i + u, j + v],      x = 0 outside the map.
// So y = linear(n, w, b), where n [B, places, 9 C] holds the nine neighbours of each place side by side. They are
// gathered for a strip of places at a time, into workspace whose size is constant; the strip is multiplied while a
// cache holds it. With g = ∂L/∂y: ∂L/∂w = gᵀ n, strip by strip; ∂L/∂b = Σ g; x[q] is the neighbour (-u, -v) of those
// places that have it as (u, v), so ∂L/∂x is the convolution of g with the taps in opposite order: the neighbours of g
// times w as [3, 3, O, C], turned around. Kept: x. Cost: 18 C O operations a place forward, twice that backward, and a
// copy of 9 numbers for each of x and of g. (Nine products that are summed up in y need no such copy, but read and
// write y nine times and compute on borders: slower by a tenth on large maps, by a quarter on small ones.)
#pragma once
#include <mae/autograd/trace/operation.hpp>
#include <mae/core/levels.hpp>
#include <mae/core/rules.hpp>
#include <mae/ops/error_placeholder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace rule {
/// A filter for maps of so many places, with so many channels.
template <Index Places, Index Channels, Index MapPlaces, Index FilterChannels>
struct ConvolutionInput {
  static constexpr bool holds = Places == MapPlaces && Channels == FilterChannels;
};
}  // namespace rule

namespace detail {
/// Where a place lies in its map.
struct Place {
  Index row, column, rows, columns;
  /// Whether the neighbour of tap 0 ... 8 is in the map.
  MAE_HOST_DEVICE constexpr bool has(Index tap) const {
    const Index i = row + tap / 3 - 1, j = column + tap % 3 - 1;
    return i >= 0 && i < rows && j >= 0 && j < columns;
  }
  /// How far that neighbour is, in places.
  MAE_HOST_DEVICE constexpr Index to(Index tap) const { return (tap / 3 - 1) * columns + tap % 3 - 1; }
};
/// Place p of level k or one behind it. Sizes are constants here, so that dividing by them costs little.
template <class Maps, std::size_t k = 0>
MAE_HOST_DEVICE constexpr Place place_of(Index p) {
  if constexpr (k + 1 < Maps::all.size()) {
    constexpr Index next = Maps::all[k + 1].first;
    if (p >= next) return place_of<Maps, k + 1>(p);
  }
  constexpr Level map = Maps::all[k];
  return {(p - map.first) / map.columns, (p - map.first) % map.columns, map.rows, map.columns};
}
}  // namespace detail

template <class Maps, Index In, Index Out>
struct Conv3x3Operation : Operation {
  /// The workspace of a call: the neighbours of a strip, the turned filter, and what is left for the products.
  template <class Policy>
  struct Memory {
    using T = typename Policy::Activation;
    using W = typename Policy::Parameter;
    static constexpr Index rows_of_a_thread = 336, most_rows = runs_on_host<Policy> ? 4 * rows_of_a_thread : 8192;
    static constexpr Index neighbour_bytes = align_up(most_rows * 9 * (In > Out ? In : Out) * Index{sizeof(T)});
    static constexpr Index own_bytes = neighbour_bytes + align_up(9 * In * Out * Index{sizeof(W)});
    static constexpr WorkspaceSize products =
        Kernels<Policy>::linear_workspace(9 * In, Out) | Kernels<Policy>::linear_workspace(In, 9 * Out);
    static constexpr WorkspaceSize size{own_bytes + products.shared, products.per_thread};

    T* neighbours;
    W* turned;
    Workspace rest;
    explicit Memory(const Workspace& all)
        : neighbours(all.shared<T>()),
          turned(reinterpret_cast<W*>(all.base + neighbour_bytes)),
          rest{all.base + own_bytes, {all.size.shared - own_bytes, all.size.per_thread}, all.threads} {}
    /// Rows of a strip that is read from second caches.
    Index quick_rows() const {
      const Index rows = runs_on_host<Policy> ? rows_of_a_thread * rest.threads : most_rows;
      return rows < most_rows ? rows : most_rows;
    }
  };

  static constexpr const char* name = "conv3x3";
  static constexpr unsigned keep = keep_input(0);
  static constexpr Index places = Maps::places;
  template <class X>
  using Output = WithExtent<X, -1, Out>;
  template <class M, class>
  using Element = typename M::Policy::Activation;
  template <class M, class>
  static constexpr Index flops = 2 * places * 9 * In* Out;
  template <class M, class>
  static constexpr WorkspaceSize workspace = Memory<typename M::Policy>::size;

  template <class Call>
  static void forward(const Call& f) {
    const Memory<typename Call::Policy> memory(f.workspace());
    const auto x = f.x(first);
    const auto y = f.y();
    each_strip(f.batch(), memory.quick_rows(), [&](Index begin, Index count) {
      gather<Call, In>(begin, count, x, memory.neighbours);
      Call::Kernels::linear(count, 9 * In, Out, memory.neighbours, f.parameter(0), f.parameter(1), y + begin * Out,
                            memory.rest);
    });
  }
  template <class Call>
  static void backward(const Call& f) {
    const Memory<typename Call::Policy> memory(f.workspace());
    const auto x = f.x(first);
    const auto dy = f.dy();
    if (f.gradient(0))  // strips whose size does not depend on threads, for sums run over them
      each_strip(f.batch(), memory.most_rows, [&](Index begin, Index count) {
        gather<Call, In>(begin, count, x, memory.neighbours);
        Call::Kernels::linear_weight_gradient(count, 9 * In, Out, dy + begin * Out,
                                              static_cast<const typename Call::T*>(memory.neighbours), f.gradient(0),
                                              f.gradient(1), memory.rest);
      });
    const auto dx = f.dx(first);
    if (!dx.wanted()) return;
    const auto w = f.parameter(0);
    auto* const turned = memory.turned;
    Call::Kernels::each(9 * In * Out, [=] MAE_HOST_DEVICE(Index i) {
      turned[i] = w[(i / In % Out * 9 + 8 - i / (In * Out)) * In + i % In];
    });
    each_strip(f.batch(), memory.quick_rows(), [&](Index begin, Index count) {
      gather<Call, Out>(begin, count, dy, memory.neighbours);
      Call::Kernels::linear_input_gradient(count, In, 9 * Out, static_cast<const typename Call::T*>(memory.neighbours),
                                           turned, dx.data + begin * In, dx.accumulate, memory.rest);
    });
  }

  /// Calls work(begin, count) for pieces of the places of all samples.
  template <class Work>
  static void each_strip(Index batch, Index rows, const Work& work) {
    const Index all = batch * places;
    for (Index begin = 0; begin < all; begin += rows) work(begin, all - begin < rows ? all - begin : rows);
  }
  /// The neighbours [count, 9, Width] of `count` places from number `begin` on, of all samples.
  template <class Call, Index Width, class X, class T>
  static void gather(Index begin, Index count, const X* x, T* to) {
    constexpr Index most = Call::Kernels::columns_together, run = most < Width ? most : Width;
    constexpr Index runs = (Width + run - 1) / run;
    Call::Kernels::each(
        count * runs,
        [=] MAE_HOST_DEVICE(Index k) {
          const Index r = begin + k / runs, column = k % runs * run;
          const Index length = Width % run == 0 || column + run <= Width ? run : Width - column;
          const detail::Place place = detail::place_of<Maps>(r % places);
          for (Index tap = 0; tap < 9; ++tap) {
            const X* const from = place.has(tap) ? x + (r + place.to(tap)) * Width + column : nullptr;
            copy<typename Call::A>(from, length, to + (k / runs * 9 + tap) * Width + column);
          }
        },
        9 * run);
  }
  /// `length` numbers, or zeros.
  template <class A, class X, class T>
  MAE_HOST_DEVICE static void copy(const X* from, Index length, T* to) {
    if (!from)
      for (Index c = 0; c < length; ++c) to[c] = T(A(0));
    else if constexpr (std::is_same_v<X, T>) __builtin_memcpy(to, from, static_cast<std::size_t>(length) * sizeof(T));
    else
      for (Index c = 0; c < length; ++c) to[c] = T(A(from[c]));
  }
};

/// x [B, Maps::places, C] → [B, Maps::places, O], by w [O, C, 3, 3] and b [O]; `Maps` are `Levels`.
template <class Maps, Expression X, ParameterLike WeightParameter, ParameterLike BiasParameter>
constexpr auto conv3x3(const X& x, const WeightParameter& w, const BiasParameter& b) {
  using S = ShapeOf<X>;
  constexpr Index out = WeightParameter::Shape::extent(0), in = WeightParameter::Shape::count / (9 * out);
  using Fits = rule::ConvolutionInput<S::rank == 3 ? rows_of<S> : 0, width_of<S>, Maps::places, in>;
  static_assert(WeightParameter::Shape::count == 9 * in * out && BiasParameter::Shape::count == out,
                "mae::conv3x3: the weight must be [O, C, 3, 3] and the bias [O]");
  static_assert(rule::TrainedTogether<WeightParameter::trained, BiasParameter::trained>::holds,
                "mae: weight and bias are trained or frozen together");
  static_assert(Fits::holds, "mae::conv3x3<Maps>: x must be [B, Maps::places, C], C that of the weight");
  if constexpr (Fits::holds) return apply<Conv3x3Operation<Maps, in, out>>(x, w, b);
  else return detail::error_placeholder<WithExtent<S, -1, out>>(x);
}

}  // namespace mae
MAE_PRECISE_END
