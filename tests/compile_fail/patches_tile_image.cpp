// Patches of 16 do not tile 30 columns.
// expect-error: mae::ImageShape: the width must be a multiple of the patch side
// expect-text: 30
#include <mae/model/geometry.hpp>

#ifdef MAE_FIXED
using Images = mae::ImageShape<3, 32, 32, 16>;
#else
using Images = mae::ImageShape<3, 32, 30, 16>;
#endif
mae::Index patches() { return Images::patches; }
