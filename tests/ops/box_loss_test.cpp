#include <mae/ops/box_loss.hpp>

#include <doctest/doctest.h>

#include <mae/data/detection_targets.hpp>
#include <mae/ops/concat.hpp>
#include <mae/ops/reshape.hpp>

#include "support/golden.hpp"
#include "support/operation.hpp"

using namespace test;

namespace {

using Numbers = Shape<dyn, 7, 5>;
template <bool Boxes>
struct Loss : NoParameters {
  using Inputs = mae::Inputs<Input<Numbers, void, true>, Input<Numbers>, Indices<Shape<dyn, 7>>>;
  constexpr auto operator()(const Expression auto& x, const Expression auto& target,
                            const Expression auto& classes) const {
    if constexpr (Boxes) return box_loss(x, target, classes);
    else return quality_loss(x, target, classes);
  }
};
/// Both on the same numbers: their gradients meet.
struct Both : NoParameters {
  using Inputs = Loss<true>::Inputs;
  constexpr auto operator()(const Expression auto& x, const Expression auto& target,
                            const Expression auto& classes) const {
    return box_loss(x, target, classes) + quality_loss(x, target, classes);
  }
};

using Maps = Levels<Grid<8, 12, 4>, Grid<4, 6, 8>, Grid<2, 3, 16>>;
struct Whole : NoParameters {
  using Places = Shape<dyn, Maps::places>;
  using Inputs = mae::Inputs<Input<Shape<dyn, Maps::places, 3>>, Input<Shape<dyn, Maps::places, 5>>,
                             Input<Shape<dyn, Maps::places, 5>>, Indices<Places>>;
  constexpr auto operator()(const Expression auto& logits, const Expression auto& boxes, const Expression auto& target,
                            const Expression auto& classes) const {
    using Column = Shape<dyn, 1>;
    return concat<1>(reshape<Column>(focal_loss(logits, classes)), reshape<Column>(box_loss(boxes, target, classes)),
                     reshape<Column>(quality_loss(boxes, target, classes)));  // [B, 3]
  }
};

const SafetensorsFile file = golden_file("detection");
const auto classes_of_file = [] { return tensor<std::int32_t, Shape<dyn, 7>>(file, "boxes.classes"); };

}  // namespace

TEST_CASE_TEMPLATE("losses of boxes and qualities and their gradients are torchvision's", Policy, Reference<double>,
                   Cpu<double>, Cpu<float>) {
  using T = typename Policy::Accumulator;
  INFO("torch ", file.metadata("torch"), ", torchvision ", file.metadata("torchvision"));
  const auto x = tensor<T, Numbers>(file, "boxes.prediction"), target = tensor<T, Numbers>(file, "boxes.target");
  const auto classes = classes_of_file();
  const double tolerance = sizeof(T) == 8 ? 1e-13 : 2e-6;
  const auto check = [&]<class Model>(const Model&, const std::string& name, Index from, Index count) {
    const Weights<Model, Policy> weights;
    Weights<Model, Policy> gradients;
    Session<Program<Model, Policy>> session(3);
    session.poison_before_forward();
    CHECK(distance(session.forward(weights, x, target, classes), file.values<double>("boxes." + name)) < tolerance);
    for (auto& seed : session.seed_gradient()) seed = 1;
    session.backward(gradients);
    const auto found = session.template input_gradient_of<0>();
    std::vector<double> expected(static_cast<std::size_t>(found.size()));  // of the other numbers zero
    const auto slopes = file.values<double>("boxes.d" + name);
    for (std::size_t i = 0; i < slopes.size(); ++i)
      expected[i / std::size_t(count) * 5 + std::size_t(from) + i % std::size_t(count)] = slopes[i];
    CHECK(distance(found, expected) < tolerance);
  };
  check(Loss<true>{}, "giou", 0, 4);
  check(Loss<false>{}, "quality", 4, 1);
}

