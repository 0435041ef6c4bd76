#include <mae/checkpoint/save_onnx.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <support/onnx_models.hpp>
#include <support/temporary.hpp>

#include <mae/backend/reference.hpp>

using namespace mae;
using test::error_of;

namespace {

using Alone = Encoder<test::OnnxGrey, test::OnnxSize>;

struct OwnHead : EncoderWithHead<test::OnnxGrey, test::OnnxSize> {
  Linear<8, 3> classifier;
  MAE_MODULE(encoder, classifier)
};
struct Run {
  Weights<OwnHead, Reference<double>> numbers{7};
  Normalization statistics{{0.25}, {0.5}};
  const auto& weights() const { return numbers; }
  const Normalization& normalization() const { return statistics; }
  Index epoch() const { return 3; }
};
const Normalization grey{{0.25}, {0.5}};

}  // namespace

TEST_CASE("exports are, to the byte, the files that onnx's checker passed and onnxruntime ran") {
  // tests/golden/onnx_models.py wrote them; the version of this library stands in them once, behind its own length.
  const test::TemporaryDirectory folder;
  test::each_onnx_model([&]<class Model>(const std::string& name, std::type_identity<Model>) {
    INFO(name);
    const auto normalization = test::onnx_normalization(Model::ImageShape::channels);
    const auto written =
        save_onnx(folder / name, test::onnx_weights<Model, Reference<float>>(), normalization, {.name = name});
    CHECK(written == std::vector<std::string>{folder / name});
    std::string expected = test::read_text(test::source_folder() + "/tests/golden/onnx/" + name + ".onnx");
    const std::size_t producer = expected.find("\x12\x03mae\x1a");
    REQUIRE(producer != std::string::npos);
    const auto length = static_cast<std::size_t>(expected[producer + 6]);
    expected.replace(producer + 6, 1 + length, static_cast<char>(std::string(version).size()) + std::string(version));
    CHECK((test::read_text(folder / name) == expected));
    const auto wide =
        save_onnx(folder / "double", test::onnx_weights<Model, Reference<double>>(), normalization, {.name = name});
    CHECK((test::read_text(folder / "double") == expected));
  });
}

TEST_CASE("the encoder of any model is that of an encoder alone, and a run knows its normalisation") {
  const test::TemporaryDirectory folder;
  const Run run;
  save_encoder_onnx(folder / "run", run);
  Pretrained<Alone, Reference<double>> alone{{}, grey};
  copy_encoder(run.weights(), alone.weights);
  save_onnx(folder / "alone", alone);
  save_encoder_onnx(folder / "again", alone.weights, grey);
  CHECK((test::read_text(folder / "run") == test::read_text(folder / "alone")));
  CHECK((test::read_text(folder / "again") == test::read_text(folder / "alone")));
  CHECK(test::read_text(folder / "run").find("deviation\x12\x05[0.5]") != std::string::npos);
}

TEST_CASE("metadata says what images must be, and what is added cannot contradict it") {
  const test::TemporaryDirectory folder;
  const Weights<Alone, Reference<float>> weights(1);
  save_onnx(folder / "x", weights, grey, {.metadata = {{"mean", "[7]"}, {"data", "squares"}}});
  const std::string bytes = test::read_text(folder / "x");
  for (const std::string key : {"mean\x12\x06[0.25]", "data\x12\x07squares",
                                "image\x12\x09"
                                "1 x 6 x 6",
                                "preprocessing"})
    CHECK(bytes.find(key) != std::string::npos);
  CHECK(bytes.find("[7]") == std::string::npos);
  CHECK(error_of([&] {
          save_onnx(folder / "y", weights, {{1, 2, 3}, {1, 2, 3}});
        }) == "mae: " + (folder / "y") + ": normalization: found statistics of 3 channels, expected the model's 1");
}

TEST_CASE("weights that are not finite are not exported") {
  const test::TemporaryDirectory folder;
  Weights<Alone, Reference<double>> weights(1);
  const ParameterInfo parameters[] = {*weights.find("blocks.0.mlp.fc2.weight"), *weights.find("cls_token"),
                                      *weights.find("norm.bias")};
  for (const ParameterInfo& parameter : parameters)
    for (const double bad : {std::numeric_limits<double>::quiet_NaN(), 1e300}) {  // the second as a float
      INFO(parameter.name);
      double& value = weights.at(parameter)[2];
      const double good = value;
      value = bad;
      const std::string error = error_of([&] { save_onnx(folder / "x", weights, grey); });
      CHECK(error.starts_with("mae: " + (folder / "x") + ": tensor " + parameter.name + ": found 1 of "));
      CHECK(folder.entries() == 0);
      value = good;
    }
  save_onnx(folder / "x", weights, grey);
  CHECK(folder.entries() == 1);
}

TEST_CASE("a classifier that pools has no encoder") {
  const test::TemporaryDirectory folder;
  const Weights<Classifier<test::OnnxGrey, test::OnnxSize, 3>, Reference<float>> pooled(1);
  CHECK(error_of([&] { save_encoder_onnx(folder / "x", pooled, grey); }) ==
        "mae: " + (folder / "x") + ": found no parameter norm.weight in the model, expected one, to write it");
  CHECK(folder.entries() == 0);
}
