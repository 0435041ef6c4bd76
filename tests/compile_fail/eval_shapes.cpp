// expect-error: mae: x + y needs x and y of the same shape
// expect-text: Shape<-1, 2>
#include <mae/autograd/run/eval.hpp>
#include <mae/autograd/trace/pointwise.hpp>

int main() {
  const mae::Tensor<float, mae::Shape<mae::dyn, 2>> two(1);
#ifdef MAE_FIXED
  const mae::Tensor<float, mae::Shape<mae::dyn, 2>> other(1);
#else
  const mae::Tensor<float, mae::Shape<mae::dyn, 3>> other(1);
#endif
  mae::eval([](auto x, auto y) { return x + y; }, two, other);
}
