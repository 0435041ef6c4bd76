// Lesson 17: from places to boxes.
//
// Lesson 16 gave every place something to say. Here is what is said, how wrong that is, and what becomes of it. The
// network gives each place K numbers z, one a class, and five numbers v, of which the first four are logarithms of the
// distances to the sides of its object, in strides: l = exp v_0, then t, r, b, all positive. Of a place at (x, y) in
// the map of stride s that is the box
//
//     [x - l s, x + r s) × [y - t s, y + b s).
//
// How wrong is a box? Let I be the area that it shares with the true one, and U that of both together. I / U, the IoU
// of lesson 15, is 1 for equal boxes and 0 for all that do not meet, however far they are: there, no slope tells where
// to go. With C the area of the smallest box around both, GIoU = I / U - (C - U) / C goes on falling, to -1. The loss
// is 1 - GIoU = 2 - I / U - U / C. Two boxes of one place both hold it, so with g the true distances
//
//     A = (l + r) (t + b),     I = (min(l, l_g) + min(r, r_g)) (min(t, t_g) + min(b, b_g)),     U = A + A_g - I,
//
// and C is as I, with max. The slope of v_0 is l times that of l (for l = exp v_0), and with ∂ the slope of areas by l,
//
//     v̇_0 = -l ((∂I - I/U ∂U) / U + (∂U - U/C ∂C) / C),     ∂A = t + b,     ∂U = ∂A - ∂I,
//     ∂I = min(t, t_g) + min(b, b_g) if l < l_g, else 0,     ∂C = max(t, t_g) + max(b, b_g) if l > l_g, else 0.
//
// How wrong is a class? Each number z is a question of its own, "is this class here?", p = σ(z) = 1 / (1 + e⁻ᶻ) says
// how surely yes. Let q be what is given to the wrong answer: 1 - p if it is here, p if it is not. Cross-entropy is
// -log(1 - q). But nearly all places are background, and thousands of easy answers would drown the few hard ones. The
// focal loss a q² (-log(1 - q)) takes from all that is nearly right; a = 1/4 where it is here, 3/4 where it is not.
//
// A new network says p = 1/2 everywhere, and would first learn no, thousands of times. So the last layer's bias begins
// at -log 99, where p = 1/100: that objects are rare is known before anything is learnt.
//
// At last, an object is told of by all of its places. v_4 asks how central the place is, c = σ(v_4) (lesson 16); a box
// has the score √(p c). From the best score to the worst, leave out what overlaps a better box of its class by more
// than some IoU ("non-maximum suppression"). Boxes of other classes may well lie there: a cup before a face.
//
// Sources: Rezatofighi et al., "Generalized intersection over union", 2019, section 3; Lin et al., "Focal loss for
// dense object detection", 2017, sections 3 and 4.1; Tian et al., "FCOS", 2019. All of it in one type:
// model/detector.hpp.
#include <mae/autograd/run/eager.hpp>
#include <mae/autograd/run/session.hpp>
#include <mae/backend/reference.hpp>
#include <mae/data/box_overlap.hpp>
#include <mae/data/detection_targets.hpp>
#include <mae/eval/detections.hpp>
#include <mae/ops/box_loss.hpp>

#include <cmath>
#include <cstdio>

using mae::dyn, mae::Expression, mae::Index, mae::Shape, mae::View;
using Policy = mae::Reference<double>;

void overlaps() {
  const mae::Box a{0, 0, 4, 4};
  std::printf("a square of 4 x 4, another so far to the right:\n%5s %4s %4s %4s %7s %7s\n", "", "I", "U", "C", "IoU",
              "GIoU");
  for (const double x : {0., 2., 4., 8., 16.}) {
    const mae::Box b{x, 0, x + 4, 4};
    const double I = intersection(a, b).area(), U = a.area() + b.area() - I, C = enclosing_box(a, b).area();
    std::printf("%5g %4g %4g %4g %7.3f %7.3f\n", x, I, U, C, box_iou(a, b), generalized_box_iou(a, b));
  }
}

/// What is said, what is true, and the class of one place → [B]
struct OnePlace {
  using Numbers = Shape<dyn, 1, 5>;
  using Inputs = mae::Inputs<mae::Input<Numbers, void, true>, mae::Input<Numbers>, mae::Indices<Shape<dyn, 1>>>;
  MAE_MODULE()
  constexpr auto operator()(const Expression auto& v, const Expression auto& truth, const Expression auto& c) const {
    return mae::box_loss(v, truth, c);
  }
};

