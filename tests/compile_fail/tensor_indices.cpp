// Two indices for three extents.
// expect-error: mae: a tensor takes one index for each extent of its shape
#include <mae/tensor/tensor.hpp>

float element(const mae::Tensor<float, mae::Shape<mae::dyn, 5, 8>>& x) {
#ifdef MAE_FIXED
  return x(0, 1, 2);
#else
  return x(1, 2);
#endif
}