TEST_CASE("both gradients agree with differences where they meet") {
  const Weights<Both, Reference<double>> weights;
  const auto x = tensor<double, Numbers>(file, "boxes.prediction"),
             target = tensor<double, Numbers>(file, "boxes.target");
  const auto classes = classes_of_file();
  const GradientReport report = check_gradients<Program<Both, Reference<double>>>(
      {.samples = 0, .step = 1e-4, .context = {}}, weights, x, target, classes);
  INFO(report.where, "[", report.index, "]: ", report.derivative, " by backward, ", report.difference);
  CHECK(report.checked == 105);
  CHECK(report.worst <= 1e-6);
}

TEST_CASE("a perfect prediction loses nothing; distances and logits of a hundred stay finite") {
  const Weights<Both, Cpu<float>> weights;
  Tensor<float, Numbers> x(1), target(1);
  Tensor<std::int32_t, Shape<dyn, 7>> classes(1);
  for (Index n = 0; n < 7; ++n) {
    classes.data()[n] = n == 6 ? -1 : 0;
    for (Index k = 0; k < 5; ++k) {
      const float wanted = k < 4 ? 0.5f + float(n + k) : 0.1f + 0.1f * float(n);
      target.data()[5 * n + k] = wanted;
      x.data()[5 * n + k] = k < 4 ? std::log(wanted) : std::log(wanted / (1 - wanted));
    }
  }
  CHECK(std::fabs(evaluate(weights, x, target, classes).data()[0]) < 1e-5);
  Session<Program<Both, Cpu<float>>> session(1);
  Weights<Both, Cpu<float>> gradients;
  for (const float size : {-1e4f, -100.f, 100.f, 1e4f})
    for (Index only = 0; only < 6; ++only) {  // one of the numbers, or all
      for (Index i = 0; i < x.size(); ++i) x.data()[i] = only == 5 || i % 5 == only ? size : 0.3f;
      const double loss = session.forward(weights, x, target, classes).data()[0];
      CHECK((loss > 0 && loss < 12 + 6 * std::fabs(size)));
      for (auto& seed : session.seed_gradient()) seed = 1;
      session.backward(gradients);
      for (const float slope : session.input_gradient_of<0>()) CHECK(std::fabs(slope) < 2);
    }
}

TEST_CASE_TEMPLATE("from boxes to losses everything is as torchvision's FCOS has it", Policy, Cpu<double>, Cpu<float>) {
  using T = typename Policy::Accumulator;
  INFO("torch ", file.metadata("torch"), ", torchvision ", file.metadata("torchvision"));
  const auto counts = file.values<std::int32_t>("fcos.counts"), labels = file.values<std::int32_t>("fcos.labels");
  const auto boxes = file.values<double>("fcos.boxes");
  const auto batch = static_cast<Index>(counts.size());
  Tensor<T, Shape<dyn, Maps::places, 5>> target(batch);
  Tensor<std::int32_t, Whole::Places> classes(batch);
  std::size_t next = 0;
  for (Index b = 0; b < batch; ++b) {
    std::vector<LabelledBox> objects;
    for (std::int32_t n = 0; n < counts[static_cast<std::size_t>(b)]; ++n, ++next)
      objects.push_back(
          {{boxes[4 * next], boxes[4 * next + 1], boxes[4 * next + 2], boxes[4 * next + 3]}, labels[next], false});
    detection_targets<Maps>(objects, classes.data() + b * Maps::places, target.data() + b * 5 * Maps::places);
  }
  const auto losses = evaluate(Weights<Whole, Policy>(), tensor<T, Shape<dyn, Maps::places, 3>>(file, "fcos.logits"),
                               tensor<T, Shape<dyn, Maps::places, 5>>(file, "fcos.prediction"), target, classes);
  const char* const names[] = {"focal", "giou", "quality"};
  for (Index k = 0; k < 3; ++k) {
    double sum = 0;
    for (Index b = 0; b < batch; ++b) sum += double(losses.data()[3 * b + k]);
    const double expected = file.values<double>(std::string("fcos.") + names[k])[0];
    INFO(names[k], ": ", sum, " of ", expected);
    // torchvision adds 1e-7 to the areas it divides by, in pixels here, of 50 and more.
    CHECK(std::fabs(sum - expected) < (sizeof(T) == 8 ? 1e-7 : 1e-5 * expected));
  }
}
