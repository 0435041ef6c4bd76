// expect-error: mae: this policy's kernels are not included
// expect-text: Reference needs <mae/backend/reference.hpp>
#include <mae/autograd/run/eager.hpp>
#ifdef MAE_FIXED
#include <mae/backend/reference.hpp>
#endif

struct Model {
  MAE_MODULE()
};

int main() {
  const mae::Weights<Model, mae::Reference<float>> none;
  mae::Eager<Model, mae::Reference<float>> eager(none);
}
