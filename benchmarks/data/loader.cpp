// Does loading keep up with training? Photographs in JPEG against the 32-pixel model that trains on them.
//
// Usage: loader [repetitions = 5]. Three photographs are written as JPEG again and again, each time cut a little
// differently, about 400 × 450 pixels. Measured in turn: a pre-training step (forward, backward, AdamW; 192 wide, 12
// blocks; batch 64), and batches for it from the folder (random resized crop, flip, normalisation), while nothing is
// trained: decoded each time, decoded once and kept, decoded once and kept at 96 pixels; with one loader, as programs
// have unless told otherwise, and with as many as there are processors. `ratio` is images loaded a second by images
// trained on a second, `threads` are those that load.
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <set>

#include <mae/data/prefetch.hpp>
#include <mae/io/images/image_folder.hpp>
#include <mae/io/images/jpeg.hpp>
#include <mae/io/images/png.hpp>
#include <mae/mae.hpp>

#include "../measure.hpp"

namespace {

using namespace mae;
using Geometry = ImageShape<3, 32, 32, 4>;
using Model = MaskedAutoencoder<Geometry, Transformer<192, 12, 3>, Transformer<96, 4, 3>>;
constexpr Index batch = 64;

void write_jpeg(const std::string& path, const Image& image) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  if (!file) throw Error(path, "no file to write to", "one");
  jpeg_stdio_dest(&info, file);
  info.image_width = static_cast<JDIMENSION>(image.width), info.image_height = static_cast<JDIMENSION>(image.height);
  info.input_components = 3, info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 90, TRUE);
  jpeg_start_compress(&info, TRUE);
  std::vector<std::uint8_t> row(static_cast<std::size_t>(3 * image.width));
  for (Index y = 0; y < image.height; ++y) {
    for (Index x = 0; x < image.width; ++x)
      for (Index c = 0; c < 3; ++c) row[static_cast<std::size_t>(3 * x + c)] = image.row(c, y)[x];
    JSAMPROW line = row.data();
    jpeg_write_scanlines(&info, &line, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::fclose(file);
}

/// A folder that is gone at the end.
struct Folder {
  std::string path;
  Folder() : path((std::filesystem::temp_directory_path() / "mae-loader-XXXXXX").string()) {
    if (!::mkdtemp(path.data())) throw Error(path, "no folder", "a new one");
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code unknown;
    std::filesystem::remove_all(path, unknown);
  }
};

/// Images a second that `workers` threads make of the folder.
class Loading {
 public:
  Loading(const std::string& folder, const FolderOptions& options, int workers)
      : photographs_(folder, options),
        ahead_({photographs_,
                {{0.5, 0.5, 0.5}, {0.25, 0.25, 0.25}},
                {.flip = true, .min_crop_scale = 0.2},
                {photographs_.size(), batch, photographs_.size() / batch, 0}},
               workers) {
    for (Index i = 0; i < photographs_.size() / batch + 2; ++i) ahead_.at(next_++);  // whatever is kept is there now
  }
  /// Once the batches that were made while nobody asked are used up.
  double seconds_a_batch() {
    constexpr Index batches = 16;
    for (Index i = 0; i < DefaultThreads::count() + 3; ++i) ahead_.at(next_++);
    return benchmark::seconds([&] {
             for (Index i = 0; i < batches; ++i) ahead_.at(next_++);
           }) / double(batches);
  }

 private:
  ImageFolder<Decoders<Png, Jpeg>> photographs_;
  Prefetch<Geometry, float> ahead_;
  Index next_ = 0;
};

void measure(int repetitions) {
  const Folder folder;
  const char* const names[] = {"astronaut", "chelsea", "coffee"};
  constexpr Index copies = 64;
  for (const char* const name : names) {
    const Image photograph = read_png(std::string(MAE_EXAMPLE_DATA) + "/" + name + ".png");
    for (Index i = 0; i < copies; ++i)
      write_jpeg(folder.path + "/" + name + std::to_string(i) + ".jpg",
                 crop(photograph, i % 8, i / 8, photograph.height - 8, photograph.width - 8));
  }
  const int threads = DefaultThreads::count();
  Weights<Model, Cpu<float>> weights(0), gradients;
  AdamW<Model, Cpu<float>> optimizer;
  Session<Program<PretrainingLoss<Model>, Cpu<float>>> session(batch);
  Tensor<float, Geometry::Pixels> images(batch);
  Model::Masks masks(batch);
  masks.resize(batch);
  for (Index b = 0; b < batch; ++b) masks.random(b, 0, 0, static_cast<std::uint64_t>(b));
  auto step = [&] {
    session.step(weights, gradients, images, masks.keep(), masks.hidden(), masks.restore());
    optimizer.step(weights, gradients, 1e-4);
  };
  step();
  struct Case {
    const char* title;
    FolderOptions options;
    int loaders;
    std::vector<double> times{};
  };
  std::vector<Case> cases;
  for (const int loaders : std::set{1, threads}) {
    cases.push_back({"decoded each time", {.cache_bytes = 0}, loaders});
    cases.push_back({"decoded once", {}, loaders});
    cases.push_back({"decoded once, kept at 96 pixels", {.shortest_side = 96}, loaders});
  }
  std::deque<Loading> loadings;  // they stay where they are
  for (const Case& c : cases) loadings.emplace_back(folder.path, c.options, c.loaders);
  std::vector<double> trained;
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    trained.push_back(benchmark::seconds(step));
    for (std::size_t i = 0; i < cases.size(); ++i) cases[i].times.push_back(loadings[i].seconds_a_batch());
  }
  const double consumed = double(batch) / benchmark::median(trained);
  for (Case& c : cases) {
    const double loaded = double(batch) / benchmark::median(c.times);
    std::printf(R"({"name": "JPEG photographs to 32 pixels, %s, %d loader%s", "ours": %.0f, "peer": %.0f, )"
                R"("peer_name": "our training step of the 32-pixel model", "ratio": %.1f, "unit": "images/s", )"
                R"("threads": %d})" "\n",
                c.title, c.loaders, c.loaders == 1 ? "" : "s", loaded, consumed, loaded / consumed, c.loaders);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int repetitions = argc > 1 ? std::atoi(argv[1]) : 5;
  if (repetitions < 1) return std::fprintf(stderr, "usage: loader [repetitions]\n"), 1;
  try {
    measure(repetitions);
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "%s\n", error.what()), 1;
  }
}
