// Taking the colours of pixels apart: files keep them side by side, [H, W, 3], models one plane each, [3, H, W].
//
// Sixteen pixels are three vectors of bytes; the reds are picked from the first two vectors and then from the third,
// and so are the other colours. Processors without an instruction that picks bytes do it one by one.
#pragma once
#include <cstdint>

#include <mae/backend/cpu/simd.hpp>

MAE_PRECISE_BEGIN
namespace mae::cpu {

template <class Isa>
class ColourPlanes {
 public:
  /// `count` pixels of three bytes to three planes that begin `stride` bytes apart.
  [[gnu::noinline]] static void run(const std::uint8_t* pixels, Index count, std::uint8_t* planes, Index stride) {
    Index i = 0;
    if constexpr (Isa::bytes >= 32) {
      Isa::run([&]() __attribute__((always_inline)) {
        for (; i + 16 <= count; i += 16) {
          const Loose* const from = reinterpret_cast<const Loose*>(pixels + 3 * i);
          unroll<3>([&](auto colour) __attribute__((always_inline)) {
            pick<colour>(from[0].v, from[1].v, from[2].v, planes + colour * stride + i,
                         std::make_integer_sequence<int, 16>{});
          });
        }
      });
    }
    for (; i < count; ++i)
      for (Index c = 0; c < 3; ++c) planes[c * stride + i] = pixels[3 * i + c];
  }

 private:
  typedef unsigned char Bytes __attribute__((vector_size(16)));
  struct __attribute__((packed, may_alias)) Loose {
    Bytes v;
  };
  /// Writes every third byte of the vectors a, b, c in a row, from byte `Colour` on.
  template <Index Colour, int... Lane>
  [[gnu::always_inline]] static void pick(const Bytes& a, const Bytes& b, const Bytes& c, std::uint8_t* to,
                                          std::integer_sequence<int, Lane...>) {
    constexpr int colour = Colour;
    const Bytes ab = __builtin_shufflevector(a, b, (3 * Lane + colour < 32 ? 3 * Lane + colour : 0)...);
    reinterpret_cast<Loose*>(to)->v =
        __builtin_shufflevector(ab, c, (3 * Lane + colour < 32 ? Lane : 3 * Lane + colour - 16)...);
  }
};

/// The same by the instruction set that `IsaChoice` names.
template <class IsaChoice>
struct SplitColours {
  static void run(const std::uint8_t* pixels, Index count, std::uint8_t* planes, Index stride) {
    isa::dispatch<IsaChoice>([&](auto set) { ColourPlanes<decltype(set)>::run(pixels, count, planes, stride); });
  }
};

}  // namespace mae::cpu
MAE_PRECISE_END
