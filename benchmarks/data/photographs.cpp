// Photographs to batches as a model of 224 pixels takes them, nothing kept: one epoch, timed.
//
// Usage: photographs FOLDER WORKERS. Prints the images a second that WORKERS threads decode, reduce to a shorter side
// of 256, crop at random, flip and normalise, after an epoch that is not counted. photographs.py runs it in turn with
// torchvision.
#include <cstdlib>

#include <mae/data/prefetch.hpp>
#include <mae/io/images/image_folder.hpp>
#include <mae/io/images/jpeg.hpp>
#include <mae/model/geometry.hpp>

#include "../measure.hpp"

int main(int argc, char** argv) {
  using namespace mae;
  const int workers = argc == 3 ? std::atoi(argv[2]) : 0;
  if (workers < 1) return std::fprintf(stderr, "usage: photographs FOLDER WORKERS\n"), 1;
  try {
    using Geometry = ImageShape<3, 224, 224, 16>;
    constexpr Index batch = 25;
    const ImageFolder<Decoders<Jpeg>> photographs(argv[1], {.shortest_side = 256, .cache_bytes = 0});
    const Index batches = photographs.size() / batch;
    Prefetch<Geometry, float> ahead({photographs,
                                     {{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}},
                                     {.flip = true, .min_crop_scale = 0.2},
                                     {photographs.size(), batch, batches, 0}},
                                    workers);
    Index next = 0;
    const auto epoch = [&] {
      for (Index i = 0; i < batches; ++i) ahead.at(next++);
    };
    epoch();
    std::printf("%.1f\n", double(batches * batch) / benchmark::seconds(epoch));
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "%s\n", error.what()), 1;
  }
}
