// Sizes at run time make the same list of parameters as types do, and a file is told of what loading does with it.
#include <mae/checkpoint/loadable.hpp>

#include <doctest/doctest.h>

#include <mae/checkpoint/checkpoint.hpp>
#include <mae/io/tensors/open_tensors.hpp>

#include "support/source_folder.hpp"
#include "support/temporary.hpp"

namespace {

using namespace mae;

using Image = ImageShape<3, 16, 16, 4>;
using Size = Transformer<24, 2, 2>;
using Model = MaskedAutoencoder<Image, Size, Transformer<16, 1, 2>>;

const FileSizes sizes{3, 4, 16, 0, {24, 2, 2}, {16, 1, 2}};

void check_same(const std::vector<ParameterInfo>& found, const std::vector<ParameterInfo>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(found[i].name);
    CHECK(found[i].name == expected[i].name);
    CHECK(found[i].shape == expected[i].shape);
    CHECK(found[i].count == expected[i].count);
  }
}
Loadable of(const std::string& path, ModelPart part) {
  const TensorFile file = open_tensors(path);
  return loadable(file, recognise(file, "cls_token"), part);
}

}  // namespace

TEST_CASE("sizes at run time list the parameters that types list") {
  check_same(parameters_of(sizes, 96, 64, ModelPart::autoencoder), parameters<Model>());
  check_same(parameters_of(sizes, 96, 64, ModelPart::encoder), encoder_parameters<Model>());
  auto without_norm = encoder_parameters<Model>();
  without_norm.resize(without_norm.size() - 2);
  check_same(parameters_of(sizes, 96, 64, ModelPart::trunk), without_norm);
}

TEST_CASE("a file of this library: the whole, its encoder, and what is refused") {
  const test::TemporaryDirectory folder;
  Weights<Model, Cpu<float>> weights;
  weights.initialise(1);
  save_checkpoint(folder / "mae.safetensors", weights);
  save_encoder(folder / "encoder.safetensors", weights);

  const Loadable whole = of(folder / "mae.safetensors", ModelPart::autoencoder);
  CHECK(whole.refused == "");
  CHECK(whole.report.numbers == parameter_count<Model>());
  CHECK(whole.report.ignored.empty());
  const Loadable encoder = of(folder / "mae.safetensors", ModelPart::encoder);
  CHECK(encoder.refused == "");
  CHECK(encoder.report.loaded.size() == encoder_parameters<Model>().size());
  for (const LoadReport::Ignored& ignored : encoder.report.ignored)
    CHECK((ignored.reason == Reason::decoder || ignored.reason == Reason::mask_token ||
           ignored.reason == Reason::beside));
  CHECK(of(folder / "encoder.safetensors", ModelPart::encoder).report.ignored.empty());
  CHECK(of(folder / "encoder.safetensors", ModelPart::trunk).refused == "");
  CHECK(of(folder / "encoder.safetensors", ModelPart::autoencoder).refused ==
        "found an encoder without a decoder, expected a whole masked autoencoder");
}

TEST_CASE("a model with an encoder inside is told by what stands before its names") {
  const test::TemporaryDirectory folder;
  std::vector<float> numbers(10000, 0.5f);
  std::vector<TensorBytes> tensors;
  for (const ParameterInfo& p : parameters_of(sizes, 96, 64, ModelPart::encoder))
    tensors.push_back(tensor_bytes("encoder." + p.name, p.shape, numbers.data()));
  tensors.push_back(tensor_bytes("classifier.weight", {5, 24}, numbers.data()));
  write_safetensors(folder / "mine.safetensors", tensors, {{"format", "mae"}});
  const Loadable mine = of(folder / "mine.safetensors", ModelPart::encoder);
  CHECK(mine.refused == "");
  REQUIRE(mine.report.ignored.size() == 1);
  CHECK(mine.report.ignored[0].reason == Reason::head);
}

TEST_CASE("files of other projects are told as load_encoder loads them") {
  const std::string golden = test::source_folder() + "/tests/golden/published/";
  for (const char* name : {"timm_token.safetensors", "augreg.safetensors", "beit.safetensors", "original.pth",
                           "mmpretrain.safetensors", "transformers_5.safetensors", "hugging_face"}) {
    CAPTURE(name);
    CHECK(of(golden + name, ModelPart::encoder).refused == "");
  }
  CHECK(of(golden + "original.pth", ModelPart::autoencoder).refused == "");
  CHECK(of(golden + "timm_pool.safetensors", ModelPart::trunk).refused == "");
  CHECK(of(golden + "timm_pool.safetensors", ModelPart::encoder).refused ==
        "found no tensor norm.weight: a classifier that pools, with fc_norm after it, expected a last norm, behind "
        "which features are taken; fine-tuning can begin from this file");
}
