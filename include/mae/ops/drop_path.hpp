// Drop path, or stochastic depth (Huang et al., 2016): a residual branch is left out for a whole sample, at random.
//
// y[b] = x[b] · s(b), s(b) = 0 with the layer's rate, else 1 / (1 - rate), so that the mean is unchanged. The rate
// grows linearly with depth up to `Context::drop_path`. Whether sample b drops follows from its key, the layer and
// the branch, so a recomputed block drops the same branches. Backward multiplies by the same s(b). In inference s is
// 1.
#pragma once
#include <mae/autograd/trace/operation.hpp>

MAE_PRECISE_BEGIN
namespace mae {

template <int Branch>
struct DropPathOperation : Operation {
  static constexpr const char* name = "drop path";
  template <class X>
  using Output = X;
  template <class M, class X>
  static constexpr Index saved_state = sizeof(typename M::Policy::Accumulator);  // s(b)
  template <class Call>
  static void forward(const Call& f) {
    using A = typename Call::A;
    const Context& context = f.context();
    const double rate =
        context.depth > 1 ? context.drop_path * context.layer / (context.depth - 1) : 0;
    const auto draw = static_cast<std::uint32_t>(2 * context.layer + Branch);
    const auto keys = context.sample_keys;
    const auto s = f.saved_state();
    const auto x = f.x(first);
    const auto y = f.y();
    Call::Kernels::each(f.batch(), [=] MAE_HOST_DEVICE (Index b) {
      const bool drops = keys && double(RandomStream(keys[b], Purpose::drop_path).uniform(draw)) < rate;
      s[b] = drops ? A(0) : keys ? A(1 / (1 - rate)) : A(1);
    });
    constexpr Index count = Call::Result::count;
    Call::Kernels::rows(f.batch(), count, [=] MAE_HOST_DEVICE (Index b, Index i) {
      y[b * count + i] = typename Call::T(s[b] * A(x[b * count + i]));
    });
  }
  template <class Call>
  static void backward(const Call& f) {
    using A = typename Call::A;
    const auto dy = f.dy();
    const auto s = f.saved_state();
    if (const auto dx = f.dx(first); dx.wanted())
      Call::Kernels::rows(f.batch(), Call::Result::count, [=] MAE_HOST_DEVICE (Index b, Index i) {
        const Index at = b * Call::Result::count + i;
        dx.add(at, s[b] * A(dy[at]));
      });
  }
};

/// x, or nothing, sample by sample. `Branch` tells apart the branches of one block.
template <int Branch>
constexpr auto drop_path(const Expression auto& x) {
  return apply<DropPathOperation<Branch>>(x);
}

}  // namespace mae
MAE_PRECISE_END
