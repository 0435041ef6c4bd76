#include <mae/model/windowed_trunk.hpp>

#include <doctest/doctest.h>

#include <mae/backend/cpu/kernels.hpp>
#include <mae/checkpoint/load_encoder.hpp>

#include "support/golden.hpp"
#include "support/temporary.hpp"

using namespace test;

namespace {

/// A trunk as a model.
template <class ImageType, class SizeType, Index Side>
struct Patches {
  using ImageShape = ImageType;
  using EncoderShape = SizeType;
  using Inputs = mae::Inputs<Input<typename ImageType::Pixels>>;
  TrunkWithWindows<ImageType, SizeType, Side, Trainable::yes, StochasticDepth::off> trunk;
  MAE_MODULE(flat(trunk))
  constexpr void encoder_parts(auto&& visit) { visit("", trunk); }
  constexpr auto operator()(const Expression auto& images) const { return trunk.patches(images); }
};

using Geometry = ImageShape<1, 12, 8, 2>;
using Size = Transformer<8, 8, 2, 1>;
using Model = Patches<Geometry, Size, 2>;

template <class M>
double operations() {
  return 1e-9 * double(Program<M, Cpu<float>, Inference>::flops);
}

}  // namespace

TEST_CASE_TEMPLATE("windows and global blocks are PyTorch's, forward and backward", Policy, Cpu<double>, Cpu<float>) {
  using T = typename Policy::Accumulator;
  const SafetensorsFile file = golden_file("windows");
  INFO("torch ", file.metadata("torch"));
  Weights<Model, Policy> weights, gradients;
  load(file, weights);
  const auto x = tensor<T, Geometry::Pixels>(file, "x");
  Session<Program<Model, Policy>> session(2);
  const auto y = session.forward(weights, x);
  CHECK(distance(y, file.values<double>("y")) < tolerance<T>.value);
  const auto dy = file.values<T>("dy");
  auto seed = session.seed_gradient();
  for (Index i = 0; i < seed.size(); ++i) seed.data()[i] = dy[static_cast<std::size_t>(i)];
  session.backward(gradients);
  for (const std::string name :
       {"pos_embed", "patch_embed.proj.weight", "blocks.0.attn.qkv.weight", "blocks.3.attn.qkv.bias"}) {
    const ParameterInfo& parameter = *gradients.find(name);
    const auto expected = file.values<double>("grad." + name);
    double error = 0, size = 0;
    for (Index i = 0; i < parameter.count; ++i) {
      const double target = expected[static_cast<std::size_t>(parameter.file_position(i))];
      error += std::pow(double(gradients.at(parameter)[i]) - target, 2), size += target * target;
    }
    INFO(name);
    CHECK(std::sqrt(error / size) < tolerance<T>.gradient);
  }
  const ParameterInfo& unused = *gradients.find("cls_token");
  CHECK_FALSE(unused.trained);
}

TEST_CASE("the encoder's own file loads, also that of another grid, and the class token waits unused") {
  using Small = Encoder<ImageShape<1, 8, 8, 2>, Size>;
  const TemporaryDirectory folder;
  const Weights<Small, Cpu<float>> encoder(3);
  const Normalization half{{.5}, {.5}};
  Metadata metadata;
  record(metadata, half);
  save_checkpoint(folder / "encoder.safetensors", encoder, metadata);
  LoadOptions options;
  options.resize = Bicubic::plain;
  const auto loaded = load_encoder<Model>(folder / "encoder.safetensors", options);
  for (const char* name : {"cls_token", "patch_embed.proj.weight", "blocks.7.mlp.fc2.weight"}) {
    const ParameterInfo &from = *encoder.find(name), &to = *loaded.weights.find(name);
    for (Index i = 0; i < from.count; ++i) CHECK(encoder.at(from)[i] == loaded.weights.at(to)[i]);
  }
  const ParameterInfo &from = *encoder.find("pos_embed"), &to = *loaded.weights.find("pos_embed");
  const std::vector<float> table(encoder.at(from), encoder.at(from) + from.count);
  const auto resized = resample_positions(table, {4, 4, 2}, Geometry::grid, 8);
  for (Index i = 0; i < to.count; ++i) CHECK(loaded.weights.at(to)[i] == resized.values[std::size_t(i)]);
}

TEST_CASE("parameters and operations of ViT-B/16 and ViT-L/16 at 1024 pixels, by hand") {
  using Photo = ImageShape<3, 1024, 1024, 16>;
  using Base = Transformer<768, 12, 12>;
  using Large = Transformer<1024, 24, 16>;
  CHECK(parameter_count<WindowedTrunk<Photo, Base, 16>>() == 88'792'320);
  CHECK(parameter_count<WindowedTrunk<Photo, Large, 16>>() == 307'293'184);
  CHECK(parameter_count<EncoderTrunk<ImageShape<1, 48, 48, 4>, Transformer<96, 6, 4>>>() == 686'688);
  CHECK(parameter_count<EncoderTrunk<ImageShape<3, 128, 128, 8>, Transformer<192, 8, 4>>>() == 3'645'504);
  CHECK(parameter_count<EncoderTrunk<ImageShape<3, 512, 512, 16>, Base>>() == 86'433'024);
  CHECK(operations<Patches<ImageShape<1, 48, 48, 4>, Transformer<96, 6, 4>, 0>>() ==
        doctest::Approx(0.2427).epsilon(0.0005));
  CHECK(operations<Patches<ImageShape<3, 512, 512, 16>, Base, 0>>() == doctest::Approx(214.2).epsilon(0.0005));
  CHECK(operations<Patches<Photo, Base, 16>>() == doctest::Approx(933.1).epsilon(0.0005));
  CHECK(operations<Patches<Photo, Base, 0>>() == doctest::Approx(1319.7).epsilon(0.0005));
  CHECK(operations<Patches<Photo, Large, 16>>() == doctest::Approx(2842.7).epsilon(0.0005));
}
