#include <mae/model/detector.hpp>

#include <doctest/doctest.h>

#include "support/golden.hpp"
#include "support/operation.hpp"

using namespace test;

namespace {

/// The detector behind its trunk: tokens of patches in place of images.
struct Top {
  struct ImageShape {
    using Pixels = Shape<dyn, 15, 8>;
  };
  using Neck = FeaturePyramid<Grid<3, 5, 16>, 8, Scales<1, 0, -1>, 4>;
  using Levels = Neck::Levels;
  static constexpr Index classes = 3;
  using Inputs = mae::Inputs<Input<ImageShape::Pixels>>;
  Neck neck;
  DetectionHead<Levels, 4, 2, classes> head;
  MAE_MODULE(neck, head)

  constexpr auto outputs(const Expression auto& tokens) const {
    auto maps = neck(tokens);
    return head(maps);
  }
  constexpr auto operator()(const Expression auto& tokens) const {
    const auto [logits, boxes] = outputs(tokens);
    return concat<-1>(logits, boxes);
  }
};
struct TopLoss : DetectionLoss<Top> {
  using Inputs = mae::Inputs<Input<Top::ImageShape::Pixels, void, true>, Indices<Places>,
                             Input<Shape<dyn, Top::Levels::places, 5>>, Input<Shape<dyn>>>;
};

struct Sizes {
  Index trunk, neck, head, places;
  double flops;
};
template <class Model>
Sizes sizes_of() {
  return {parameter_count<typename Model::Trunk>(), parameter_count<typename Model::Neck>(),
          parameter_count<typename Model::Head>(), Model::Levels::places,
          double(Program<Model, Cpu<float>, Inference>::flops) / 1e9};
}
template <Index Side, class Size>
using Coco = Detector<ImageShape<3, Side, Side, 16>, Size, 80>;

}  // namespace

TEST_CASE_TEMPLATE("from tokens to losses and their gradients everything is PyTorch's", Policy, Reference<double>,
                   Cpu<double>, Cpu<float>) {
  using T = typename Policy::Accumulator;
  const SafetensorsFile file = golden_file("detector");
  INFO("torch ", file.metadata("torch"), ", torchvision ", file.metadata("torchvision"));
  static_assert(Top::Levels::places == 60 + 15 + 2);
  const double tolerance = sizeof(T) == 8 ? 1e-11 : 1e-5;
  Weights<TopLoss, Policy> weights, gradients;
  load(file, weights);
  const auto tokens = tensor<T, Top::ImageShape::Pixels>(file, "tokens");
  Session<Program<TopLoss, Policy>> session(2);
  session.poison_before_forward();
  const auto classes = tensor<std::int32_t, TopLoss::Places>(file, "classes");
  const auto target = tensor<T, Shape<dyn, 77, 5>>(file, "target");
  const auto weight = tensor<T, Shape<dyn>>(file, "weight");
  const auto loss = session.forward(weights, tokens, classes, target, weight);
  CHECK(distance(loss, file.values<double>("loss")) < 10 * tolerance);
  for (auto& seed : session.seed_gradient()) seed = 1;
  session.poison_before_backward();
  session.backward(gradients);
  const GradientError worst = worst_gradient(file, gradients);
  INFO(worst.parameter);
  CHECK(worst.size < tolerance);
  CHECK(distance(session.template input_gradient_of<0>(), file.values<double>("grad.tokens")) < tolerance);

  Weights<Top, Policy> top;
  load(file, top);
  CHECK(distance(evaluate(top, tokens), file.values<double>("outputs")) < tolerance);
}

TEST_CASE("sizes and operations are what the layers add up to") {
  const auto check = [](const Sizes& found, const Sizes& expected) {
    CHECK(found.trunk == expected.trunk);
    CHECK(found.neck == expected.neck);
    CHECK(found.head == expected.head);
    CHECK(found.places == expected.places);
    CHECK(found.flops == doctest::Approx(expected.flops).epsilon(4e-4));
  };
  check(sizes_of<Detector<ImageShape<1, 48, 48, 4>, Transformer<96, 6, 4>, 10, Scales<1, 0, -1>, 64, 2>>(),
        {686'688, 145'728, 156'879, 756, 0.5478});
  check(sizes_of<Detector<ImageShape<3, 128, 128, 8>, Transformer<192, 8, 3>, 20, Scales<1, 0, -1>, 96, 2>>(),
        {3'645'504, 370'752, 354'553, 1'344, 3.497});
  using Base = Transformer<768, 12, 12>;  // published figures of 1024 pixels leave out the class token
  check(sizes_of<Coco<512, Base>>(), {86'433'024, 4'234'752, 4'920'661, 5'440, 278.0});
  check(sizes_of<Coco<1024, Base>>(), {88'792'320, 4'234'752, 4'920'661, 21'760, 1319.7 + 40.8 + 214.2});
  check(sizes_of<Coco<1024, Transformer<1024, 24, 16>>>(),
        {307'293'184, 5'382'144, 4'920'661, 21'760, 4131.2 + 50.1 + 214.2});
}

TEST_CASE("a detector of one's own is a type, of any rectangle") {
  using Mine = Detector<ImageShape<3, 96, 160, 16>,  // 6 x 10 patches
                        Transformer<16, 1, 2>,       // the encoder's sizes
                        7,                           // classes
                        Scales<2, 0, -2>,            // maps of 24 x 40, 6 x 10 and 1 x 2 places
                        8, 1>;                       // width and depth of the head
  static_assert(Mine::Levels::all[0].rows == 24 && Mine::Levels::all[0].columns == 40 &&
                Mine::Levels::all[0].stride == 4);
  static_assert(Mine::Levels::all[2].rows == 1 && Mine::Levels::all[2].columns == 2 &&
                Mine::Levels::all[2].stride == 64);
  const Weights<Mine, Cpu<float>> weights(1);
  const auto outputs = evaluate(weights, random_tensor<float, ImageShape<3, 96, 160, 16>::Pixels>(2, 1));
  CHECK(outputs.size() == 2 * (960 + 60 + 2) * 12);
  // A model that knows nothing calls everything background, and boxes as large as the places lie apart.
  double classes = 0, boxes = 0;
  for (Index i = 0; i < outputs.size(); ++i) {
    const double value = double(outputs.data()[i]);
    if (i % 12 < 7) classes = std::fmax(classes, std::fabs(value + std::log(99.0)));
    else boxes = std::fmax(boxes, std::fabs(value));
  }
  CHECK(classes < 0.5);
  CHECK(classes > 0);
  CHECK(boxes < 0.5);
}
