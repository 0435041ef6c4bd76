// expect-error: mae::from_xtensor: the array has another number of extents than the shape
#include <mae/interop/xtensor.hpp>

int main() {
#ifdef MAE_FIXED
  xt::xtensor<float, 2> x;
#else
  xt::xtensor<float, 3> x;
#endif
  return mae::from_xtensor<mae::Shape<2, 3>>(x).size() == 6;
}
