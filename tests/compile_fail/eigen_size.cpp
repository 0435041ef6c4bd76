// expect-error: mae::from_eigen: the size of the matrix is not that of whole samples of the shape
#include <mae/interop/eigen.hpp>

int main() {
#ifdef MAE_FIXED
  Eigen::Matrix<float, 4, 3, Eigen::RowMajor> x;
#else
  Eigen::Matrix<float, 3, 4, Eigen::RowMajor> x;
#endif
  return mae::from_eigen<mae::Shape<mae::dyn, 2, 3>>(x).batch() == 2;
}
