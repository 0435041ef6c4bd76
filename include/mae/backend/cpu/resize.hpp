// Resizing planes of bytes on vectors: weighted sums of rows, then of columns.
//
// As many new rows as a vector has lanes are made at a time. Down the columns, four bytes are read as one whole number
// per lane, and taken apart by shifts: vector j of four holds the columns 4 i + j, i its lanes, and the sums over the
// rows stay in registers. A square of such vectors is transposed; then a vector holds one column of all these rows, and
// the sums along the rows are vectors too, whose weights are one number each. A last transposition gives rows again.
// Each new pixel is the same sum, in the same order, as the plain loop of data/resize.hpp writes it.
// Cost: (pixels of the box) · 4 multiply-adds down, and as many along the rows of what is left.
#pragma once
#include <cstdint>
#include <vector>

#include <mae/backend/cpu/simd.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// How one axis is resized: new pixel i is the sum of `count[i]` old ones from number `first[i]` on, each by its weight
/// among `weights`, which begin at i · `most`.
struct Taps {
  Index most;
  std::vector<Index> first, count;
  std::vector<float> weights;  // [to, most]

  /// For `to` new pixels; all weights are zero.
  Taps(Index to, Index most_of_one)
      : most(most_of_one),
        first(static_cast<std::size_t>(to)),
        count(static_cast<std::size_t>(to)),
        weights(static_cast<std::size_t>(to * most_of_one)) {}
  Index size() const { return static_cast<Index>(first.size()); }
  const float* weights_of(Index i) const { return weights.data() + i * most; }
};

