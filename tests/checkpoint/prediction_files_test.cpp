// Noise from a file and predictions to files are those of PyTorch (tests/golden), on the same weights and images.
#include <mae/checkpoint/prediction_files.hpp>
#include <mae/io/tensors/npy.hpp>

#include <mae/backend/cpu/kernels.hpp>

#include <support/temporary.hpp>
#include "support/golden.hpp"

using namespace test;

namespace {
using Model = MaskedAutoencoder<ImageShape<3, 16, 16, 4>, Transformer<32, 2, 4>, Transformer<16, 5, 1>>;
}

TEST_CASE("pred, mask and ids_restore as in PyTorch") {
  const SafetensorsFile file = golden_file("mae_square");
  INFO(oracle_of(file));
  const TemporaryDirectory folder;
  write_npy(folder / "noise.npy", {2, 16}, file.values<float>("noise"));
  const std::vector<float> noise = read_noise(folder / "noise.npy", 2, 16);
  CHECK(noise == file.values<float>("noise"));

  Weights<Model, Cpu<float>> weights;
  load(file, weights);
  const auto images = tensor<float, Model::ImageShape::Pixels>(file, "images");
  Rebuilder rebuilder(weights);
  std::vector<PanelRow> rows;
  for (Index b = 0; b < 2; ++b) {
    Model::Masks masks(1);
    masks.resize(1);
    masks.from_noise(0, noise.data() + b * 16);
    rows.push_back({{}, rebuilder.under(&images(b, 0, 0, 0), masks), {}, {}});
    rows.back().restore.assign(masks.restore().begin(), masks.restore().end());
  }
  write_predictions(folder.path, rows);

  const auto predicted = read_npy<float>(folder / "pred.npy");
  const auto expected = file.values<double>("pred");
  CHECK(predicted.shape == std::vector<Index>{2, 16, 48});
  REQUIRE(predicted.values.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    CHECK(double(predicted.values[i]) == doctest::Approx(expected[i]).epsilon(1e-4).scale(1));
  const auto mask = read_npy<float>(folder / "mask.npy");
  CHECK(mask.shape == std::vector<Index>{2, 16});
  CHECK(mask.values == file.values<float>("mask"));
  const auto restore = read_npy<std::int64_t>(folder / "ids_restore.npy");
  CHECK(restore.shape == std::vector<Index>{2, 16});
  const auto ids = file.values<std::int32_t>("ids_restore");
  CHECK(restore.values == std::vector<std::int64_t>(ids.begin(), ids.end()));
}

TEST_CASE("noise that does not fit") {
  const TemporaryDirectory folder;
  const std::string path = folder / "noise.npy";
  auto error_with = [&](const std::vector<Index>& shape, const std::vector<float>& values) {
    write_npy(path, shape, values);
    return error_of([&] { read_noise(path, 2, 3); });
  };
  CHECK(error_with({3, 2}, {1, 2, 3, 4, 5, 6}).find(path + ": found an array of") != std::string::npos);
  CHECK(error_with({6}, {1, 2, 3, 4, 5, 6}).find("a number for each patch of each image") != std::string::npos);
  CHECK(error_with({2, 3}, {1, 2, 3, 4, 5, NAN}).find("found the value nan at [1, 2], expected finite") !=
        std::string::npos);
  CHECK(error_of([&] { read_noise(folder / "missing.npy", 2, 3); }).find("missing.npy") != std::string::npos);
  write_text(path, "not an array");
  CHECK(error_of([&] { read_noise(path, 2, 3); }).find(path) != std::string::npos);
}
