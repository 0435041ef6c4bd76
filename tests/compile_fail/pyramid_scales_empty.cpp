// A pyramid without levels.
// expect-error: mae::FeaturePyramid: one to four scales
// expect-text: PyramidLevels<0>
#include <mae/model/feature_pyramid.hpp>

#ifdef MAE_FIXED
using Neck = mae::FeaturePyramid<mae::Grid<8, 8, 4>, 8, mae::Scales<1, 0, -1, -2>, 4>;
#else
using Neck = mae::FeaturePyramid<mae::Grid<8, 8, 4>, 8, mae::Scales<>, 4>;
#endif

mae::Index places() { return Neck::Levels::places; }
