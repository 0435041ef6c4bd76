// expect-error: mae::as_xtensor: this tensor is a temporary; give it a name, for an adaptor does not keep it alive
#include <mae/interop/xtensor.hpp>

int main() {
#ifdef MAE_FIXED
  const mae::Tensor<float, mae::Shape<2, 3>> x;
  return mae::as_xtensor(x).size() == 6;
#else
  return mae::as_xtensor(mae::Tensor<float, mae::Shape<2, 3>>()).size() == 6;
#endif
}
