// A reshape that would lose elements.
// expect-error: mae::View::reshape: both shapes must hold the same number of elements
#include <mae/tensor/tensor.hpp>

mae::Index rows(mae::View<float, mae::Shape<mae::dyn, 5, 8>> x) {
#ifdef MAE_FIXED
  return x.reshape<mae::Shape<mae::dyn, 40>>().size();
#else
  return x.reshape<mae::Shape<mae::dyn, 39>>().size();
#endif
}
