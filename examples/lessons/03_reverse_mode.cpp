// Lesson 3: reverse mode, by hand and by the tracer.
//
// Training asks how the loss changes with every weight. The chain rule answers for all of them in one walk from the end
// to the beginning. Write ḣ for ∂loss/∂h. Each operation has to know one thing: given the gradient of its result, what
// are those of its operands? For the four lines of this lesson, with x, h, a, t rows of two numbers:
//
//     h = x wᵀ + b             ẇ_ij = ḣ_i x_j,   ḃ = ḣ,   ẋ_j = Σ_i ḣ_i w_ij
//     a = h · h                ḣ = ȧ h + ȧ h: what is used twice gets two gradients, and they add
//     loss = ½ Σ (a - t)²      ȧ = a - t             (the mean over two numbers; the paper's loss is such a mean)
//
// The walk costs about twice the forward pass however many weights there are; it needs x, h and a again, so somebody
// has to keep them. Below, first with a pencil, then from three lines of code that the compiler differentiates.
//
// Paper: section 3, "Reconstruction target" (a mean squared error). Reverse mode: S. Linnainmaa, 1970.
#include <mae/autograd/run/gradient_check.hpp>
#include <mae/backend/reference.hpp>
#include <mae/nn/linear.hpp>
#include <mae/ops/patch_error.hpp>

#include <cstdio>

using Row = mae::Shape<mae::dyn, 2>;     // [B, 2]
using Policy = mae::Reference<double>;  // plain loops, in double

struct Model {
  using Inputs = mae::Inputs<mae::Input<Row, void, true>, mae::Input<Row>>;  // x, whose gradient we want, and t
  mae::Linear<2, 2> fc;
  MAE_MODULE(fc)
  constexpr auto operator()(const mae::Expression auto& x, const mae::Expression auto& t) const {
    auto h = fc(x);                    // [B, 2]
    auto a = h * h;                    // [B, 2]
    return mae::patch_error(a, t);     // [B]  one loss a sample: the mean of (a - t)²
  }
};

void compare(const char* name, double by_hand, double by_tracer) {
  std::printf("%-12s %8g %8g\n", name, by_hand, by_tracer);
}

int main() {
  const double x[2] = {1, 2}, t[2] = {8, 6}, w[2][2] = {{1, 0.5}, {-1, 1}}, b[2] = {1, 1};

  // With a pencil. Forward: h = (3, 2), a = (9, 4), loss = (1 + 4) / 2. Then back.
  double h[2], a[2], loss = 0, da[2], dh[2], dw[2][2], dx[2] = {};
  for (int i = 0; i < 2; ++i) {
    h[i] = w[i][0] * x[0] + w[i][1] * x[1] + b[i];
    a[i] = h[i] * h[i];
    loss += 0.5 * (a[i] - t[i]) * (a[i] - t[i]);
  }
  for (int i = 0; i < 2; ++i) {
    da[i] = a[i] - t[i];
    dh[i] = da[i] * h[i] + da[i] * h[i];  // and ḃ is the same
    for (int j = 0; j < 2; ++j) {
      dw[i][j] = dh[i] * x[j];
      dx[j] += dh[i] * w[i][j];
    }
  }

  // By the tracer: the same weights, one step.
  using Program = mae::Program<Model, Policy>;
  mae::Weights<Model, Policy> weights, gradients;
  double* const weight = weights.at(*weights.find("fc.weight"));
  double* const bias = weights.at(*weights.find("fc.bias"));
  for (int i = 0; i < 4; ++i) weight[i] = w[i / 2][i % 2];
  for (int i = 0; i < 2; ++i) bias[i] = b[i];
  const mae::View<const double, Row> input(x), target(t);  // [1, 2] each
  mae::Session<Program> session(1);
  const double traced_loss = session.step(weights, gradients, input, target);
  const double* const dweight = gradients.at(*gradients.find("fc.weight"));
  const double* const dbias = gradients.at(*gradients.find("fc.bias"));
  const auto dinput = session.input_gradient_of<0>();  // [1, 2]

  std::printf("%-12s %8s %8s\n", "", "by hand", "traced");
  compare("loss", loss, traced_loss);
  compare("w(0, 0)", dw[0][0], dweight[0]);
  compare("w(0, 1)", dw[0][1], dweight[1]);
  compare("w(1, 0)", dw[1][0], dweight[2]);
  compare("w(1, 1)", dw[1][1], dweight[3]);
  compare("b(0)", dh[0], dbias[0]);
  compare("b(1)", dh[1], dbias[1]);
  compare("x(0)", dx[0], dinput(0, 0));
  compare("x(1)", dx[1], dinput(0, 1));

  // And a third opinion: move every number a little and watch the loss.
  const mae::GradientReport report = mae::check_gradients<Program>(weights, input, target);
  std::printf("finite differences agree on %jd numbers: %s\n", report.checked, report.worst < 1e-9 ? "yes" : "no");
}
