// Lesson 2: tensors hold numbers, expressions say what to do with them.
//
// Let x, y, z be arrays of N numbers. Computed one operation at a time, x · y + z walks through memory twice: read x
// and y, write x · y; read that and z, write the sum. A modern processor multiplies far faster than it fetches, so
// the walks are the cost. Written as one expression the sum is one loop, which reads x, y, z once and writes once.
//
// The rule by which you say what you want: an unnamed part joins the loop of the expression around it; a part with a
// name, `auto p = x * y`, is computed once, and whoever uses p reads it. A model's operator() is made of such lines. It
// does not compute: it runs once, in the compiler, on symbols that have a shape and no numbers, and what it does is
// written down as a list of operations. `Eager` runs the same lines on numbers, to look at them.
//
// No section of the paper stands behind this one: it is the notation of all that follow.
#include <mae/autograd/run/eager.hpp>
#include <mae/autograd/run/session.hpp>
#include <mae/autograd/trace/pointwise.hpp>
#include <mae/backend/reference.hpp>
#include <mae/tensor/print.hpp>

#include <iostream>

using Row = mae::Shape<mae::dyn, 4>;  // [B, 4]
using Policy = mae::Reference<float>;  // who computes: plain loops
using ThreeRows = mae::Inputs<mae::Input<Row>, mae::Input<Row>, mae::Input<Row>>;

struct OneLoop {
  using Inputs = ThreeRows;
  MAE_MODULE()
  constexpr auto operator()(const mae::Expression auto& x, const mae::Expression auto& y,
                            const mae::Expression auto& z) const {
    return x * y + z;  // [B, 4]
  }
};

struct TwoLoops {
  using Inputs = ThreeRows;
  MAE_MODULE()
  constexpr auto operator()(const mae::Expression auto& x, const mae::Expression auto& y,
                            const mae::Expression auto& z) const {
    auto p = x * y;    // [B, 4]  a name: computed once
    return p * p + z;  // [B, 4]  and used twice
  }
};

/// How many operations the compiler wrote down.
template <class Model>
constexpr int operations = mae::Program<Model, Policy, mae::Inference>::graph.node_count;

int main() {
  const float numbers[3][4] = {{1, 2, 3, 4}, {4, 3, 2, 1}, {0, -1, 0, 1}};
  const mae::View<const float, Row> a(numbers[0]), b(numbers[1]), c(numbers[2]);  // [1, 4] each

  // A program runs the list. It is what trains and what is fast.
  mae::Session<mae::Program<OneLoop, Policy, mae::Inference>> one(1);
  mae::Session<mae::Program<TwoLoops, Policy, mae::Inference>> two(1);
  std::cout << "x * y + z          " << one.forward(mae::Weights<OneLoop, Policy>(), a, b, c) << '\n';
  std::cout << "p * p + z          " << two.forward(mae::Weights<TwoLoops, Policy>(), a, b, c) << '\n';
  std::cout << "operations         " << operations<OneLoop> << " and " << operations<TwoLoops> << '\n';

  // Eager computes each named line as it comes.
  const mae::Weights<TwoLoops, Policy> none;  // this model has no parameters
  mae::Eager<TwoLoops, Policy> eager(none);
  auto x = eager.input(a), y = eager.input(b), z = eager.input(c);  // [1, 4] each
  auto p = x * y;                                                    // [1, 4]
  std::cout << "inside: p          " << eager.view(p) << '\n';
  std::cout << "inside: the result " << eager.view(eager.module()(x, y, z)) << '\n';

  // Mistakes. Take `//!` away to see the whole message.
  const mae::Tensor<float, mae::Shape<mae::dyn, 5>> longer(1);
  auto w = eager.input(longer);  // [1, 5]

  //!x + w;
  // error: mae: x + y needs x and y of the same shape

  //!(x * y) * (x * y) + z;
  // error: mae: more than 4 operands in one element-wise expression; give a part of it a name

  std::cout << "w                  " << eager.view(w) << '\n';
}
