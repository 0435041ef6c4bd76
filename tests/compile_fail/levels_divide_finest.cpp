// Half of 5 rows is 2, which does not divide 5: such levels cannot be laid side by side.
// expect-error: mae::PyramidSegmenter: every level must divide the finest
// expect-text: LevelDividesFinest<2, 2, 5, 5, 2>
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/model/pyramid_segmenter.hpp>

#ifdef MAE_FIXED
using Image = mae::ImageShape<1, 16, 16, 4>;
#else
using Image = mae::ImageShape<1, 20, 20, 4>;
#endif
using Model = mae::PyramidSegmenter<Image, mae::Transformer<8, 1, 1>, 3, mae::Scales<0, -1>, 4>;

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
