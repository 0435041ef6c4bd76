// expect-error: mae::from_xtensor: this array is a temporary; give it a name, for a view does not keep it alive
#include <mae/interop/xtensor.hpp>

int main() {
#ifdef MAE_FIXED
  const xt::xarray<float> x;
  return mae::from_xtensor<mae::Shape<2, 3>>(x).size() == 6;
#else
  return mae::from_xtensor<mae::Shape<2, 3>>(xt::xarray<float>()).size() == 6;
#endif
}
