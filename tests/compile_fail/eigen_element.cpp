// expect-error: mae::as_eigen: Eigen computes with numbers of the language; convert mae::bf16 to float first
#include <mae/core/bf16.hpp>
#include <mae/interop/eigen.hpp>

int main() {
#ifdef MAE_FIXED
  mae::Tensor<float, mae::Shape<2, 3>> x;
#else
  mae::Tensor<mae::bf16, mae::Shape<2, 3>> x;
#endif
  return mae::as_eigen(x).size() == 6;
}
