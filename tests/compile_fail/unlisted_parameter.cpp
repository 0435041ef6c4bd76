// A parameter that MAE_MODULE does not list has no place in the weights.
// expect-error: mae: a parameter or module used in operator() is not listed in MAE_MODULE
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/layer_norm.hpp>

struct Zero {
  template <class S>
  static double value(const mae::RandomStream&, mae::Index) {
    return 0;
  }
};
struct Model {
  mae::Parameter<mae::Shape<8>, Zero> weight, bias;
#ifdef MAE_FIXED
  MAE_MODULE(weight, bias)
#else
  MAE_MODULE(weight)
#endif
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 5, 8>>>;
  constexpr auto operator()(const mae::Expression auto& x) const { return mae::layer_norm(x, weight, bias); }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
