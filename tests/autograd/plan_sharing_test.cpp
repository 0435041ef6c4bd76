// Awkward ways to share values. In each of them some gradient buffer could be overwritten too early, read too late or
// added to without need: backward must agree with differences while unwritten memory holds NaN.
#include <doctest/doctest.h>

#include "modules.hpp"

using namespace test;

namespace {
using S = Shape<dyn, 3, 6>;

struct Parts {
  Norm<6> n;
  Affine<6, 6> a, b, c;
  MAE_MODULE(n, a, b, c)
};
// The residual stream and its first value, added at the end.
struct StreamAndStart : Parts {
  constexpr auto operator()(const Expression auto& x) const {
    auto y = x + a(x);
    auto z = y + b(y);
    return z + c(y) + x;
  }
};
struct AddedToItself : Parts {
  constexpr auto operator()(const Expression auto& x) const {
    auto y = a(x);
    auto z = y + y;
    return z * y + n(z);
  }
};
struct SumReadTwice : Parts {
  constexpr auto operator()(const Expression auto& x) const {
    auto y = a(x);
    auto z = b(x);
    auto s = y + z;
    auto t = y * s;
    return t + s + z;
  }
};
struct LongStream : Parts {
  constexpr auto operator()(const Expression auto& x) const {
    auto y = x + a(n(x));
    auto z = y + b(n(y));
    auto w = z + c(n(z));
    return w + x;
  }
};
struct DeadBranch : Parts {
  constexpr auto operator()(const Expression auto& x) const {
    auto y = gelu(a(x));
    auto z = y * y + x;
    [[maybe_unused]] auto dead = b(z).eval();
    return z + gelu(z * y);
  }
};
struct SumsOfSums : Parts {
  constexpr auto operator()(const Expression auto& x) const {
    auto y = a(x);
    auto u = y + x;
    auto v = u + y;
    auto w = b(v);
    auto q = v + w;
    return q + a(q);
  }
};
struct DoubledEnds : Parts {
  constexpr auto operator()(const Expression auto& x) const {
    auto u = x + x;
    auto v = a(u);
    return v + v;
  }
};
// y is read by b after the sum, whose gradient buffer it could share, has been changed.
struct ReadAfterShare : Parts {
  constexpr auto operator()(const Expression auto& x) const {
    auto y = a(x);
    auto z = y + b(y);
    return n(z) * z;
  }
};
// The result is an operand too.
struct ResultInside : Parts {
  constexpr auto operator()(const Expression auto& x) const {
    auto y = x + a(x);
    auto z = y + b(y);
    [[maybe_unused]] auto reader = c(z).eval();
    return z + x;
  }
};
struct InputAddedLast : Parts {
  constexpr auto operator()(const Expression auto& x) const { return x + x; }
};
// Two names of one value meet again.
struct Diamond : Parts {
  constexpr auto operator()(const Expression auto& x) const {
    auto y = a(x);
    auto left = y + x;
    auto right = y - x;
    auto sum = left + right;
    auto product = left * right;
    return sum + product + y;
  }
};
// Two residual streams that cross.
struct CrossedStreams : Parts {
  constexpr auto operator()(const Expression auto& x) const {
    auto p = x + a(x);
    auto q = x + b(x);
    auto r = p + c(q);
    auto s = q + n(r);
    auto t = r + s;
    return t + p + q;
  }
};
struct ResidualIsOperand : Parts {
  constexpr auto operator()(const Expression auto& x) const {
    auto y = n(x);
    auto z = y + a(y);
    auto w = z + b(gelu(c(z)));
    return w + z + y + x;
  }
};

template <class Module>
void check() {
  CHECK(gradient_report<Module, S, KeepAll>(24).worst <= 1e-6);
  CHECK(gradient_report<Module, S, RecomputeCheap>(24).worst <= 1e-6);
  CHECK(gradient_report<Repeat<3, Module>, S, KeepAll>(6).worst <= 1e-6);
  CHECK(gradient_report<Repeat<3, Module>, S, CheckpointBlocks>(6).worst <= 1e-6);
}
}  // namespace

TEST_CASE_TEMPLATE("gradients are right however values are shared", Module, StreamAndStart, AddedToItself, SumReadTwice,
                   LongStream, DeadBranch, SumsOfSums, DoubledEnds) {
  check<Module>();
}
TEST_CASE_TEMPLATE("gradients are right where buffers can be shared", Module, ReadAfterShare, ResultInside,
                   InputAddedLast, Diamond, CrossedStreams, ResidualIsOperand) {
  check<Module>();
}
