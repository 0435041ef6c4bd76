// Element-wise arithmetic as expression types: a whole statement becomes one loop, forward and backward.
//
// `z + gelu(y * z)` builds the type `Form<Sum, Leaf, Form<ActivationOf<Gelu>, Form<Product, Leaf, Leaf>>>` and stores
// only the numbers of its leaves. `value` evaluates it for one element; `pull_back` is reverse-mode differentiation in
// registers. Rule of sharing: an unnamed operand is absorbed into the expression that uses it; a *named* one is
// computed once, and every use reads that one value. So giving a sub-expression a name is what makes it shared, as a
// reader expects.
#pragma once
#include <mae/autograd/trace/operation.hpp>
#include <mae/core/rules.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// An operand of an element-wise expression.
struct Leaf {
  static constexpr int leaves = 1;
  template <class A>
  MAE_HOST_DEVICE static A value(const A* x) {
    return x[0];
  }
  template <class A>
  MAE_HOST_DEVICE static void pull_back(const A*, A g, A* dx) {
    dx[0] = g;
  }
  MAE_HOST_DEVICE static constexpr bool reads(int) { return false; }
};

/// The function F of sub-expressions C. F gives `value(c)` and its pull-back `pull_back(g, c, dc)`.
template <class F, class... C>
struct Form {
  static constexpr int leaves = (C::leaves + ...);
  template <class A>
  MAE_HOST_DEVICE static A value(const A* x) {
    A c[sizeof...(C)];
    evaluate(x, c);
    return F::value(c);
  }
  template <class A>
  MAE_HOST_DEVICE static void pull_back(const A* x, A g, A* dx) {
    A c[sizeof...(C)], dc[sizeof...(C)];
    evaluate(x, c);
    F::pull_back(g, c, dc);
    int k = 0, at = 0;
    ((C::pull_back(x + at, dc[k++], dx + at), at += C::leaves), ...);
  }
  /// Whether differentiating needs the value of leaf number `leaf`.
  MAE_HOST_DEVICE static constexpr bool reads(int leaf) {
    bool result = false;
    int at = 0;
    ((result = result || (leaf >= at && leaf < at + C::leaves && (F::reads || C::reads(leaf - at))), at += C::leaves),
     ...);
    return result;
  }

 private:
  template <class A>
  MAE_HOST_DEVICE static void evaluate(const A* x, A* c) {
    int k = 0, at = 0;
    ((c[k++] = C::value(x + at), at += C::leaves), ...);
  }
};

struct Sum {
  static constexpr bool reads = false;
  template <class A>
  MAE_HOST_DEVICE static A value(const A* c) {
    return c[0] + c[1];
  }
  template <class A>
  MAE_HOST_DEVICE static void pull_back(A g, const A*, A* dc) {
    dc[0] = dc[1] = g;
  }
};
struct Difference {
  static constexpr bool reads = false;
  template <class A>
  MAE_HOST_DEVICE static A value(const A* c) {
    return c[0] - c[1];
  }
  template <class A>
  MAE_HOST_DEVICE static void pull_back(A g, const A*, A* dc) {
    dc[0] = g;
    dc[1] = -g;
  }
};
struct Product {
  static constexpr bool reads = true;
  template <class A>
  MAE_HOST_DEVICE static A value(const A* c) {
    return c[0] * c[1];
  }
  template <class A>
  MAE_HOST_DEVICE static void pull_back(A g, const A* c, A* dc) {
    dc[0] = g * c[1];
    dc[1] = g * c[0];
  }
};

/// The activation that a form is, if it is one of a leaf and no more: backends have kernels for that
/// (ops/activation.hpp).
template <class F>
struct ActivationAlone {
  using type = void;
};

/// The operation that evaluates a form in one loop.
template <class F>
struct Elementwise : Operation {
  static constexpr const char* name = "element-wise";
  static constexpr unsigned keep = [] {
    unsigned mask = 0;
    for (int k = 0; k < F::leaves; ++k) mask |= F::reads(k) ? keep_input(k) : 0u;
    return mask;
  }();
  static constexpr bool cheap = true;
  static constexpr unsigned identity_gradient = std::is_same_v<F, Form<Sum, Leaf, Leaf>> ? 3u : 0u;
  template <class X, class... Same>
  using Output = X;
  static void forward(const auto& f) {
    using Call = std::remove_cvref_t<decltype(f)>;
    const Index count = f.batch() * Call::Result::count;
    if constexpr (has_kernel<Call>) Call::Kernels::template activation<Activation>(count, f.x(first), f.y());
    else [&]<int... k>(std::integer_sequence<int, k...>) {
        const std::tuple x(f.x(std::integral_constant<int, k>{})...);
        Call::Kernels::template map<F>(count, x, f.y());
      }
    (std::make_integer_sequence<int, F::leaves>{});
  }
  static void backward(const auto& f) {
    using Call = std::remove_cvref_t<decltype(f)>;
    if constexpr (identity_gradient != 0) {
      f.pass(first);
      f.pass(second);
    } else {
      if constexpr (has_kernel<Call>)
        if (const auto dx = f.dx(first); dx.wanted() && !dx.accumulate)
          return Call::Kernels::template activation_gradient<Activation>(f.batch() * Call::Result::count, f.dy(),
                                                                         f.x(first), dx.data);
      [&]<int... k>(std::integer_sequence<int, k...>) {
        const std::tuple x(kept<k>(f)...);
        const std::tuple dx(f.dx(std::integral_constant<int, k>{}).data...);
        const bool accumulate[] = {f.dx(std::integral_constant<int, k>{}).accumulate...};
        Call::Kernels::template map_gradient<F>(f.batch() * Call::Result::count, x, f.dy(), dx, accumulate);
      }
      (std::make_integer_sequence<int, F::leaves>{});
    }
  }

