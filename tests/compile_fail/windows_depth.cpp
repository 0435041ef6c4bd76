// Six blocks have no quarters.
// expect-error: mae::WindowedTrunk: a global block in each quarter needs a depth that is a multiple of 4
// expect-text: QuartersOfDepth<6>
#include <mae/model/windowed_trunk.hpp>

#ifdef MAE_FIXED
constexpr int depth = 8;
#else
constexpr int depth = 6;
#endif

mae::Index windows() {
  return mae::WindowedTrunk<mae::ImageShape<3, 64, 64, 16>, mae::Transformer<8, depth, 1>, 2>::Windows::count;
}
