// The kernels of `Cpu<double>` with each instruction set that the machine has.
#include "contract_cpu.hpp"

namespace {
namespace isa = mae::isa;
using mae::Cpu;

TEST_CASE("baseline") { mae::contract::check_all<Cpu<double, isa::Baseline, test::Team>, isa::Baseline>(); }
TEST_CASE("avx2") { mae::contract::check_all<Cpu<double, isa::Avx2, test::Team>, isa::Avx2>(); }
TEST_CASE("avx512") { mae::contract::check_all<Cpu<double, isa::Avx512, test::Team>, isa::Avx512>(); }
TEST_CASE("the best there is, by one thread and by several: the same bits") {
  mae::contract::check_thread_types<double>();
}

}  // namespace
