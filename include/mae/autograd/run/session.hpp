// A session runs a program: it owns the one block of memory that a step needs and hands out its pieces.
//
//   Weights<Model, Cpu<float>> weights(seed), gradients;
//   Session<Program<Model, Cpu<float>>> session(64);                  // up to 64 samples
//   double loss = session.step(weights, gradients, images, keep);     // forward, mean loss, backward
//
// All memory is allocated here, once; `forward` and `step` allocate nothing. Where kernels work beside the program,
// `start` hands a step over and `finish` looks at its loss: two steps may be on their way (`Readback`).
#pragma once
#include <mae/autograd/run/gradient_sink.hpp>
#include <mae/autograd/run/program.hpp>
#include <mae/autograd/run/staging.hpp>
#include <mae/autograd/run/weights.hpp>
#include <mae/core/finite.hpp>
#include <mae/tensor/tensor.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {
/// A tensor passed as a temporary; views may be.
template <class X>
inline constexpr bool is_temporary_tensor = false;
template <class T, class S, class MemorySpace>
inline constexpr bool is_temporary_tensor<Tensor<T, S, MemorySpace>> = true;

/// The gradient of the mean loss, times a scale; not a number where the loss is none.
template <class E>
struct SeedFromLoss {
  const double* each;
  const E* loss;
  E* seed;
  MAE_HOST_DEVICE void operator()(Index i) const { seed[i] = E(*each) + loss[i] * E(0); }
};
}  // namespace detail

template <class ProgramType>
class Session {
 public:
  using Program = ProgramType;
  using Model = typename Program::Model;
  using Policy = typename Program::Policy;
  using Result = View<typename Program::ResultElement, typename Program::Result>;
  using WeightsType = Weights<Model, Policy>;
  using StagingArea = Staging<typename Policy::MemorySpace>;

