// mae::eigen and mae::xtensor bring along what mae/interop needs.
#include <mae/interop/eigen.hpp>
#include <mae/interop/xtensor.hpp>

int main() {
  mae::Tensor<float, mae::Shape<2, 3>> x;
  mae::as_eigen(x).setConstant(2);
  return mae::as_xtensor(x)(1, 2) != 2;
}
