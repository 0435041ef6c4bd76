// Element-wise statements: one operation each, right gradients, and a name means computed once.
#include <doctest/doctest.h>

#include "modules.hpp"

using namespace test;

namespace {
using S = Shape<dyn, 2, 5>;

// Each form reads three different values, made by three layers.
template <int Form>
struct Forms {
  Affine<5, 5> a, b, c;
  MAE_MODULE(a, b, c)
  constexpr auto operator()(const Expression auto& x) const {
    auto p = a(x);
    auto q = b(x);
    auto r = c(x);
    return form(p, q, r);
  }
  static constexpr auto form(const auto& p, const auto& q, const auto& r) {
    if constexpr (Form == 0) return p + q - r;
    else if constexpr (Form == 1) return p * q * r;
    else if constexpr (Form == 2) return p * (q - r) + p;
    else if constexpr (Form == 3) return gelu(p * q) - gelu(r);
    else if constexpr (Form == 4) return p - gelu(q + gelu(r - p));
    else if constexpr (Form == 5) return (p + q) * (q - r);
    else if constexpr (Form == 6) return p * p;
    else if constexpr (Form == 7) return p - p * p;
    else if constexpr (Form == 8) return (p - q) - (r - p);
    else return gelu(gelu(p));
  }
};
template <class Model, class Recompute = KeepAll>
constexpr const Graph& graph_of = Program<Model, Reference<double>, Recompute>::graph;

// Counts the operations called `name`.
constexpr int count(const Graph& g, std::string_view name) {
  int found = 0;
  for (int i = 0; i < g.node_count; ++i) found += g.nodes[i].name == name;
  return found;
}
template <int... form>
void check_forms(std::integer_sequence<int, form...>) {
  auto one = []<int f>(std::integral_constant<int, f>) {
    INFO("form ", f);
    CHECK(gradient_report<Forms<f>, S, KeepAll>().worst <= 1e-6);
    CHECK(gradient_report<Forms<f>, S, RecomputeCheap>().worst <= 1e-6);
    CHECK(count(graph_of<WithLoss<Forms<f>, S>>, "element-wise") == 1);
  };
  (one(std::integral_constant<int, form>{}), ...);
}

template <class Body>
struct OfInput {
  MAE_MODULE()
  using Inputs = mae::Inputs<Input<S, void, true>>;
  constexpr auto operator()(const Expression auto& x) const { return weighted_squares(Body{}(x)); }
};
struct Unnamed {
  constexpr auto operator()(const auto& x) const { return x * x + x * x; }
};
struct Named {
  constexpr auto operator()(const auto& x) const {
    auto y = x * x;
    return y + y;
  }
};
struct NamedThrice {
  constexpr auto operator()(const auto& x) const {
    auto y = x * x;
    auto z = gelu(y);
    return y * z + y * z;
  }
};
struct Joined : Forms<0> {
  constexpr auto operator()(const Expression auto& x) const { return b(gelu(a(x))) + x; }
};
struct Apart : Forms<0> {
  constexpr auto operator()(const Expression auto& x) const {
    auto h = a(x);
    auto y = b(gelu(h));
    return y + x + h;
  }
};
struct Long {
  constexpr auto operator()(const auto& x) const {
    auto y = (x + x).eval();
    for (int i = 0; i < 39; ++i) y = (y - gelu(y * x)).eval();
    return y;
  }
};
}  // namespace

TEST_CASE("gradients of element-wise statements") { check_forms(std::make_integer_sequence<int, 10>{}); }

TEST_CASE("an unnamed expression is one operation; a named one is computed once and shared") {
  static_assert(count(graph_of<OfInput<Unnamed>>, "element-wise") == 1);
  static_assert(count(graph_of<OfInput<Named>>, "element-wise") == 2);
  static_assert(count(graph_of<OfInput<NamedThrice>>, "element-wise") == 3);
  CHECK(count(graph_of<OfInput<Named>>, "element-wise") == 2);
}

TEST_CASE("a linear layer joins what follows it, unless it has a name") {
  constexpr const Graph& joined = graph_of<WithLoss<Joined, S>>;
  static_assert(joined.node_count == 3);
  CHECK(joined.nodes[0].name == "linear + gelu");
  CHECK(joined.nodes[1].name == "linear + residual");
  constexpr const Graph& apart = graph_of<WithLoss<Apart, S>>;
  CHECK(count(apart, "linear") == 2);
  CHECK(count(apart, "element-wise") == 2);
  CHECK(gradient_report<Joined, S, KeepAll>().worst <= 1e-6);
  CHECK(gradient_report<Apart, S, KeepAll>().worst <= 1e-6);
}

TEST_CASE("forty statements fit into one program") {
  static_assert(graph_of<OfInput<Long>>.node_count == 41);
  CHECK(count(graph_of<OfInput<Long>>, "element-wise") == 40);
}
