#include <mae/checkpoint/with_model.hpp>

#include <doctest/doctest.h>

#include <support/temporary.hpp>

using namespace mae;
using test::error_of;

namespace {

using Geometry = ImageShape<1, 4, 4, 2>;
template <int Blocks, class Ratio = MaskRatio<75>, Target Wanted = Target::pixels>
using Model = MaskedAutoencoder<Geometry, Transformer<8, Blocks, 1>, Transformer<8, 1, 1>, Ratio, Wanted>;
const Normalization own{{0.25}, {0.5}};

template <class M>
void save(const std::string& path) {
  Metadata metadata;
  record(metadata, own);
  save_checkpoint(path, Weights<M, Cpu<float>>(4), metadata);
}

}  // namespace

TEST_CASE("the encoder that a file is of is chosen among models, loaded, and called with once") {
  const test::TemporaryDirectory folder;
  save<Model<2>>(folder / "x");
  int calls = 0;
  with_encoder<Model<1>, Model<2>, Model<3>>(folder / "x", [&](const auto& encoder) {
    ++calls;
    CHECK(std::remove_cvref_t<decltype(encoder)>::EncoderShape::depth == 2);
    CHECK(encoder.channels == 1);
    CHECK(encoder.normalization == own);
    const Weights<Model<2>, Cpu<float>> saved(4);
    for (const ParameterInfo& p : encoder.weights.parameters())
      CHECK(encoder.weights.at(p)[p.count - 1] == saved.at(*saved.find(p.name))[p.count - 1]);
  });
  CHECK(calls == 1);
  // A model's decoder, target and mask ratio do not matter to its encoder.
  with_encoder<Model<2, MaskRatio<50>, Target::normalized_pixels>>(folder / "x", [&](const auto&) { ++calls; });
  CHECK(calls == 2);
}

TEST_CASE("a whole model is chosen by everything that the file records") {
  const test::TemporaryDirectory folder;
  save<Model<1, MaskRatio<50>>>(folder / "x");
  double ratio = 0;
  with_model<Model<1>, Model<1, MaskRatio<50>, Target::normalized_pixels>, Model<1, MaskRatio<50>>>(
      folder / "x", [&](const auto& model) {
        using M = typename std::remove_cvref_t<decltype(model)>::Model;
        CHECK(M::target == Target::pixels);
        ratio = M::mask_ratio;
        CHECK(model.normalization == own);
        CHECK(model.weights.data()[3] == Weights<M, Cpu<float>>(4).data()[3]);
      });
  CHECK(ratio == 0.5);
  CHECK(error_of([&] { with_model<Model<1>>(folder / "x", [](const auto&) {}); }) ==
        "mae: " + (folder / "x") +
            ": found a model of images 1 x 4 x 4 in patches of 2, encoder 8 wide, 1 blocks, 1 heads, "
            "decoder 8 wide, 1 blocks, 1 heads, target pixels, mask 0.500000, expected one of: images 1 x 4 x 4 in "
            "patches of 2, "
            "encoder 8 wide, 1 blocks, 1 heads, decoder 8 wide, 1 blocks, 1 heads, target pixels, mask 0.750000");
}

TEST_CASE("a file of another model, or of none that says what it is, is an error that names the models") {
  const test::TemporaryDirectory folder;
  save<Model<3>>(folder / "x");
  const std::string one = "images 1 x 4 x 4 in patches of 2, encoder 8 wide, ";
  auto never = [](const auto&) { FAIL("no model is of this file"); };
  CHECK(error_of([&] { with_encoder<Model<1>, Model<2>>(folder / "x", never); }) ==
        "mae: " + (folder / "x") + ": found a model of " + one + "3 blocks, 1 heads, expected one of: " + one +
            "1 blocks, 1 heads; " + one + "2 blocks, 1 heads");
  const float zero = 0;
  write_safetensors(folder / "x", {tensor_bytes("a", {1}, &zero)}, {});
  CHECK(error_of([&] { with_encoder<Model<1>>(folder / "x", never); }) ==
        "mae: " + (folder / "x") +
            ": found tensors of no known family, such as 'a', expected an encoder under the names of the original "
            "repository, timm, Hugging Face or another of the table in README.md");
  // What goes wrong in loading is told as by load_encoder.
  save_checkpoint(folder / "x", Weights<Model<1>, Cpu<float>>(4));
  CHECK(error_of([&] { with_encoder<Model<1>>(folder / "x", never); }).find("no mean and deviation") !=
        std::string::npos);
}

TEST_CASE("the presets are what version 0.1 recorded under these names") {
  auto check = []<class P>(P, const Metadata& recorded) {
    const Metadata now = describe<typename P::template Autoencoder<>>();
    INFO(P::name);
    CHECK(now == recorded);
  };
  check(presets::Named<"digits-8">(), {{"image", "1 x 8 x 8"},
                                       {"patch", "2"},
                                       {"encoder", "64 wide, 4 blocks, 4 heads"},
                                       {"decoder", "32 wide, 2 blocks, 2 heads"},
                                       {"target", "normalized pixels"}});
  check(presets::Named<"mnist-28">(), {{"image", "1 x 28 x 28"},
                                       {"patch", "4"},
                                       {"encoder", "128 wide, 6 blocks, 4 heads"},
                                       {"decoder", "64 wide, 2 blocks, 2 heads"},
                                       {"target", "normalized pixels"}});
  check(presets::Named<"tiny-32">(), {{"image", "3 x 32 x 32"},
                                      {"patch", "4"},
                                      {"encoder", "192 wide, 12 blocks, 3 heads"},
                                      {"decoder", "96 wide, 4 blocks, 3 heads"},
                                      {"target", "normalized pixels"}});
  check(presets::Named<"photos-64">(), {{"image", "3 x 64 x 64"},
                                        {"patch", "8"},
                                        {"encoder", "192 wide, 8 blocks, 3 heads"},
                                        {"decoder", "128 wide, 4 blocks, 4 heads"},
                                        {"target", "pixels"}});
  check(presets::Named<"vit-base-224">(), {{"image", "3 x 224 x 224"},
                                           {"patch", "16"},
                                           {"encoder", "768 wide, 12 blocks, 12 heads"},
                                           {"decoder", "512 wide, 8 blocks, 16 heads"},
                                           {"target", "normalized pixels"}});
}
