// expect-error: mae::as_eigen: this tensor is a temporary; give it a name, for a map does not keep it alive
#include <mae/interop/eigen.hpp>

int main() {
#ifdef MAE_FIXED
  const mae::Tensor<float, mae::Shape<2, 3>> x;
  return mae::as_eigen(x).size() == 6;
#else
  return mae::as_eigen(mae::Tensor<float, mae::Shape<2, 3>>()).size() == 6;
#endif
}
