// One operation on a tensor: no module, no weights, no session.
#include <mae/autograd/run/eval.hpp>
#include <mae/ops/gelu.hpp>
#include <mae/tensor/print.hpp>

#include <iostream>

int main() {
  mae::Tensor<float, mae::Shape<mae::dyn, 3>> x(1);
  for (mae::Index i = 0; i < 3; ++i) x(0, i) = static_cast<float>(i - 1);
  std::cout << mae::eval([](auto t) { return mae::gelu(t); }, x) << '\n';
}