 private:
  using Activation = typename ActivationAlone<F>::type;
  template <class Call, class X = typename Call::template Operand<0>::Element>
  static constexpr bool has_kernel = !std::is_void_v<Activation> && std::is_same_v<X, typename Call::T> &&
                                     std::is_same_v<X, typename Call::Policy::Activation>;
  template <int k>
  static auto kept(const auto& f) {
    using X = typename std::remove_cvref_t<decltype(f)>::template Operand<k>::Element;
    if constexpr (F::reads(k)) return f.x(std::integral_constant<int, k>{});
    else return static_cast<const X*>(nullptr);
  }
};

/// An element-wise expression that is not computed yet: the form F of operands of elements E.
template <class ModeType, class S, class F, class... E>
struct ElementwiseExpression : ExpressionBase {
  using Mode = ModeType;
  using Shape = S;
  using Body = F;
  static constexpr int leaves = F::leaves;
  Tracer* tracer;
  std::tuple<Value<ModeType, S, E>...> operands;
  int memo;

  constexpr ElementwiseExpression(const std::tuple<Value<ModeType, S, E>...>& values, int memo_slot)
      : tracer(std::get<0>(values).tracer), operands(values), memo(memo_slot) {}
  constexpr auto eval() const {
    int& slot = tracer->memo(memo);
    if (slot == 0) slot = 1 + detail::record<Elementwise<F>, ModeType>(operands).id;
    return Value<ModeType, S, typename Elementwise<F>::template Element<ModeType, E...>>{tracer, slot - 1};
  }
};

namespace detail {
/// How an operand enters an element-wise expression: absorbed if it is an unnamed one itself, else as one leaf.
template <class M, class S, class F, class... E>
constexpr auto absorb(ElementwiseExpression<M, S, F, E...>&& x) {
  return x;
}
template <Expression X>
constexpr auto absorb(const X& x) {
  const auto value = x.eval();
  using M = typename X::Mode;
  using E = typename std::remove_cvref_t<decltype(value)>::Element;
  constexpr int never_evaluated = -1;
  return ElementwiseExpression<M, ShapeOf<X>, Leaf, E>(std::tuple(value), never_evaluated);
}
template <class X>
inline constexpr int leaves_of = 1;
template <class M, class S, class F, class... E>
inline constexpr int leaves_of<ElementwiseExpression<M, S, F, E...>> = F::leaves;

/// The expression F(parts...) of the operands of all parts.
template <class F, class... Part>
constexpr auto combine(const Part&... parts) {
  constexpr int leaves = (Part::leaves + ...);
  if constexpr (leaves > max_inputs) {  // a mistake that the operators have reported
    return std::get<0>(std::tie(parts...));
  } else {
    Tracer* const tracer = std::get<0>(std::tie(parts...)).tracer;
    return std::apply(
        [&]<class M, class S, class... E>(const Value<M, S, E>&... operands) {
          using Whole = ElementwiseExpression<M, S, Form<F, typename Part::Body...>, E...>;
          return Whole(std::tuple(operands...), tracer->new_memo());
        },
        std::tuple_cat(parts.operands...));
  }
}
}  // namespace detail

/// x + y of one shape. An operation that can add a residual as it writes its result (a linear layer) does so.
template <Expression X, Expression Y>
constexpr auto operator+(X&& x, Y&& y) {
  static_assert(rule::SameShape<ShapeOf<X>, ShapeOf<Y>>::holds, "mae: x + y needs x and y of the same shape");
  if constexpr (!rule::SameShape<ShapeOf<X>, ShapeOf<Y>>::holds) {
    return x.eval();
  } else if constexpr (requires { std::forward<Y>(y).plus(x); }) {
    return std::forward<Y>(y).plus(x);
  } else if constexpr (requires { std::forward<X>(x).plus(y); }) {
    return std::forward<X>(x).plus(y);
  } else {
    static_assert(rule::ElementwiseOperands<detail::leaves_of<X> + detail::leaves_of<Y>, max_inputs>::holds,
                  "mae: more than 4 operands in one element-wise expression; give a part of it a name");
    return detail::combine<Sum>(detail::absorb(std::forward<X>(x)), detail::absorb(std::forward<Y>(y)));
  }
}
/// x - y of one shape.
template <Expression X, Expression Y>
constexpr auto operator-(X&& x, Y&& y) {
  static_assert(rule::SameShape<ShapeOf<X>, ShapeOf<Y>>::holds, "mae: x - y needs x and y of the same shape");
  static_assert(rule::ElementwiseOperands<detail::leaves_of<X> + detail::leaves_of<Y>, max_inputs>::holds,
                "mae: more than 4 operands in one element-wise expression; give a part of it a name");
  if constexpr (!rule::SameShape<ShapeOf<X>, ShapeOf<Y>>::holds) return x.eval();
  else return detail::combine<Difference>(detail::absorb(std::forward<X>(x)), detail::absorb(std::forward<Y>(y)));
}
/// x · y, element by element, of one shape.
template <Expression X, Expression Y>
constexpr auto operator*(X&& x, Y&& y) {
  static_assert(rule::SameShape<ShapeOf<X>, ShapeOf<Y>>::holds, "mae: x * y needs x and y of the same shape");
  static_assert(rule::ElementwiseOperands<detail::leaves_of<X> + detail::leaves_of<Y>, max_inputs>::holds,
                "mae: more than 4 operands in one element-wise expression; give a part of it a name");
  if constexpr (!rule::SameShape<ShapeOf<X>, ShapeOf<Y>>::holds) return x.eval();
  else return detail::combine<Product>(detail::absorb(std::forward<X>(x)), detail::absorb(std::forward<Y>(y)));
}

}  // namespace mae
MAE_PRECISE_END
