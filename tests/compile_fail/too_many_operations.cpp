// Depth belongs into a Repeat.
// expect-error: mae: more than 256 operations in one program; put a part of the model into a Repeat
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/gelu.hpp>

#ifdef MAE_FIXED
constexpr int depth = 250;
#else
constexpr int depth = 260;
#endif
struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 5, 8>>>;
  constexpr auto operator()(const mae::Expression auto& x) const {
    auto y = mae::gelu(x).eval();
    for (int i = 0; i < depth; ++i) y = mae::gelu(y).eval();
    return y;
  }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
