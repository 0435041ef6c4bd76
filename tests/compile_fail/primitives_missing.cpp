// Cpu has its kernels of primitive operations in a header of their own.
// expect-error: mae: kernels of primitives are not included
// expect-text: Cpu needs <mae/ops/primitives.hpp>
#include <mae/autograd/run/program.hpp>
#include <mae/backend/cpu/kernels.hpp>
#ifdef MAE_FIXED
#include <mae/ops/primitives.hpp>
#else
#include <mae/ops/softmax.hpp>
#endif

struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 3, 5>>>;
  constexpr auto operator()(const mae::Expression auto& x) const { return mae::softmax(x); }
};

mae::Index memory() { return mae::Program<Model, mae::Cpu<float>>::saved_bytes; }
