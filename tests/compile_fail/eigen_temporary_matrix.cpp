// expect-error: mae::from_eigen: this matrix is a temporary; give it a name, for a view does not keep it alive
#include <mae/interop/eigen.hpp>

int main() {
  using Matrix = Eigen::Matrix<float, 2, 3, Eigen::RowMajor>;
#ifdef MAE_FIXED
  const Matrix x = Matrix::Zero();
  return mae::from_eigen<mae::Shape<2, 3>>(x).size() == 6;
#else
  return mae::from_eigen<mae::Shape<2, 3>>(Matrix()).size() == 6;
#endif
}
