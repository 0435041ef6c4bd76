// The contract's tests for `Cpu`: with an instruction set if the machine has it, and with threads by type.
#pragma once
#include <mae/backend/cpu/kernels.hpp>

#include "contract.hpp"

namespace mae::contract {

template <class Policy, class Isa>
void check_all() {
  if (Isa::supported()) check_all<Policy>();
}

/// One thread by type and many by type write the same bits, in the functions that take no workspace too.
template <class T>
void check_thread_types() {
  const Kernels<Cpu<T, isa::Best, Serial>> serial;
  const Kernels<Cpu<T, isa::Best, test::Team>> threaded;
  CHECK(same_bits(forward_products(serial, 1, 197, 147, 131), forward_products(threaded, 2, 197, 147, 131)));
  CHECK(same_bits(normalisation<T>(serial, 1, 700, 588), normalisation<T>(threaded, 2, 700, 588)));
  CHECK(same_bits(attention(serial, 1, 2, 50, 3, 64), attention(threaded, 2, 2, 50, 3, 64)));
  CHECK(same_bits(attention_of_some(serial, 1, 2, 38, 50, 3, 64), attention_of_some(threaded, 2, 2, 38, 50, 3, 64)));
  CHECK(same_bits(maps(serial, 1, 70001), maps(threaded, 2, 70001)));
  CHECK(same_bits(sums(serial, 1, 700, 333), sums(threaded, 2, 700, 333)));
  CHECK(same_bits(training(serial, 1, 70001), training(threaded, 2, 70001)));
}

}  // namespace mae::contract
