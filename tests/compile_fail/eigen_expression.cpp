// expect-error: mae::from_eigen: an expression has no memory to look at; assign it to a matrix first
#include <mae/interop/eigen.hpp>

int main() {
  using Matrix = Eigen::Matrix<float, 2, 3, Eigen::RowMajor>;
  const Matrix x = Matrix::Zero();
#ifdef MAE_FIXED
  const Matrix twice = x + x;
#else
  const auto twice = x + x;
#endif
  return mae::from_eigen<mae::Shape<2, 3>>(twice).size() == 6;
}
