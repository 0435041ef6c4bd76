// Backward reads an operand that `keep` does not name: the planner may have overwritten it.
// expect-error: mae: backward reads an operand that the operation's `keep` does not name
#include <mae/autograd/run/program.hpp>
#include <mae/autograd/trace/operation.hpp>
#include <mae/backend/reference.hpp>

struct Square : mae::Operation {
  static constexpr const char* name = "square";
#ifdef MAE_FIXED
  static constexpr unsigned keep = mae::keep_input(0);
#endif
  template <class X>
  using Output = X;
  static void forward(const auto& f) {
    f.each([x = f.x(mae::first), y = f.y()](mae::Index i) { y[i] = x[i] * x[i]; });
  }
  static void backward(const auto& f) {
    f.each([x = f.x(mae::first), dy = f.dy(), dx = f.dx(mae::first)](mae::Index i) { dx.add(i, 2 * x[i] * dy[i]); });
  }
};
struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 5, 8>>>;
  constexpr auto operator()(const mae::Expression auto& x) const { return mae::apply<Square>(x); }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
