// A program outside of the project that trains, compiled without any flag but the include path: neither optimised nor
// with threads.
#include <cstdio>

#include <mae/mae.hpp>

using Images = mae::ImageShape<1, 8, 8, 4>;
using Model = mae::MaskedAutoencoder<Images, mae::Transformer<16, 1, 2>, mae::Transformer<8, 1, 2>>;

int main() {
  mae::Weights<Model, mae::Cpu<>> weights(1), gradients;
  mae::AdamW<Model, mae::Cpu<>> optimizer;
  mae::Session<mae::Program<mae::PretrainingLoss<Model>>> session(2);
  mae::Tensor<float, Images::Pixels> images(2);
  for (mae::Index i = 0; i < images.size(); ++i) images.data()[i] = static_cast<float>(i % 5);
  Model::Masks masks(2);
  masks.resize(2);
  for (mae::Index b = 0; b < 2; ++b) masks.random(b, 1, 0, static_cast<std::uint64_t>(b));
  double first = 0, last = 0;
  for (int step = 0; step < 20; ++step) {
    last = session.step(weights, gradients, images, masks.keep(), masks.hidden(), masks.restore());
    if (step == 0) first = last;
    optimizer.step(weights, gradients, 1e-2);
  }
  std::printf("loss %f, then %f\n", first, last);
  return last < first ? 0 : 1;
}
