// The kernels of primitive operations of `Cpu`, with each instruction set that the machine has.
#include <mae/backend/cpu/primitives.hpp>

#include "contract_primitives.hpp"

namespace {
using namespace mae;

template <class T, class Isa>
void check() {
  if (!Isa::supported()) return;
  contract::check_primitives<Cpu<T, Isa, test::Team>>();
  contract::check_large_scores<Cpu<T, Isa, test::Team>>();
}

TEST_CASE("float, baseline") { check<float, isa::Baseline>(); }
TEST_CASE("float, avx2") { check<float, isa::Avx2>(); }
TEST_CASE("float, avx512") { check<float, isa::Avx512>(); }
TEST_CASE("double, avx2") { check<double, isa::Avx2>(); }
TEST_CASE("bf16, avx2") { check<bf16, isa::Avx2>(); }
TEST_CASE("bf16, avx512 with products of bf16") { check<bf16, isa::Avx512Bf16>(); }

}  // namespace
