// Backward reads the result, but `keep` does not name it.
// expect-error: mae: backward reads the result, but the operation's `keep` lacks keep_result
#include <mae/autograd/run/program.hpp>
#include <mae/autograd/trace/operation.hpp>
#include <mae/backend/reference.hpp>

struct Exponential : mae::Operation {
  static constexpr const char* name = "exp";
#ifdef MAE_FIXED
  static constexpr unsigned keep = mae::keep_result;
#endif
  template <class X>
  using Output = X;
  static void forward(const auto& f) {
    f.each([x = f.x(mae::first), y = f.y()](mae::Index i) { y[i] = std::exp(x[i]); });
  }
  static void backward(const auto& f) {
    f.each([y = f.y(), dy = f.dy(), dx = f.dx(mae::first)](mae::Index i) { dx.add(i, y[i] * dy[i]); });
  }
};
struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 5, 8>>>;
  constexpr auto operator()(const mae::Expression auto& x) const { return mae::apply<Exponential>(x); }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
