// Vectors load and store bf16 as single numbers are converted, on every instruction set.
#include <doctest/doctest.h>

#include <bit>

#include <mae/backend/cpu/simd.hpp>

namespace {

using mae::bf16, mae::Index;

template <class Isa>
void check_conversions() {
  if (!Isa::supported()) return;
  CAPTURE(Isa::name);
  using S = mae::cpu::Simd<float, Isa>;
  constexpr Index count = 16, step = 65537;  // odd: all lower and all upper halves occur
  int wrong = 0;
  for (std::uint64_t first = 0; first < std::uint64_t{1} << 32; first += count * step) {
    float in[count], back[count];
    bf16 out[count];
    for (Index i = 0; i < count; ++i)
      in[i] = std::bit_cast<float>(static_cast<std::uint32_t>(first + static_cast<std::uint64_t>(i * step)));
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index i = 0; i < count; i += S::lanes) {
        typename S::Vector v;
        S::load(v, in + i);
        S::store(out + i, v);
        S::load(v, out + i);
        S::store(back + i, v);
      }
    });
    for (Index i = 0; i < count; ++i) {
      wrong += out[i].bits != bf16(in[i]).bits;
      wrong += std::bit_cast<std::uint32_t>(back[i]) != std::bit_cast<std::uint32_t>(float(out[i]));
    }
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("vectors convert to bf16 and back as numbers do") {
  check_conversions<mae::isa::Baseline>();
  check_conversions<mae::isa::Avx2>();
  check_conversions<mae::isa::Avx512>();
}
