// A detector learns boxes: a collection of labelled images has none.
// expect-error: mae::Finetuning: the collection gives another target than the model's head is trained on
// expect-text: SameTarget<mae::Label, mae::Boxes>
#include <mae/mae.hpp>
#include <mae/train/detection.hpp>

using Model = mae::Detector<mae::ImageShape<1, 8, 8, 4>, mae::Transformer<8, 1, 1>, 4, mae::Scales<0>, 8, 1>;
#ifdef MAE_FIXED
using Set = mae::DetectionSet;
#else
using Set = mae::Dataset;
#endif

void train(const Set& images) { mae::Finetuning<Model> run(images, {}, {{0}, {1}}); }