void slopes() {
  const double p[] = {1, 1, 3, 3}, g[] = {2, 2, 2, 2, 1};  // l, t, r, b as said; as they are, and the centerness
  const double I = (1 + 2) * (1 + 2), C = (2 + 3) * (2 + 3), U = 16 + 16 - I;
  std::printf("\nl t r b are 2 2 2 2, said 1 1 3 3:\nby hand  loss %.4f, slopes", 2 - I / U - U / C);
  for (int k = 0; k < 4; ++k) {
    const double dA = 1 + 3, dI = p[k] < g[k] ? 1 + 2 : 0, dC = p[k] > g[k] ? 2 + 3 : 0, dU = dA - dI;
    std::printf(" %+.4f", -p[k] * ((dI - I / U * dU) / U + (dU - U / C * dC) / C));
  }
  const double v[] = {0, 0, std::log(3), std::log(3), 0};
  const std::int32_t object[] = {0};
  const View<const double, OnePlace::Numbers> said(v), truth(g);  // [1, 1, 5]
  const View<const std::int32_t, Shape<dyn, 1>> classes(object);   // [1, 1]
  mae::Weights<OnePlace, Policy> none, nothing;
  mae::Session<mae::Program<OnePlace, Policy>> session(1);
  std::printf("\nlibrary  loss %.4f, slopes", session.step(none, nothing, said, truth, classes));
  const auto slope = session.input_gradient_of<0>();  // [1, 1, 5]
  for (Index k = 0; k < 4; ++k) std::printf(" %+.4f", slope(0, 0, k));
}

/// Lesson 16's maps, and three of its boxes.
using Maps = mae::Levels<mae::Grid<16, 16, 4>, mae::Grid<8, 8, 8>, mae::Grid<4, 4, 16>>;
constexpr Index places = Maps::places, K = 3;
constexpr mae::LabelledBox boxes[] = {{{2, 2, 62, 62}, 0}, {{2, 34, 26, 58}, 1}, {{30, 26, 40, 36}, 2}};

void classes() {
  std::printf("\n\n%26s %14s %10s\n", "", "cross-entropy", "focal loss");
  for (const bool here : {false, true})
    for (const double p : {0.1, 0.5, 0.9}) {
      const double q = here ? 1 - p : p, entropy = -std::log(1 - q);
      std::printf("%-14s said %2.0f %% %14.4f %10.4f\n", here ? "an object:" : "none:", 100 * p, entropy,
                  (here ? 0.25 : 0.75) * q * q * entropy);
    }

  mae::Tensor<std::int32_t, Shape<dyn, places>> labels(1);  // -1 is background
  mae::Tensor<double, Shape<dyn, places, 5>> targets(1);
  const Index count = mae::detection_targets<Maps>(boxes, labels.data(), targets.data());
  // With 80 classes and the 5440 places of ViT-B the first loss would be some 57 000, less than 30 of it with the bias.
  std::printf("\nof %jd places %jd have an object; loss of a new network, divided by these:\n", places, count);
  const mae::Weights<OnePlace, Policy> none;
  for (const double bias : {0., -std::log(99.)}) {
    const double yes = double(count), no = double(places * K - count), p = 1 / (1 + std::exp(-bias));
    const double by_hand = yes * 0.25 * (1 - p) * (1 - p) * -std::log(p) + no * 0.75 * p * p * -std::log(1 - p);
    mae::Tensor<double, Shape<dyn, places, K>> z(1);
    for (double& number : z) number = bias;
    mae::Eager<OnePlace, Policy> eager(none);
    const auto loss = eager.view(mae::focal_loss(eager.input(z), eager.input(labels)));
    std::printf("  bias %6.3f: %.4f by hand, %.4f by the library\n", bias, by_hand / yes, loss(0) / yes);
  }
}

/// What a perfect network would say, and the boxes that come of it.
void boxes_again() {
  std::int32_t labels[places];
  double targets[5 * places], outputs[(K + 5) * places];
  mae::detection_targets<Maps>(boxes, labels, targets);
  for (Index p = 0; p < places; ++p) {
    double* const at = outputs + (K + 5) * p;
    const double* const truth = targets + 5 * p;
    for (Index k = 0; k < K; ++k) at[k] = k == labels[p] ? 9 : -9;                     // z
    for (Index k = 0; k < 4; ++k) at[K + k] = labels[p] < 0 ? 0 : std::log(truth[k]);  // v_0 to v_3
    at[K + 4] = std::log((truth[4] + 0.01) / (1.01 - truth[4]));                       // v_4, but never infinite
  }
  const auto print = [](const char* name, const std::vector<mae::Detection>& found) {
    std::printf("%s: %zu boxes\n", name, found.size());
  };
  const mae::Box image{0, 0, 64, 64};
  const mae::DetectionOptions options;
  print("\nsaid by places", mae::candidates<Maps>(outputs, K, image, options));
  const std::vector<mae::Detection> found = mae::detections_of<Maps>(outputs, K, image, options);
  print("the best of each object", found);
  for (const mae::Detection& one : found)
    std::printf("  class %d, score %.2f: (%.0f, %.0f) to (%.0f, %.0f)\n", one.label, one.score, one.box.x0, one.box.y0,
                one.box.x1, one.box.y1);

  const mae::Detection list[] = {{{0, 0, 4, 4}, 0, 0.9}, {{0, 1, 4, 5}, 0, 0.8}, {{0, 1, 4, 5}, 1, 0.7}};
  std::printf("boxes 0, 1, 2 overlap by %.1f or more, 2 has a class of its own; left are",
              box_iou(list[0].box, list[1].box));
  for (const Index i : mae::suppress(list, {.iou_threshold = 0.5})) std::printf(" %jd", i);
  std::printf("\n");
}

int main() {
  overlaps();
  slopes();
  classes();
  boxes_again();
}
