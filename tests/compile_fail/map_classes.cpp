// 255 marks pixels without a class.
// expect-error: mae::Segmenter: a class map holds 1 to 255 classes; 255 marks pixels without one
// expect-text: MapClasses<256>
#include <mae/model/segmentation_head.hpp>

#ifdef MAE_FIXED
using Model = mae::Segmenter<mae::ImageShape<1, 8, 8, 4>, mae::Transformer<8, 1, 1>, 255>;
#else
using Model = mae::Segmenter<mae::ImageShape<1, 8, 8, 4>, mae::Transformer<8, 1, 1>, 256>;
#endif

mae::Index classes() { return Model::classes; }
