// A detector without a class has nothing to find.
// expect-error: mae::Detector: there must be a class to detect
// expect-text: DetectorClasses<0>
#include <mae/model/detector.hpp>

#ifdef MAE_FIXED
constexpr mae::Index classes = 1;
#else
constexpr mae::Index classes = 0;
#endif
using Model = mae::Detector<mae::ImageShape<1, 8, 8, 4>, mae::Transformer<8, 1, 1>, classes, mae::Scales<0>, 8, 1>;

constexpr mae::Index places(const Model&) { return Model::Levels::places; }
constexpr mae::Index found = Model::classes;
