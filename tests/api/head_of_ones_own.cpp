// A head of one's own: the encoder is a member called `encoder`, and whatever else there is, under any name, is new.
#include <mae/io/images/data_source.hpp>
#include <mae/io/images/png.hpp>
#include <mae/checkpoint/load_encoder.hpp>
#include <mae/mae.hpp>

#include <cstdio>

using Sizes = mae::presets::Digits8;

struct TwoLayers : mae::EncoderWithHead<Sizes::ImageShape, Sizes::EncoderShape> {
  static constexpr mae::Index classes = 10;
  mae::Linear<64, 32> hidden;
  mae::Linear<32, classes> classifier;
  MAE_MODULE(encoder, hidden, classifier)
  constexpr auto operator()(const mae::Expression auto& images) const {
    return classifier(mae::gelu(hidden(mae::pool<mae::Pool::mean>(encoder(images)))));  // [B, 10]
  }
};

int main(int, char** arguments) {
  const mae::DataSource<mae::Decoders<mae::Png>> data(arguments[1], {.folder = {.channels = 1}});
  const auto encoder = mae::load_encoder<Sizes::Encoder>("encoder.safetensors");
  mae::Finetuning<TwoLayers> run(data.images(), {.epochs = 6, .warmup = 1, .base_learning_rate = 1.6e-2}, encoder);
  run.train();
  std::printf("accuracy %.3f\n", mae::accuracy(run.weights(), data.images(), run.normalization()));
}
