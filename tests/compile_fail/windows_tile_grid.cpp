// Windows of 14 × 14 do not fill 64 × 64 patches.
// expect-error: mae::WindowedTrunk: the side of a window must divide the rows and columns of patches
// expect-text: WindowsTileGrid<64, 64, 14>
#include <mae/model/windowed_trunk.hpp>

#ifdef MAE_FIXED
constexpr mae::Index side = 16;
#else
constexpr mae::Index side = 14;
#endif

mae::Index windows() {
  return mae::WindowedTrunk<mae::ImageShape<3, 1024, 1024, 16>, mae::Transformer<8, 4, 1>, side>::Windows::count;
}
