// expect-error: mae::from_xtensor: the array is column-major; use a row-major container
#include <mae/interop/xtensor.hpp>

int main() {
#ifdef MAE_FIXED
  xt::xtensor<float, 2> x;
#else
  xt::xtensor<float, 2, xt::layout_type::column_major> x;
#endif
  return mae::from_xtensor<mae::Shape<2, 3>>(x).size() == 6;
}
