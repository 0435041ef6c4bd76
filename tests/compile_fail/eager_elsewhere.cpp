// Eager with kernels that work in a memory of their own.
// expect-error: mae: Eager shows every value to the program
// expect-text: use Reference or Cpu
#include <mae/autograd/run/eager.hpp>
#include <mae/backend/reference.hpp>
#include <mae/nn/linear.hpp>

struct Far : mae::Host {
  static constexpr bool host_accessible = false;
};
struct Elsewhere : mae::Reference<float> {
#ifndef MAE_FIXED
  using MemorySpace = Far;
#endif
};
using Model = mae::Linear<4, 2>;

bool shown() { return sizeof(mae::Eager<Model, Elsewhere>) > 0; }
