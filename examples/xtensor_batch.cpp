// A batch from a NumPy file through a model, with the arithmetic in xtensor: which images does an encoder find alike?
//
//   xtensor_batch [--file images.npy] [--epochs 10]
//
// The file holds bytes [B, 8, 8], as numpy.save(file, images) writes them; without one, test digits are written to
// images.npy first. Features f_i are compared by the cosine of their angle, f_i·f_j / (|f_i| |f_j|), a B × B matrix.
// The batch is xtensor's memory and the model reads it there; the features are mae's and xtensor reads them there.
#include "digits.hpp"
#include "programs/framework/program.hpp"

#include <mae/interop/xtensor.hpp>
#include <mae/io/tensors/npy.hpp>
#include <mae/model/encode.hpp>

#if __has_include(<xtensor/core/xmath.hpp>)
#include <xtensor/core/xmath.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xmath.hpp>
#include <xtensor/xview.hpp>
#endif

#include <algorithm>
#include <cstdio>

namespace {

using mae::Index;
using Pixels = digits::Geometry::Pixels;  // [B, 1, 8, 8]

struct Settings : program::Settings {
  Settings() : program::Settings("xtensor_batch", "Finds images of a .npy file that are alike, with xtensor.") {}
  program::Text file{*this, "file", "", "bytes [B, 8, 8]; none: test digits, written to images.npy"};
  program::Integer epochs{*this, "epochs", 10, "of pre-training on digits", program::between(1, 1e6)};
};

/// The images of a file, as the model takes them.
xt::xtensor<float, 4> read_batch(const std::string& path, const mae::Normalization& statistics) {
  const auto file = mae::read_npy<std::uint8_t>(path);  // checked before xtensor sees it
  if (file.shape.size() != 3 || file.shape[0] < 1 || file.shape[1] != 8 || file.shape[2] != 8)
    throw mae::Error(path, "an array of " + mae::shape_text(file.shape), "bytes [B, 8, 8]");
  const auto B = static_cast<std::size_t>(file.shape[0]);
  const auto bytes = xt::adapt(file.values, std::array<std::size_t, 4>{B, 1, 8, 8});
  return (xt::cast<float>(bytes) / 255.f - float(statistics.mean[0])) / float(statistics.deviation[0]);
}

}  // namespace

int main(int count, char** arguments) {
  return program::run<Settings>(count, arguments, [](const Settings& settings) {
    const digits::Split data = digits::load();
    const auto statistics = mae::Normalization::of(data.unlabelled);
    const bool own = settings.file().empty();
    const std::string path = own ? "images.npy" : settings.file();
    const mae::Dataset images = digits::first(data.test, 100);
    if (own) mae::write_npy(path, {images.size(), 8, 8}, images.pixels);
    const xt::xtensor<float, 4> batch = read_batch(path, statistics);

    mae::PretrainingOptions options;
    options.epochs = settings.epochs();
    options.warmup = 0.1 * static_cast<double>(settings.epochs());
    options.base_learning_rate = 4e-3;
    mae::Pretraining<digits::Autoencoder, digits::Policy> run(data.unlabelled, options, statistics);
    run.train();

    std::puts("the largest weights, by name");
    for (const mae::ParameterInfo& parameter : run.weights().parameters())
      if (parameter.name.starts_with("blocks.0.") && parameter.name.ends_with("weight"))
        std::printf("  %-26s %6.3f\n", parameter.name.c_str(),
                    double(xt::amax(xt::abs(mae::as_xtensor(run.weights(), parameter)))()));

    const auto features = mae::encode(run.weights(), mae::from_xtensor<Pixels>(batch));  // [B, L + 1, D]
    // All tokens of an image side by side: where something is matters for what it is.
    using Rows = mae::Shape<mae::dyn, (digits::Geometry::patches + 1) * digits::Encoder::width>;
    const auto rows = mae::as_xtensor(features.view().reshape<Rows>());  // [B, (L + 1) D]
    const xt::xtensor<float, 1> centre = xt::mean(rows, {0});
    const xt::xtensor<float, 2> centred = rows - centre;
    // A name for the sums: xtensor 0.24 reads past the end of a reduction that it broadcasts before it is evaluated.
    const xt::xtensor<float, 2> squares = xt::sum(centred * centred, {1}, xt::keep_dims);  // [B, 1]
    const xt::xtensor<float, 2> unit = centred / xt::sqrt(squares);
    Index right = 0;
    for (std::size_t i = 0; i < unit.shape()[0]; ++i) {
      xt::xtensor<float, 1> cosine = xt::sum(unit * xt::view(unit, i, xt::newaxis()), {1});
      cosine(i) = -2;  // not itself
      const auto nearest = static_cast<std::size_t>(std::max_element(cosine.begin(), cosine.end()) - cosine.begin());
      if (i < 8) std::printf("image %zu is most like image %zu, cosine %.2f\n", i, nearest, double(cosine(nearest)));
      if (own) right += images.labels[i] == images.labels[nearest];
    }
    if (own) std::printf("%jd of %jd are most like another of the same digit\n", right, images.size());
  });
}