namespace cpu {

/// `from` [channels, in_height, in_width] to `to` [channels, rows.size(), columns.size()]. `rows` counts rows of
/// `from`, `columns` counts columns from column `left` on, of which `width` are read. What goes to bytes is rounded and
/// clamped.
template <class Out, class Isa>
class Resizer {
 public:
  [[gnu::noinline]] static void run(const std::uint8_t* from, Index channels, Index in_height, Index in_width,
                                    Index left, Index width, const Taps& rows, const Taps& columns, Out* to) {
    const auto room = [](Index extent) { return static_cast<std::size_t>((extent + four - 1) / four * four * lanes); };
    std::vector<float> wide(room(width)), narrow(room(columns.size()));  // [columns, lanes], one new row a lane
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index c = 0; c < channels; ++c)
        for (Index y = 0; y < rows.size(); y += lanes) {
          const Index count = rows.size() - y < lanes ? rows.size() - y : lanes;
          for (Index x = 0; x < width; x += four)
            down(from + c * in_height * in_width + left + x, in_width, width - x, rows, y, count,
                 wide.data() + x * lanes);
          for (Index x = 0; x < columns.size(); ++x) along(wide.data(), columns, x, narrow.data() + x * lanes);
          for (Index x = 0; x < columns.size(); x += four)
            write(narrow.data() + x * lanes, count, columns.size() - x, columns.size(),
                  to + (c * rows.size() + y) * columns.size() + x);
        }
    });
  }

 private:
  using S = Simd<float, Isa>;
  using Vector = typename S::Vector;
  using Bits = typename S::Bits;
  using Words = typename S::Words;
  static constexpr Index lanes = S::lanes, four = 4 * lanes;
  struct __attribute__((packed, may_alias)) LooseWords {
    Words v;
  };

  /// to[i] = Σ weights[k] · (column i of row k), for `four` columns of which `width` exist and the `count` new rows
  /// from number `y` on.
  [[gnu::always_inline]] static void down(const std::uint8_t* from, Index stride, Index width, const Taps& rows,
                                          Index y, Index count, float* to) {
    Vector square[4][lanes];
    for (Index r = 0; r < lanes; ++r) {
      const Index row = y + (r < count ? r : count - 1);
      const float* const weights = rows.weights_of(row);
      const std::uint8_t* at = from + rows.first[static_cast<std::size_t>(row)] * stride;
      Vector sums[4] = {};
      for (Index k = 0; k < rows.count[static_cast<std::size_t>(row)]; ++k, at += stride) {
        Words bytes;
        load(bytes, at, width);
        unroll<4>([&](auto j) __attribute__((always_inline)) {
          const Words one = bytes >> unsigned(8 * j) & 255u;
          sums[j] += __builtin_convertvector(reinterpret_cast<Bits>(one), Vector) * weights[k];
        });
      }
      unroll<4>([&](auto j) __attribute__((always_inline)) { square[j][r] = sums[j]; });
    }
    unroll<4>([&](auto j) __attribute__((always_inline)) {
      S::transpose(square[j]);
      for (Index i = 0; i < lanes; ++i) S::store(to + (4 * i + j) * lanes, square[j][i]);
    });
  }
  [[gnu::always_inline]] static void load(Words& bytes, const std::uint8_t* from, Index count) {
    if (count >= four) {
      bytes = reinterpret_cast<const LooseWords*>(from)->v;
    } else {
      std::uint8_t part[four];
      for (Index i = 0; i < four; ++i) part[i] = i < count ? from[i] : std::uint8_t{0};
      bytes = reinterpret_cast<const LooseWords*>(part)->v;
    }
  }

  /// New column `x` of all rows.
  [[gnu::always_inline]] static void along(const float* wide, const Taps& columns, Index x, float* to) {
    const float* const weights = columns.weights_of(x);
    const float* const first = wide + columns.first[static_cast<std::size_t>(x)] * lanes;
    Vector sum = {};
    for (Index k = 0; k < columns.count[static_cast<std::size_t>(x)]; ++k)
      sum += S::at(first + k * lanes).v * weights[k];
    S::store(to, sum);
  }

  /// `four` columns of `narrow`, of which `width` exist, to `count` rows that are `stride` apart.
  [[gnu::always_inline]] static void write(const float* narrow, Index count, Index width, Index stride, float* to) {
    for (Index x = 0; x < four && x < width; x += lanes) {
      Vector square[lanes];
      for (Index i = 0; i < lanes; ++i) S::load(square[i], narrow + (x + i) * lanes);
      S::transpose(square);
      for (Index r = 0; r < count; ++r) S::store(to + r * stride + x, square[r], width - x);
    }
  }
  [[gnu::always_inline]] static void write(const float* narrow, Index count, Index width, Index stride,
                                           std::uint8_t* to) {
    Vector half, most, zero = {}, square[4][lanes];
    S::fill(half, 0.5f), S::fill(most, 255);
    unroll<4>([&](auto j) __attribute__((always_inline)) {
      for (Index i = 0; i < lanes; ++i) S::load(square[j][i], narrow + (4 * i + j) * lanes);
      S::transpose(square[j]);
    });
    for (Index r = 0; r < count; ++r) {
      Words bytes = {};
      unroll<4>([&](auto j) __attribute__((always_inline)) {
        Vector level = square[j][r] + half;
        level = level < zero ? zero : level;
        level = level < most ? level : most;
        bytes |= reinterpret_cast<Words>(__builtin_convertvector(level, Bits)) << unsigned(8 * j);
      });
      std::uint8_t* const row = to + r * stride;
      if (width >= four) {
        reinterpret_cast<LooseWords*>(row)->v = bytes;
      } else {
        std::uint8_t part[four];
        reinterpret_cast<LooseWords*>(part)->v = bytes;
        for (Index i = 0; i < width; ++i) row[i] = part[i];
      }
    }
  }
};

/// The same by the instruction set that `IsaChoice` names.
template <class Out, class IsaChoice>
struct Resize {
  static void run(const std::uint8_t* from, Index channels, Index in_height, Index in_width, Index left, Index width,
                  const Taps& rows, const Taps& columns, Out* to) {
    isa::dispatch<IsaChoice>([&](auto set) {
      Resizer<Out, decltype(set)>::run(from, channels, in_height, in_width, left, width, rows, columns, to);
    });
  }
};

}  // namespace cpu
}  // namespace mae
MAE_PRECISE_END
