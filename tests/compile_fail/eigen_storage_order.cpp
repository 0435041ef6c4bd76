// expect-error: mae::from_eigen: the matrix is column-major; use Eigen::Matrix<..., Eigen::RowMajor>
#include <mae/interop/eigen.hpp>

int main() {
#ifdef MAE_FIXED
  Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> x(2, 3);
#else
  Eigen::MatrixXf x(2, 3);
#endif
  return mae::from_eigen<mae::Shape<mae::dyn, 3>>(x).size() == 6;
}
