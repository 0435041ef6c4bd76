// An optimizer's rule without the name under which a checkpoint has its state.
// expect-error: mae: an optimizer needs an update rule, which has all that UpdateRule in optim/optimizer.hpp asks for
#include <mae/backend/reference.hpp>
#include <mae/nn/linear.hpp>
#include <mae/optim/sgd.hpp>

struct Mine {
  using Options = mae::SgdOptions;
  template <class T>
  using Factors = mae::SgdFactors<T>;
  static constexpr const char* name = "mine";
#ifdef MAE_FIXED
  static constexpr const char* state_names[] = {"buffer"};
#endif
  Mine(const Options&, mae::Index) {}
  mae::SgdFactors<double> factors(double rate, double decay) const { return {decay, 0, 0, rate}; }
};

using Layer = mae::Linear<8, 8>;
using Policy = mae::Reference<float>;
void step(mae::Weights<Layer, Policy>& weights, mae::Weights<Layer, Policy>& gradients) {
  mae::Optimizer<Mine, Layer, Policy> optimizer;
  optimizer.step(weights, gradients, 0.1);
}
