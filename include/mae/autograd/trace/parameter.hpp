// Parameters and modules: which numbers a model owns, how they are called, and where they lie in its weights.
//
// A module is a struct whose members are parameters and modules, listed once: `MAE_MODULE(norm1, attn, norm2, mlp)`.
// In that list `as("fc_norm", norm)` has another name in files, and the members of `flat(trunk)` are named without it.
// Walking the list gives every parameter its name (`norm1.weight`, as in published checkpoints) and its offset in one
// contiguous block of weights. The offsets depend on the module alone, not on images, tokens or backend, so one block
// of weights serves every program of a model.
#pragma once
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <mae/core/random.hpp>
#include <mae/core/shape.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct ParameterBase {};

/// Whether training changes a parameter.
enum class Trainable { yes, no };

/// How a parameter is written in files, when that differs from memory.
struct PlainLayout {
  template <class S>
  static constexpr Index file_position(Index i) {
    return i;
  }
};

/// A parameter: its shape, what it starts as (`nn/init.hpp`), whether it is trained, how files order it. As a value it
/// is an offset in the weights, in elements.
template <class S, class Init, Trainable Train = Trainable::yes, class Layout = PlainLayout>
struct Parameter : ParameterBase {
  using Shape = S;
  static constexpr bool trained = Train == Trainable::yes;
  static constexpr Index count = S::count;
  Index offset = -1;
};

/// Rows [First, First + Count) of a parameter: the same numbers, at the same place in the weights.
template <Index First, Index Count, class S, class Init, Trainable Train>
constexpr auto row_range(const Parameter<S, Init, Train>& whole) {
  static_assert(First >= 0 && Count > 0 && First + Count <= S::extent(0),
                "mae::row_range: the rows must be rows of the parameter");
  constexpr Index row = S::count / S::extent(0);
  Parameter<WithExtent<S, 0, Count>, Init, Train> part;
  if (whole.offset >= 0) part.offset = whole.offset + First * row;
  return part;
}

/// Whether training changes some parameter of a module.
template <class M>
constexpr bool trains() {
  if constexpr (std::is_base_of_v<ParameterBase, M>) {
    return M::trained;
  } else {
    bool any = false;
    M all{};
    all.each([&](std::string_view, auto& member) { any = any || trains<std::remove_cvref_t<decltype(member)>>(); });
    return any;
  }
}
template <class M>
inline constexpr bool is_trained = trains<M>();

template <int N, class Module>
struct ParameterArray;

namespace detail {
/// A member under another name than its own.
template <class M>
struct Renamed {
  std::string_view new_name;
  M& renamed_member;
};
/// Takes the first item from "a, b, as(c, d)".
[[gnu::cold]] constexpr std::string_view take_item(std::string_view& list) {
  while (list.front() == ' ' || list.front() == ',') list.remove_prefix(1);
  std::size_t end = 0;
  for (int open = 0; end < list.size() && (open > 0 || list[end] != ','); ++end)
    open += (list[end] == '(') - (list[end] == ')');
  const std::string_view item = list.substr(0, end);
  list.remove_prefix(end);
  return item;
}
/// Calls visit(name, member) for each item of `names`.
constexpr void visit_members([[maybe_unused]] std::string_view names, auto& visit, auto&&... members) {
  [[maybe_unused]] auto one = [&]<class M>(std::string_view name, M& member) {
    if constexpr (requires { member.renamed_member; }) visit(member.new_name, member.renamed_member);
    else visit(name, member);
  };
  (one(take_item(names), members), ...);
}

/// Offsets are multiples of this many elements, so that every parameter is aligned whatever its type.
inline constexpr Index parameter_grain = alignment / 4;
constexpr Index round_up(Index count) { return (count + parameter_grain - 1) / parameter_grain * parameter_grain; }

template <class M>
constexpr Index bind(M& of, Index at);
template <class S, class Init, Trainable Train, class Layout>
constexpr Index bind_leaf(Parameter<S, Init, Train, Layout>& parameter, Index at) {
  parameter.offset = at;
  return at + round_up(S::count);
}
template <int N, class Module>
constexpr Index bind_leaf(ParameterArray<N, Module>& array, Index at) {
  Module module{};
  array.offset = at;
  return at + N * bind(module, 0);
}
template <class M>
constexpr Index bind(M& of, Index at) {
  if constexpr (std::is_base_of_v<ParameterBase, M>) {
    return bind_leaf(of, at);
  } else {
    of.each([&](std::string_view, auto& member) { at = bind(member, at); });
    return at;
  }
}
}  // namespace detail

