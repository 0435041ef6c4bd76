// expect-error: mae::ImageShape: the width must be a multiple of the patch side
// expect-text: 30
#include <mae/model/geometry.hpp>

#ifdef MAE_FIXED
mae::ImageShape<3, 32, 32, 16> images;
#else
mae::ImageShape<3, 32, 30, 16> images;
#endif
