// From a checkpoint to the features of a folder of images. The sizes of the model are those that the file records.
#include <mae/io/images/image_folder.hpp>
#include <mae/io/images/png.hpp>
#include <mae/io/tensors/npy.hpp>
#include <mae/checkpoint/with_model.hpp>
#include <mae/mae.hpp>
#include <mae/eval/extract_features.hpp>

#include <cstdio>

int main(int, char** arguments) {
  mae::with_encoder("encoder.safetensors", [&](const auto& encoder) {
    const mae::ImageFolder<mae::Decoders<mae::Png>> images(arguments[1], {.channels = encoder.channels});
    const auto features = mae::extract_features(encoder, images);  // [n, D]
    mae::write_npy("features.npy", features);
    std::printf("%jd features of %jd images\n", features.size() / features.batch(), features.batch());
  });
}
