// The losses of detection on a GPU: torchvision's numbers, as on the processor (tests/golden/detection.py).
#include <mae/mae.cuh>

#include <doctest/doctest.h>

#include <mae/ops/box_loss.hpp>

#include "machine.hpp"
#include "support/golden.hpp"

namespace {
using namespace mae;
using namespace test;

using Places = Shape<dyn, 7>;
using Numbers = Shape<dyn, 7, 5>;
struct Focal {
  using Inputs = mae::Inputs<Input<Shape<dyn, 7, 4>, void, true>, Indices<Places>>;
  MAE_MODULE()
  constexpr auto operator()(const Expression auto& x, const Expression auto& classes) const {
    return focal_loss(x, classes);
  }
};
struct Boxes {
  using Inputs = mae::Inputs<Input<Numbers, void, true>, Input<Numbers>, Indices<Places>>;
  MAE_MODULE()
  constexpr auto operator()(const Expression auto& x, const Expression auto& target,
                            const Expression auto& classes) const {
    return box_loss(x, target, classes) + quality_loss(x, target, classes);
  }
};

/// The losses of the three samples and the gradient of their sum by the first input.
template <class Model, class... X>
void check_losses(const std::vector<double>& losses, const std::vector<double>& slopes, const X&... x) {
  const Weights<Model, Cuda<float>> weights;
  Weights<Model, Cuda<float>> gradients;
  Session<Program<Model, Cuda<float>>> session(3);
  CHECK(distance(session.forward(weights, x...), losses) < 4e-5);  // of up to 40
  for (auto& seed : session.seed_gradient()) seed = 1;
  session.backward(gradients);
  CHECK(distance(session.template input_gradient_of<0>(), slopes) < 4e-6);
}
}  // namespace

TEST_CASE("as in torchvision") {
  const SafetensorsFile file = golden_file("detection");
  check_losses<Focal>(file.values<double>("focal.loss"), file.values<double>("focal.dlogits"),
                      tensor<float, Shape<dyn, 7, 4>>(file, "focal.logits"),
                      tensor<std::int32_t, Places>(file, "focal.classes"));
  std::vector<double> losses = file.values<double>("boxes.giou"), slopes;
  const auto quality = file.values<double>("boxes.quality"), of_sides = file.values<double>("boxes.dgiou"),
             of_quality = file.values<double>("boxes.dquality");
  for (std::size_t b = 0; b < losses.size(); ++b) losses[b] += quality[b];
  for (std::size_t place = 0; place < of_quality.size(); ++place) {
    slopes.insert(slopes.end(), of_sides.begin() + std::ptrdiff_t(4 * place),
                  of_sides.begin() + std::ptrdiff_t(4 * place + 4));
    slopes.push_back(of_quality[place]);
  }
  check_losses<Boxes>(losses, slopes, tensor<float, Numbers>(file, "boxes.prediction"),
                      tensor<float, Numbers>(file, "boxes.target"),
                      tensor<std::int32_t, Places>(file, "boxes.classes"));
}
