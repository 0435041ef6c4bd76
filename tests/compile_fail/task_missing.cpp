// A segmenter names its task, which a header of its own defines.
// expect-error: mae::Finetuning: include the header of the model's task, such as mae/train/segmentation.hpp
#include <mae/model/segmentation_head.hpp>
#include <mae/train/finetune.hpp>
#ifdef MAE_FIXED
#include <mae/train/segmentation.hpp>
#endif

using Model = mae::Segmenter<mae::ImageShape<1, 8, 8, 4>, mae::Transformer<8, 1, 1>, 4>;

const char* told(mae::TaskOf<Model>*);
