// expect-error: mae: save_onnx knows Encoder, Classifier, LinearProbe and MaskedAutoencoder
#include <mae/checkpoint/save_onnx.hpp>

struct Mine : mae::EncoderWithHead<mae::ImageShape<1, 4, 4, 2>, mae::Transformer<8, 1, 1>> {
  mae::Linear<8, 3> classifier;
  MAE_MODULE(encoder, classifier)
};

int main() {
  mae::Weights<Mine, mae::Reference<float>> weights;
#ifdef MAE_FIXED
  mae::save_encoder_onnx("encoder.onnx", weights, {{0.5}, {0.25}});
#else
  mae::save_onnx("classifier.onnx", weights, {{0.5}, {0.25}});
#endif
}
