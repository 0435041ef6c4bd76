// A classifier learns labels: a collection of class maps has none.
// expect-error: mae::Finetuning: the collection gives another target than the model's head is trained on
// expect-text: SameTarget<mae::ClassMap, mae::Label>
#include <mae/data/class_map.hpp>
#include <mae/mae.hpp>

using Model = mae::Classifier<mae::ImageShape<1, 8, 8, 4>, mae::Transformer<8, 1, 1>, 4>;
#ifdef MAE_FIXED
using Set = mae::Dataset;
#else
using Set = mae::SegmentationSet;
#endif

void train(const Set& images) { mae::Finetuning<Model> run(images, {}, {{0}, {1}}); }
