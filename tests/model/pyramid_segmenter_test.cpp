#include <mae/model/pyramid_segmenter.hpp>

#include <doctest/doctest.h>

#include <mae/model/encoder_parameters.hpp>

#include "support/golden.hpp"
#include "support/operation.hpp"

using namespace test;

namespace {

/// Neck and head alone, on tokens.
template <class Map, Index D, class ScalesType, Index F, Index Classes>
struct Fused {
  using Inputs = mae::Inputs<Input<Shape<dyn, Map::places, D>, void, true>>;
  using Pyramid = FeaturePyramid<Map, D, ScalesType, F>;
  Pyramid neck;
  FusingHead<typename Pyramid::Levels, F, Classes> head;
  MAE_MODULE(neck, head)
  constexpr auto operator()(const Expression auto& x) const { return head(neck.maps(x)); }
};
using Golden = Fused<Grid<4, 6, 4>, 8, Scales<1, 0, -1>, 4, 3>;

/// The operations of the neck alone.
template <class Model, Index D>
struct NeckOf {
  typename Model::Pyramid neck;
  MAE_MODULE(neck)
  using Inputs = mae::Inputs<Input<Shape<dyn, Model::ImageShape::patches, D>>>;
  constexpr auto operator()(const Expression auto& x) const { return neck(x); }
};
template <class Model>
double neck_operations() {
  return 1e-9 * double(Program<NeckOf<Model, Model::EncoderShape::width>, Cpu<float>, Inference>::flops);
}
template <class Model>
Index count_of(const std::string& member) {
  Index count = 0;
  for (const ParameterInfo& parameter : parameters<Model>())
    if (parameter.name.starts_with(member)) count += parameter.count;
  return count;
}

static_assert(rule::LevelDividesFinest<5, 5, 10, 10, 2>::holds);
static_assert(!rule::LevelDividesFinest<2, 2, 10, 10, 4>::holds);  // two odd maps: 10, 5, 2, at strides 1, 2, 4

using Tiny =
    PyramidSegmenter<ImageShape<1, 8, 16, 4>, Transformer<8, 1, 2>, 3, Scales<-1, 1, 0>, 4, StochasticDepth::off>;

}  // namespace

TEST_CASE_TEMPLATE("levels fused to the classes of pixels are PyTorch's, forward and backward", Policy,
                   Reference<double>, Cpu<double>, Cpu<float>) {
  using T = typename Policy::Accumulator;
  const SafetensorsFile file = golden_file("pyramid_fused");
  INFO("torch ", file.metadata("torch"));
  Weights<Golden, Policy> weights, gradients;
  load(file, weights);
  Session<Program<Golden, Policy>> session(1);
  const auto x = tensor<T, Shape<dyn, 24, 8>>(file, "x");
  const auto y = session.forward(weights, x);
  CHECK(distance(y, file.values<double>("y")) < tolerance<T>.value);
  const auto dy = file.values<T>("dy");
  auto seed = session.seed_gradient();
  for (Index i = 0; i < seed.size(); ++i) seed.data()[i] = dy[static_cast<std::size_t>(i)];
  session.backward(gradients);
  CHECK(distance(session.template input_gradient_of<0>(), file.values<double>("dx")) < 20 * tolerance<T>.value);
  const auto worst = worst_gradient(file, gradients);
  INFO(worst.parameter);
  CHECK(worst.size < tolerance<T>.gradient);
}

TEST_CASE("on images: the trunk has the encoder's names, and the loss of class maps trains all of it") {
  static_assert(Tiny::Pyramid::Levels::places == 2 + 32 + 8);  // in the order of the scales
  const auto all = parameters<Tiny>();
  const auto encoder = encoder_parameters<Tiny>();
  CHECK(encoder.size() == parameters<EncoderTrunk<ImageShape<1, 8, 16, 4>, Transformer<8, 1, 2>>>().size());
  CHECK(encoder[0].name == "cls_token");
  using Loss = SegmentationLoss<Tiny>;
  Weights<Loss, Cpu<double>> weights(3);
  const auto images = random_tensor<double, Shape<dyn, 1, 8, 16>>(2, 1);
  Tensor<std::int32_t, Shape<dyn, 128>> labels(2);
  for (Index i = 0; i < labels.size(); ++i) labels.data()[i] = i % 5 == 4 ? 255 : std::int32_t(i * i % 3);
  const auto report = check_gradients<Program<Loss, Cpu<double>>>({2, 3e-4, {}}, weights, images, labels);
  INFO(report.where, "[", report.index, "]: ", report.derivative, " by backward, ", report.difference,
       " by differences");
  CHECK(report.checked > 0);
  CHECK(report.worst <= 1e-6);
}

TEST_CASE("with windows: another trunk of the same parameters") {
  using Windowed =
      PyramidSegmenter<ImageShape<1, 16, 16, 4>, Transformer<8, 4, 2>, 3, Scales<1, 0>, 4, StochasticDepth::off, 2>;
  using Plain = PyramidSegmenter<ImageShape<1, 16, 16, 4>, Transformer<8, 4, 2>, 3, Scales<1, 0>, 4>;
  const auto one = parameters<Windowed>(), other = parameters<Plain>();
  REQUIRE(one.size() == other.size());
  for (std::size_t k = 0; k < one.size(); ++k) CHECK((one[k].name == other[k].name && one[k].shape == other[k].shape));
  static_assert(std::is_same_v<typename Program<Windowed, Cpu<double>, Inference>::Result, Shape<dyn, 256, 3>>);
}

TEST_CASE("parameters and operations of ViT-B/16 at 512 pixels and of the scenes, by hand") {
  using Base = PyramidSegmenter<ImageShape<3, 512, 512, 16>, Transformer<768, 12, 12>, 150, Scales<2, 1, 0, -1>>;
  using Scenes = PyramidSegmenter<ImageShape<1, 48, 48, 4>, Transformer<96, 6, 4>, 11, Scales<1, 0, -1>, 64>;
  CHECK(count_of<Base>("neck.") == 5'564'928);
  CHECK(count_of<Base>("head.") == 301'462);
  CHECK(count_of<Scenes>("neck.") == 145'728);
  CHECK(count_of<Scenes>("head.") == 13'195);
  CHECK(neck_operations<Base>() == doctest::Approx(35.9).epsilon(0.002));
  CHECK(neck_operations<Scenes>() == doctest::Approx(0.0676).epsilon(0.002));
}
