// Eager execution: the `operator()` that is compiled into a program, run step by step on numbers that can be printed.
//
//   Eager<Block<8, 2>, Cpu<float>> eager(weights);
//   auto x = eager.input(tokens);                             // tokens: Tensor<float, Shape<dyn, 5, 8>>
//   auto y = x + eager.module().attn(eager.module().norm1(x));
//   std::cout << eager.view(y) << '\n';                       // with <mae/tensor/print.hpp>
//
// Every operation runs as it is recorded, into memory of its own that stays readable until `clear()`. The arithmetic
// is that of a Session with the same policy, bit for bit. It is for looking, not for speed: nothing is reused, and
// like a program it holds 256 operations at most. One block of a Repeat is reached as `module().blocks[3]`.
#pragma once
#include <mae/autograd/plan/recompute.hpp>
#include <mae/autograd/run/weights.hpp>
#include <mae/autograd/trace/parameter.hpp>
#include <mae/autograd/trace/value.hpp>
#include <mae/backend/policy.hpp>
#include <mae/tensor/tensor.hpp>

MAE_PRECISE_BEGIN
namespace mae {

template <class Model, class Policy>
class Eager : private EagerRunner {
 public:
  using Mode = mae::Mode<Policy, Inference>;
  static_assert(runs_on_host<Policy>,
                "mae: Eager shows every value to the program, so its kernels must work in the program's memory: use "
                "Reference or Cpu");

  /// The weights are read at every operation; they must outlive this object.
  explicit Eager(const Weights<Model, Policy>& weights, int threads = Policy::Threads::count())
      : module_(bound<Model>()), threads_(threads) {
    static_assert(Kernels<Policy>::available,
                  "mae: this policy's kernels are not included; Cpu needs <mae/mae.hpp>, Reference needs "
                  "<mae/backend/reference.hpp>");
    execution_.weights = weights.kernel_data();
    clear();
  }
  Eager(const Eager&) = delete;
  Eager& operator=(const Eager&) = delete;

  /// The model, whose operator() and members take what `input` returns.
  const Model& module() const { return module_; }

  /// A copy of a tensor or view, as a symbol. All inputs have one batch; an Error otherwise.
  template <class Tensor>
  auto input(const Tensor& x) {
    using E = std::remove_const_t<typename Tensor::Element>;
    using S = typename Tensor::Shape;
    if (execution_.batch > 0 && x.batch() != execution_.batch)
      throw Error("Eager::input", "a batch of " + std::to_string(x.batch()),
                  std::to_string(execution_.batch) + ", as the first input has");
    execution_.batch = x.batch();
    const int id = tracer_.template add_value<S, E>(-1, nowhere);
    check_capacity();
    values_[id] = Buffer<char>(align_up(S::count * Index{sizeof(E)}) * x.batch());
    std::memcpy(values_[id].data(), x.data(), sizeof(E) * static_cast<std::size_t>(x.size()));
    return Value<Mode, S, E>(&tracer_, id);
  }

  /// The numbers of an expression. Valid until `clear()`.
  template <Expression X>
  auto view(const X& x) {
    const auto value = x.eval();
    check_capacity();
    using V = std::remove_cvref_t<decltype(value)>;
    using E = typename V::Element;
    return View<const E, typename V::Shape>(reinterpret_cast<const E*>(values_[value.id].data()), execution_.batch);
  }

  /// Forgets all values and frees their memory. Expressions made before must not be used any more.
  void clear() {
    ::new (&tracer_) Tracer(*::new (&graph_) Graph);
    tracer_.eager = this;
    for (Buffer<char>& value : values_) value = Buffer<char>();
    execution_.batch = 0;
  }
  /// What random operations read.
  Context& context() { return execution_.context; }

 private:
  /// Operand k is region `input + k`; result, notes and temporary memory are a region each.
  void run(Node node, const GraphValue& value) override {
    check_capacity();
    const Index batch = execution_.batch;
    const Index scratch_bytes = node.frozen_scratch ? node.frozen_scratch : node.forward_scratch;
    Buffer<char> result(value.bytes * batch), temporary(scratch_bytes * batch), notes;
    if (!node.saved_state_optional) notes = Buffer<char>(node.saved_state_bytes * batch);
    const Index workspace_bytes = Workspace::bytes(graph_.workspace, threads_);
    if (workspace_.size() < workspace_bytes) workspace_ = Buffer<char>(workspace_bytes);
    execution_.workspace = {workspace_.data(), graph_.workspace, threads_};
    auto place = [&](Location& location, int region, Buffer<char>& buffer) {
      execution_.base[region] = buffer.data();
      if (buffer.size() > 0) location = {region, 0};
    };
    for (int k = 0; k < node.input_count; ++k) place(node.x[k], input_region + k, values_[node.inputs[k]]);
    place(node.y, output, result);
    place(node.saved_state, saved, notes);
    place(node.forward_temporary, scratch, temporary);
    node.forward(execution_, node);
    values_[node.output] = std::move(result);
  }
  void check_capacity() const {
    if (graph_.error == TraceError::too_large)
      throw Error("Eager", "more than " + std::to_string(Graph::capacity) + " operations and inputs",
                  "fewer; look at a part of the model, or call clear()");
    if (graph_.error == TraceError::unlisted_parameter)
      throw Error("Eager", "a parameter that is not listed in MAE_MODULE", "parameters and modules listed there");
  }

  static constexpr int input_region = mae::input;
  Model module_;
  int threads_;
  Graph graph_;
  Tracer tracer_{graph_};
  Execution execution_;
  Buffer<char> values_[Graph::capacity], workspace_;
};

}  // namespace mae
MAE_PRECISE_END
