// Patches of 2 pixels can be halved once.
// expect-error: mae::FeaturePyramid: a finer level halves the patch and the width: both must be multiples of that
// expect-text: ScaleOfMap<3, 3, 2, 8, 2>
#include <mae/model/feature_pyramid.hpp>

#ifdef MAE_FIXED
using Neck = mae::FeaturePyramid<mae::Grid<3, 3, 2>, 8, mae::Scales<1, 0>, 4>;
#else
using Neck = mae::FeaturePyramid<mae::Grid<3, 3, 2>, 8, mae::Scales<2, 0>, 4>;
#endif

mae::Index places() { return Neck::Levels::places; }