  /// Memory for up to `capacity` samples and a team of `threads`.
  explicit Session(Index capacity, int threads = Policy::Threads::count())
      : capacity_(capacity),
        threads_(threads),
        arena_(bytes(capacity, threads)),
        staging_(staging_bytes * capacity, arena_.data()),
        losses_(result_bytes * capacity) {
    char* at = arena_.data() + staging_bytes * capacity;
    auto take = [&](Index size) {
      char* const piece = at;
      at += align_up(size);
      return piece;
    };
    execution_.base[saved] = take(Program::saved_bytes * capacity);
    execution_.base[scratch] = take(Program::scratch_bytes * capacity);
    execution_.base[output] = take(result_bytes * capacity);
    execution_.base[seed] = take(result_bytes * capacity);
    for (int k = 0; k < Program::Inputs::count; ++k)
      execution_.base[input_gradient + k] = take(input_gradient_bytes(k) * capacity);
    execution_.workspace = {take(0), Program::graph.workspace, threads};
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Bytes of the block for `capacity` samples: what the plan promises.
  static constexpr Index bytes(Index capacity, int threads) {
    if (capacity < 1) throw Error("Session", "a capacity of " + std::to_string(capacity), "at least one sample");
    if (threads < 1) throw Error("Session", std::to_string(threads) + " threads", "at least one");
    Index per_sample = staging_bytes + Program::saved_bytes + Program::scratch_bytes + 2 * result_bytes;
    for (int k = 0; k < Program::Inputs::count; ++k) per_sample += input_gradient_bytes(k);
    return size_product(per_sample, capacity) + align_up(Workspace::bytes(Program::graph.workspace, threads));
  }
  Index capacity() const { return capacity_; }
  int threads() const { return threads_; }
  /// What random operations read: set before a step.
  Context& context() { return context_; }

  /// Runs forward. The view stays valid until the next call. One tensor or view for each program input.
  /// Inputs are borrowed until `backward`: a temporary tensor would be gone by then and is refused.
  template <class W, class... X>
  Result forward(const Weights<W, Policy>& weights, X&&... inputs) {
    static_assert((!detail::is_temporary_tensor<X> && ...),
                  "mae: an input is a temporary tensor; give it a name, for backward reads it again");
    check_room(1);
    begin(weights, inputs...);
    staging_.run(Phase::forward, execution_, [this] { Program::forward(execution_); });
    return result();
  }

  /// Forward, then backward from the mean of the per-sample losses, whose value is returned. Gradients are added to
  /// `gradients`, times `scale`. Throws mae::Error naming the first layer whose result is not finite.
  template <class W, class... X>
  double step_scaled(double scale, const Weights<W, Policy>& weights, Weights<W, Policy>& gradients,
                     const X&... inputs) {
    start(scale, weights, gradients, inputs...);
    return finish();
  }
  /// The same, but each gradient goes to `sink` as soon as it is whole, and none is kept.
  template <class W, class... X>
  double step_scaled(double scale, const Weights<W, Policy>& weights, GradientSink& sink, const X&... inputs) {
    start(scale, weights, sink, inputs...);
    return finish();
  }
  template <class W, class... X>
  double step(const Weights<W, Policy>& weights, Weights<W, Policy>& gradients, const X&... inputs) {
    return step_scaled(1.0, weights, gradients, inputs...);
  }

  /// Begins a step, for `gradients` that are weights or a sink; inputs may change when it returns. A loss that is not
  /// finite gives a gradient that is not, so what is called next can tell. At most `most_started` may be unfinished.
  template <class W, class Gradients, class... X>
  void start(double scale, const Weights<W, Policy>& weights, Gradients& gradients, const X&... inputs) {
    static_assert(Program::Recompute::backward, "mae: a program traced for Inference has no backward; use KeepAll");
    static_assert(Program::Result::count == 1, "mae: step needs a model that returns one loss a sample, Shape<dyn>");
    if constexpr (Policy::MemorySpace::host_accessible) {
      begin(weights, inputs...);
      if constexpr (Program::Recompute::backward) bind_gradients(gradients);
      Program::forward(execution_);
      loss_ = mean_loss(result(), execution_);
      set_seed(scale);
      if constexpr (Program::Recompute::backward) Program::backward(execution_);
    } else {
      check_room(most_started);
      begin(weights, inputs...);
      if constexpr (Program::Recompute::backward) bind_gradients(gradients);
      const double each = scale / static_cast<double>(execution_.batch);
      const auto* const seed_of_all = reinterpret_cast<const double*>(staging_.input(&each, sizeof each));
      staging_.run(Phase::step, execution_, [this, seed_of_all] {
        Program::forward(execution_);
        if constexpr (Program::Recompute::backward) {
          using E = typename Program::ResultElement;
          auto* const losses = reinterpret_cast<const E*>(execution_.base[output]);
          auto* const seeds = reinterpret_cast<E*>(execution_.base[seed]);
          Kernels<Policy>::each(execution_.batch, detail::SeedFromLoss<E>{seed_of_all, losses, seeds});
          Program::backward(execution_);
        }
      });
      started_[losses_.slot()] = execution_;
      losses_.enqueue(execution_.base[output], result_size());
    }
  }
  /// The mean loss of the first step that was started and not finished. Throws mae::Error as `step` does; the other
  /// one is then to be forgotten.
  double finish() {
    if constexpr (Policy::MemorySpace::host_accessible) {
      return loss_;
    } else {
      const Execution& step = started_[losses_.oldest_slot()];
      const auto* const losses = reinterpret_cast<const typename Program::ResultElement*>(losses_.read());
      return mean_loss(View<const typename Program::ResultElement, typename Program::Result>(losses, step.batch), step);
    }
  }
  /// Leaves off what was started and not finished.
  void forget() {
    if constexpr (!Policy::MemorySpace::host_accessible) losses_.forget();
  }
  static constexpr Index most_started = Readback<typename Policy::MemorySpace>::most;

  /// Runs backward from the gradient in `seed_gradient()`, after `forward`.
  template <class W>
  void backward(Weights<W, Policy>& gradients) {
    bind_gradients(gradients);
    staging_.upload(seed, execution_.base[seed], result_size());
    staging_.run(Phase::backward, execution_, [this] { Program::backward(execution_); });
  }
  /// The same, with gradients for `sink`, whose memory holds `largest_gradient(Program::graph)` of them.
  void backward(GradientSink& sink) {
    bind_gradients(sink);
    staging_.upload(seed, execution_.base[seed], result_size());
    staging_.run(Phase::backward, execution_, [this] { Program::backward(execution_); });
  }
  Result result() {
    char* const at = staging_.map_for_read(output, execution_.base[output], result_size());
    return {reinterpret_cast<typename Program::ResultElement*>(at), execution_.batch};
  }
  /// The gradient of the result, to be set before each `backward`, which may overwrite it.
  Result seed_gradient() {
    char* const at = staging_.map_for_write(seed, execution_.base[seed], result_size());
    return {reinterpret_cast<typename Program::ResultElement*>(at), execution_.batch};
  }
  /// After `backward`, the gradient of input k, for programs that ask for it with `Input<S, E, true>`. It is zero if
  /// the result does not depend on the input.
  template <int k>
  auto input_gradient_of() {
    using In = std::tuple_element_t<std::size_t{k}, typename Program::Inputs::Tuple>;
    using Element = typename In::template Element<Policy>;
    static_assert(In::gradient, "mae: this input has no gradient; declare it as Input<Shape, Element, true>");
    constexpr int region = Program::gradient_region(k) == seed ? int{seed} : input_gradient + k;
    const Index size = In::Shape::count * execution_.batch * Index{sizeof(Element)};
    char* const place = staging_.map_for_read(input_gradient + k, execution_.base[region], size);
    return View<Element, typename In::Shape>(reinterpret_cast<Element*>(place), execution_.batch);
  }
  /// Fills with NaN what a correct plan does not read before writing it: for tests of plans and operations.
  void poison_before_forward() {
    poison(execution_.base[saved], execution_.base[seed]);
    poison(execution_.workspace.base, arena_.end());
  }
  void poison_before_backward() {
    poison(execution_.base[scratch], execution_.base[output]);
    poison(execution_.workspace.base, arena_.end());
  }
  const Execution& execution() const { return execution_; }

 private:
  static constexpr Index result_bytes =
      align_up(Program::Result::count * Index{sizeof(typename Program::ResultElement)});
  /// Input k is value k of the graph. A gradient that the plan makes in place of the seed needs no memory.
  static constexpr Index input_gradient_bytes(int k) {
    const GraphValue& value = Program::graph.values[k];
    return Program::Recompute::backward && value.gradient && Program::gradient_region(k) != seed ? value.bytes : 0;
  }
  /// Of the inputs in the block, where kernels cannot read them from the program's memory.
  static constexpr Index staging_bytes = [] {
    Index sum = 0;
    for (int k = 0; k < Program::Inputs::count; ++k) sum += Program::graph.values[k].bytes;
    return StagingArea::bytes(sum);
  }();
  Index result_size() const {
    return Program::Result::count * execution_.batch * Index{sizeof(typename Program::ResultElement)};
  }
  /// All bits set: NaN in every floating-point type.
  static void poison(char* from, const char* to) { Policy::MemorySpace::fill(from, 0xff, to - from); }

  /// The weights of W are the model's: it is W, or W with an operator() and no parameters of its own.
  template <class W>
  static constexpr bool belongs = std::is_base_of_v<W, Model>&& weights_size<W> == weights_size<Model>;

  template <class W>
  void bind_gradients(Weights<W, Policy>& gradients) {
    static_assert(Program::Recompute::backward, "mae: a program traced for Inference has no backward; use KeepAll");
    static_assert(belongs<W>, "mae: these gradients belong to another model");
    execution_.gradients = gradients.kernel_data();
    execution_.sink = nullptr, execution_.sink_number = 0;
  }
  void bind_gradients(GradientSink& sink) {
    static_assert(Program::Recompute::backward, "mae: a program traced for Inference has no backward; use KeepAll");
    static_assert(!shares_parameters(Program::graph),
                  "mae: two operations use one parameter, whose gradient is whole only after the backward pass");
    execution_.gradients = sink.memory;
    execution_.sink = &sink, execution_.sink_number = sink.number;
  }

  template <class Losses>
  double mean_loss(const Losses& losses, const Execution& step) {
    double mean = 0;
    for (const auto loss : losses) mean += static_cast<double>(loss);
    mean /= static_cast<double>(step.batch);
    if (!is_finite(mean)) report_non_finite(step, mean);
    return mean;
  }
  /// The gradient of the mean loss, times `scale`.
  void set_seed(double scale) {
    const double each = scale / static_cast<double>(execution_.batch);
    for (auto& gradient : seed_gradient()) gradient = static_cast<typename Program::ResultElement>(each);
    staging_.upload(seed, execution_.base[seed], result_size());
  }

  /// What runs next takes the place of inputs that a report of a fault may need.
  void check_room(Index most) const {
    if (losses_.unread() >= most)
      throw Error("Session", std::to_string(losses_.unread()) + " steps that were started and not finished",
                  "at most " + std::to_string(most - 1));
  }
  template <class W, class... X>
  void begin(const Weights<W, Policy>& weights, const X&... inputs) {
    static_assert(belongs<W>, "mae: these weights belong to another model");
    static_assert(sizeof...(X) == Program::Inputs::count, "mae: the program takes another number of inputs");
    execution_.weights = weights.kernel_data();
    staging_.next_slot();
    if constexpr (sizeof...(X) == Program::Inputs::count) {
      Index batch = -1;
      int k = 0;
      [&]<class... In>(Inputs<In...>*) {
        (bind_input<In>(k++, batch, inputs), ...);
      }(static_cast<typename Program::Inputs*>(nullptr));
      execution_.batch = batch;
    }
    execution_.context = context_;
    execution_.context.sample_keys = staging_.keys(context_.sample_keys, execution_.batch);
  }
  template <class In, class X>
  void bind_input(int k, Index& batch, const X& x) {
    using Element = typename In::template Element<Policy>;
    static_assert(std::is_same_v<typename X::Shape, typename In::Shape>,
                  "mae: an input has another shape than the program's");
    static_assert(std::is_same_v<std::remove_const_t<typename X::Element>, Element>,
                  "mae: an input has another element type than the program's");
    if (batch < 0) batch = x.batch();
    if (x.batch() != batch || batch < 1 || batch > capacity_)
      throw Error("Session: input " + std::to_string(k), "a batch of " + std::to_string(x.batch()),
                  "the batch of input 0, within the capacity of " + std::to_string(capacity_));
    execution_.base[input + k] = staging_.input(x.data(), x.batch() * In::Shape::count * Index{sizeof(Element)});
  }

  [[noreturn, gnu::cold]] void report_non_finite(const Execution& step, double loss) {
    int k = 0;
    [&]<class... In>(Inputs<In...>*) {
      (check_finite(
           k, View<const typename In::template Element<Policy>, typename In::Shape>(
                  reinterpret_cast<const typename In::template Element<Policy>*>(staging_.sent(step.base[input + k])),
                  step.batch)),
       ...);
    }(static_cast<typename Program::Inputs*>(nullptr));
    const NonFinite fault = Program::find_non_finite(step);
    std::string where = "the loss itself";
    if (fault.found) {
      where = std::string(fault.operation);
      for (const ParameterInfo& parameter : parameters<Model>())  // a layer may read some rows of a parameter
        if (parameter.offset <= fault.parameter && fault.parameter < parameter.offset + parameter.count)
          where = parameter.name + " (" + where + ")";
    }
    throw DivergenceError("training step", "a loss of " + std::to_string(loss) + ", first not finite in " + where,
                "finite numbers; lower the learning rate or clip the gradient");
  }

  template <class X>
  [[gnu::cold]] static void check_finite(int& k, const X& x) {
    for (const auto value : x)
      if (!is_finite(static_cast<double>(value)))
        throw Error("training step: input " + std::to_string(k), "a value that is not finite", "finite numbers");
    ++k;
  }

  Index capacity_;
  int threads_;
  Buffer<char, typename Policy::MemorySpace> arena_;
  StagingArea staging_;
  Readback<typename Policy::MemorySpace> losses_;
  Context context_;
  Execution execution_, started_[most_started];
  double loss_ = 0;
};

}  // namespace mae
MAE_PRECISE_END
