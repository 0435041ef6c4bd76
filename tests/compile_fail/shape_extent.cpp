// A zero is not an extent.
// expect-error: mae::Shape: an extent must be positive; only the first may be dyn
#include <mae/core/shape.hpp>

#ifdef MAE_FIXED
using Images = mae::Shape<mae::dyn, 3>;
#else
using Images = mae::Shape<mae::dyn, 0>;
#endif

mae::Index pixels() { return Images::count; }
