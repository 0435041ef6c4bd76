// expect-error: mae: weights mean nothing without the normalisation of their images
#include <mae/checkpoint/load_encoder.hpp>
#include <mae/model/encoder.hpp>

int main() {
  mae::Weights<mae::Encoder<mae::ImageShape<1, 4, 4, 2>, mae::Transformer<8, 1, 1>>, mae::Reference<float>> weights;
#ifdef MAE_FIXED
  mae::load_encoder("encoder.safetensors", weights, {{0.5}, {0.25}});
#else
  mae::load_encoder("encoder.safetensors", weights);
#endif
}
