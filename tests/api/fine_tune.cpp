// Fine-tuning an encoder on labelled images. How its images were normalised comes with it.
#include <mae/io/images/data_source.hpp>
#include <mae/io/images/png.hpp>
#include <mae/checkpoint/load_encoder.hpp>
#include <mae/mae.hpp>

#include <cstdio>

using Image = mae::ImageShape<1, 8, 8, 2>;
using Size = mae::Transformer<64, 4, 4>;  // 64 wide, 4 blocks, 4 heads

int main(int, char** arguments) {
  const mae::DataSource<mae::Decoders<mae::Png>> data(arguments[1], {.folder = {.channels = 1}});
  const auto encoder = mae::load_encoder<mae::Encoder<Image, Size>>("encoder.safetensors");
  const mae::FinetuningOptions options{.epochs = 6, .warmup = 1, .base_learning_rate = 1.6e-2, .layer_decay = 1};
  mae::Finetuning<mae::Classifier<Image, Size, 10>> run(data.images(), options, encoder);
  run.train();
  mae::save_checkpoint("classifier.safetensors", run);
  std::printf("accuracy %.3f\n", mae::accuracy(run.weights(), data.images(), run.normalization()));
}
