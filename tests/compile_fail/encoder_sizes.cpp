// expect-error: mae: this encoder is made for other images, or has other sizes, than that of the model
#include <mae/model/encoder.hpp>
#include <mae/eval/pretrained.hpp>

template <int Blocks>
using Encoder = mae::Encoder<mae::ImageShape<1, 4, 4, 2>, mae::Transformer<8, Blocks, 1>>;

int main() {
  const mae::Weights<Encoder<1>, mae::Reference<float>> from;
#ifdef MAE_FIXED
  mae::Weights<Encoder<1>, mae::Reference<float>> to;
#else
  mae::Weights<Encoder<2>, mae::Reference<float>> to;
#endif
  mae::copy_encoder(from, to);
}
