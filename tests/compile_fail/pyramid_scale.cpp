// A map of 3 × 3 patches cannot be had a quarter as fine.
// expect-error: mae::FeaturePyramid: a coarser level needs at least one row and one column
// expect-text: ScaleOfMap<3, 3, 4, 8, -2>
#include <mae/model/feature_pyramid.hpp>

#ifdef MAE_FIXED
using Neck = mae::FeaturePyramid<mae::Grid<3, 3, 4>, 8, mae::Scales<1, 0, -1>, 4>;
#else
using Neck = mae::FeaturePyramid<mae::Grid<3, 3, 4>, 8, mae::Scales<1, 0, -2>, 4>;
#endif

mae::Index places() { return Neck::Levels::places; }
