// One's own model on one's own images, as README shows it: a folder of images, or files of MNIST, CIFAR or NumPy.
#include <mae/checkpoint/checkpoint.hpp>
#include <mae/io/images/data_source.hpp>
#include <mae/io/images/png.hpp>
#include <mae/mae.hpp>

#include <cstdio>

using Image = mae::ImageShape<1, 8, 8, 2>;  // 1 channel, 8 × 8 pixels, patches of 2 × 2
using Model = mae::MaskedAutoencoder<Image, mae::Transformer<64, 4, 4>, mae::Transformer<32, 2, 2>>;

int main(int, char** arguments) {
  const mae::DataSource<mae::Decoders<mae::Png>> data(arguments[1], {.folder = {.channels = 1}});
  const auto normalization = mae::Normalization::of(data.images());
  mae::Pretraining<Model> run(data.images(), {.epochs = 8, .warmup = 1, .base_learning_rate = 8e-3}, normalization);
  run.train();
  mae::save_encoder("encoder.safetensors", run);
  mae::save_checkpoint("mae.safetensors", run);
  std::printf("loss %.3f\n", run.epoch_so_far().loss);
}
