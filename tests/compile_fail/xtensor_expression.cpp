// expect-error: mae::from_xtensor: an expression has no memory to look at; assign it to a container first
#include <mae/interop/xtensor.hpp>

int main() {
  xt::xtensor<float, 2> x;
#ifdef MAE_FIXED
  xt::xtensor<float, 2> twice = x + x;
#else
  auto twice = x + x;
#endif
  return mae::from_xtensor<mae::Shape<2, 3>>(twice).size() == 6;
}
