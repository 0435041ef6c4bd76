// A policy whose kernels are not included.
// expect-error: mae: this policy's kernels are not included
// expect-text: Cuda needs <mae/mae.cuh>
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/gelu.hpp>

struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 5, 8>>>;
  constexpr auto operator()(const mae::Expression auto& x) const { return mae::gelu(x); }
};
#ifdef MAE_FIXED
using Policy = mae::Reference<float>;
#else
using Policy = mae::Cuda<float>;
#endif

mae::Index memory() { return mae::Program<Model, Policy>::saved_bytes; }