/// In MAE_MODULE: `member` is called `name` in files; what it owns is called as if the module owned it.
constexpr auto as(std::string_view name, auto& member) {
  return detail::Renamed<std::remove_reference_t<decltype(member)>>{name, member};
}
constexpr auto flat(auto& member) { return as("", member); }

/// Lists a module's parameters and sub-modules, by the names they have in files; `MAE_MODULE()` if it has none.
#define MAE_MODULE(...)                                                           \
  constexpr void each([[maybe_unused]] auto&& visit) {                            \
    ::mae::detail::visit_members(#__VA_ARGS__, visit __VA_OPT__(, ) __VA_ARGS__); \
  }

/// A module with its offsets filled in.
template <class M>
constexpr M bound(Index at = 0) {
  M module{};
  detail::bind(module, at);
  return module;
}
/// Elements in the block of weights of `M`, with the padding that keeps each parameter aligned.
template <class M>
inline constexpr Index weights_size = [] {
  M module{};
  return detail::bind(module, 0);
}();

/// N copies of one module one behind the other, the parameters of `Repeat`.
template <int N, class Module>
struct ParameterArray : ParameterBase {
  static constexpr bool trained = is_trained<Module>;
  static constexpr Index count = N * weights_size<Module>;
  Index offset = -1;
};

/// One parameter as code at run time sees it.
struct ParameterInfo {
  std::string name;          ///< as in published checkpoints: `blocks.3.attn.qkv.weight`
  std::vector<Index> shape;  ///< as in published checkpoints
  Index offset, count;       ///< in elements
  bool trained;
  double (*initial)(const RandomStream&, Index);  ///< element i's first value
  Index (*file_position)(Index);                  ///< where element i stands in a file
  bool plain;                                     ///< at i, for every i
};

namespace detail {
// These are cold: walked once a model, for every layer of it, and compiled for size.
/// "blocks" and "3" make "blocks.3"; an empty part adds nothing.
[[gnu::cold]] inline std::string member_name(const std::string& of, std::string_view member) {
  std::string name = of;
  if (!of.empty() && !member.empty()) name += '.';
  return name.append(member);
}
template <class M>
[[gnu::cold]] void list(M& of, const std::string& name, Index shift, std::vector<ParameterInfo>& out);
template <class S, class Init, Trainable Train, class Layout>
[[gnu::cold]] void list_leaf(Parameter<S, Init, Train, Layout>& parameter, const std::string& name, Index shift,
                             std::vector<ParameterInfo>& out) {
  std::vector<Index> shape;
  for (Index k = 0; k < S::rank; ++k) shape.push_back(S::extent(k));
  out.push_back({name, shape, parameter.offset + shift, S::count, Train == Trainable::yes, &Init::template value<S>,
                 &Layout::template file_position<S>, std::is_same_v<Layout, PlainLayout>});
}
template <int N, class Module>
[[gnu::cold]] void list_leaf(ParameterArray<N, Module>& array, const std::string& name, Index shift,
                             std::vector<ParameterInfo>& out) {
  Module module = bound<Module>();
  for (int i = 0; i < N; ++i)
    list(module, member_name(name, std::to_string(i)), shift + array.offset + i * weights_size<Module>, out);
}
template <class M>
void list(M& of, const std::string& name, Index shift, std::vector<ParameterInfo>& out) {
  if constexpr (std::is_base_of_v<ParameterBase, M>) list_leaf(of, name, shift, out);
  else of.each([&](std::string_view member, auto& part) { list(part, member_name(name, member), shift, out); });
}
}  // namespace detail

/// Every parameter of `M` in the order of its weights. A member with an empty name adds nothing to its members' names.
template <class M>
[[gnu::cold]] std::vector<ParameterInfo> parameters() {
  M module = bound<M>();
  std::vector<ParameterInfo> out;
  detail::list(module, "", 0, out);
  return out;
}

/// Number of values that `M` owns, as published tables count them: with fixed position tables, without padding.
template <class M>
Index parameter_count() {
  Index count = 0;
  for (const ParameterInfo& parameter : parameters<M>()) count += parameter.count;
  return count;
}

}  // namespace mae
MAE_PRECISE_END
