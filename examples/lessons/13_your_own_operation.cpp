// Lesson 13: your own operation.
//
// The tracer knows nothing about mathematics: an operation is a struct that says what its result looks like, what its
// backward reads again, and how both are computed. Take the "swish" of a gate, y = x σ(x) with σ(x) = 1 / (1 + e⁻ˣ),
// which some networks use instead of GELU. With σ' = σ (1 - σ),
//
//     ẋ = ẏ σ(x) (1 + x (1 - σ(x))).
//
// Ten lines, and it is planned, verified and run by all threads like every other: the library's own are written in
// the same way (include/mae/ops). The duty that comes with it is to be right. Finite differences are the judge: move
// every number by h and 2h to both sides and compare the change of the loss with what backward says. A backward that
// forgets a term is off by several percent or has the wrong sign, a right one is off by rounding.
//
// No section of the paper: it is what you need to go on from there.
#include <mae/autograd/run/gradient_check.hpp>
#include <mae/backend/reference.hpp>
#include <mae/nn/linear.hpp>
#include <mae/ops/patch_error.hpp>

#include <cmath>
#include <cstdio>

template <class A>
A sigmoid(A x) {
  return A(1) / (A(1) + std::exp(-x));
}

struct Swish : mae::Operation {
  static constexpr const char* name = "swish";
  static constexpr unsigned keep = mae::keep_input(0);  // backward reads x
  template <class X>
  using Output = X;  // the result has the shape of x
  static void forward(const auto& f) {
    f.each([x = f.x(mae::first), y = f.y()](mae::Index i) { y[i] = x[i] * sigmoid(x[i]); });
  }
  static void backward(const auto& f) {
    f.each([x = f.x(mae::first), dy = f.dy(), dx = f.dx(mae::first)](mae::Index i) {
      const auto s = sigmoid(x[i]);
      dx.add(i, dy[i] * s * (1 + x[i] * (1 - s)));
    });
  }
};

/// The same with a mistake: it takes σ for a constant.
struct WrongSwish : Swish {
  static void backward(const auto& f) {
    f.each([x = f.x(mae::first), dy = f.dy(), dx = f.dx(mae::first)](mae::Index i) {
      dx.add(i, dy[i] * sigmoid(x[i]));
    });
  }
};

/// And one that does not say what it reads: the planner would be free to overwrite x.
struct Forgetful : Swish {
  static constexpr unsigned keep = mae::keep_nothing;
};

using Row = mae::Shape<mae::dyn, 6>;    // [B, 6]
using Policy = mae::Reference<double>;  // differences of float would drown in rounding

/// A small network around the operation.
template <class Op>
struct Model {
  using Inputs = mae::Inputs<mae::Input<Row, void, true>, mae::Input<Row>>;
  mae::Linear<6, 12> fc1;
  mae::Linear<12, 6> fc2;
  MAE_MODULE(fc1, fc2)
  constexpr auto operator()(const mae::Expression auto& x, const mae::Expression auto& target) const {
    auto hidden = mae::apply<Op>(fc1(x));          // [B, 12]
    return mae::patch_error(fc2(hidden), target);  // [B]
  }
};

template <class Op>
void check(const char* what) {
  mae::Tensor<double, Row> x(3), target(3);  // [3, 6] each
  const mae::RandomStream random(7, mae::Purpose::probe);
  for (mae::Index i = 0; i < x.size(); ++i) {
    x.data()[i] = random.uniform(static_cast<std::uint32_t>(2 * i), -2, 2);
    target.data()[i] = random.uniform(static_cast<std::uint32_t>(2 * i + 1), -2, 2);
  }
  const mae::Weights<Model<Op>, Policy> weights(1);
  const auto report = mae::check_gradients<mae::Program<Model<Op>, Policy>>(weights, x, target);
  std::printf("%-6s %jd numbers checked, %s", what, report.checked, report.worst < 1e-7 ? "all agree\n" : "worst in ");
  if (report.worst >= 1e-7)
    std::printf("%s[%jd]: backward %.4f, difference %.4f\n", report.where.c_str(), report.index, report.derivative,
                report.difference);
}

int main() {
  check<Swish>("right:");
  check<WrongSwish>("wrong:");

  //!check<Forgetful>("forgot:");
  // error: mae: backward reads an operand that the operation's `keep` does not name
}
