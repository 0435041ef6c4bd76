// A session runs a program: it owns the one block of memory that a step needs and hands out its pieces.
//
//   Weights<Model, Cpu<float>> weights(seed), gradients;
//   Session<Program<Model, Cpu<float>>> session(64);                  // up to 64 samples
//   double loss = session.step(weights, gradients, images, keep);     // forward, mean loss, backward
//
// All memory is allocated here, once; `forward` and `step` allocate nothing. A step is `start` and `finish`, which
// returns its loss: where kernels work beside the program (`StepQueue`) the next one may be started before.
#pragma once
#include <mae/autograd/run/gradient_sink.hpp>
#include <mae/autograd/run/non_finite.hpp>
#include <mae/autograd/run/program.hpp>
#include <mae/autograd/run/weights.hpp>
#include <mae/backend/step_queue.hpp>
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

/// What a session has run: all that the arguments of its kernels follow from.
struct SessionWork {
  enum class Phase { forward, backward, step } phase = Phase::forward;
  Execution execution;
  bool operator==(const SessionWork&) const = default;
};
}  // namespace detail

template <class ProgramType>
class Session {
  using Queue =
      StepQueue<typename ProgramType::Policy::MemorySpace, detail::SessionWork, typename ProgramType::ResultElement>;
  using Phase = detail::SessionWork::Phase;
  static constexpr bool has_loss = ProgramType::Recompute::backward && ProgramType::Result::count == 1;

 public:
  using Program = ProgramType;
  using Model = typename Program::Model;
  using Policy = typename Program::Policy;
  using ResultElement = typename Program::ResultElement;
  using Result = View<ResultElement, typename Program::Result>;
  using WeightsType = Weights<Model, Policy>;

  /// Memory for up to `capacity` samples and a team of `threads`.
  explicit Session(Index capacity, int threads = Policy::Threads::count())
      : capacity_(capacity),
        threads_(threads),
        arena_(bytes(capacity, threads) - Queue::bytes(sent_bytes * capacity)),
        queue_(sent_bytes * capacity, has_loss ? capacity : 0) {
    char* at = arena_.data();
    auto take = [&](Index size) {
      char* const piece = at;
      at += align_up(size);
      return piece;
    };
    execution_.base[saved] = take(Program::saved_bytes * capacity);
    execution_.base[scratch] = take(Program::scratch_bytes * capacity);
    execution_.base[output] = take(result_bytes * capacity);
    execution_.base[seed] = take(seed_bytes * capacity);
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
    Index sample = Program::saved_bytes + Program::scratch_bytes + result_bytes + seed_bytes + Queue::bytes(sent_bytes);
    for (int k = 0; k < Program::Inputs::count; ++k) sample += input_gradient_bytes(k);
    return size_product(sample, capacity) + align_up(Workspace::bytes(Program::graph.workspace, threads));
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
    queue_.run({Phase::forward, execution_}, [this] { Program::forward(execution_); });
    return result();
  }

  /// Forward, then backward from the mean of the per-sample losses, whose value is returned. Gradients, times `scale`,
  /// are added to `gradients`, which are weights, or given to it as soon as each is whole, if it is a GradientSink.
  /// Throws mae::Error naming the first layer whose result is not finite.
  template <class W, class Gradients, class... X>
  double step_scaled(double scale, const Weights<W, Policy>& weights, Gradients& gradients, const X&... inputs) {
    start(scale, weights, gradients, inputs...);
    return finish();
  }
  template <class W, class... X>
  double step(const Weights<W, Policy>& weights, Weights<W, Policy>& gradients, const X&... inputs) {
    return step_scaled(1.0, weights, gradients, inputs...);
  }

  /// Begins a step; inputs may change when it returns. A loss that is not finite is thrown here or by `finish`; until
  /// then it gives a gradient that is not finite, so what is called next can tell. Two steps may be unfinished.
  template <class W, class Gradients, class... X>
  void start(double scale, const Weights<W, Policy>& weights, Gradients& gradients, const X&... inputs) {
    static_assert(Program::Recompute::backward, "mae: a program traced for Inference has no backward; use KeepAll");
    static_assert(Program::Result::count == 1, "mae: step needs a model that returns one loss a sample, Shape<dyn>");
    check_room(Queue::most);
    begin(weights, inputs...);
    if constexpr (has_loss) {
      bind_gradients(gradients);
      const double each = scale / static_cast<double>(execution_.batch);
      const double* const seed_of_all = queue_.send(&each, 1);
      auto* const losses = execution_.template at<ResultElement>({output});
      auto* const seeds = execution_.template at<ResultElement>({seed});
      queue_.run({Phase::step, execution_}, [&] {
        Program::forward(execution_);
        queue_.if_known([&] { mean_loss(losses, execution_); });
        Kernels<Policy>::each(execution_.batch, detail::SeedFromLoss<ResultElement>{seed_of_all, losses, seeds});
        Program::backward(execution_);
      });
      queue_.ask(losses, execution_.batch);
    }
  }
  /// The mean loss of the first step that was started and not finished. Throws mae::Error as `step` does; the other
  /// one is then to be forgotten.
  double finish() {
    const Execution& step = queue_.oldest().execution;
    return mean_loss(queue_.read(), step);
  }
  /// Leaves off what was started and not finished.
  void forget() { queue_.forget(); }
  /// How many steps may be on their way when their losses are looked at; 0: each is done when it has been started.
  static constexpr Index ahead = Queue::ahead;

  /// Runs backward from the gradient in `seed_gradient()`, after `forward`, for `gradients` that are weights or a sink,
  /// whose memory holds `largest_gradient(Program::graph)` of them.
  template <class Gradients>
  void backward(Gradients& gradients) {
    bind_gradients(gradients);
    windows_[seed].upload(execution_.template at<ResultElement>({seed}), result_count());
    queue_.run({Phase::backward, execution_}, [this] { Program::backward(execution_); });
  }
  Result result() {
    return {windows_[output].read(execution_.template at<ResultElement>({output}), result_count()), execution_.batch};
  }
  /// The gradient of the result, to be set before each `backward`, which may overwrite it.
  Result seed_gradient() {
    static_assert(Program::Recompute::backward, "mae: a program traced for Inference has no backward; use KeepAll");
    return {windows_[seed].write(execution_.template at<ResultElement>({seed}), result_count()), execution_.batch};
  }
  /// After `backward`, the gradient of input k, for programs that ask for it with `Input<S, E, true>`. It is zero if
  /// the result does not depend on the input.
  template <int k>
  auto input_gradient_of() {
    using In = std::tuple_element_t<std::size_t{k}, typename Program::Inputs::Tuple>;
    using Element = typename In::template Element<Policy>;
    static_assert(In::gradient, "mae: this input has no gradient; declare it as Input<Shape, Element, true>");
    constexpr int region = Program::gradient_region(k) == seed ? int{seed} : input_gradient + k;
    Element* const gradient = execution_.template at<Element>({region});
    return View<Element, typename In::Shape>(
        windows_[input_gradient + k].read(gradient, In::Shape::count * execution_.batch), execution_.batch);
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
  static constexpr Index result_bytes = align_up(Program::Result::count * Index{sizeof(ResultElement)});
  static constexpr Index seed_bytes = Program::Recompute::backward ? result_bytes : 0;
  /// Input k is value k of the graph. A gradient that the plan makes in place of the seed needs no memory.
  static constexpr Index input_gradient_bytes(int k) {
    const GraphValue& value = Program::graph.values[k];
    return Program::Recompute::backward && value.gradient && Program::gradient_region(k) != seed ? value.bytes : 0;
  }
  /// What is sent for a sample: inputs, keys, and the scale of the gradient.
  static constexpr Index sent_bytes = [] {
    Index sum = align_up(Index{sizeof(std::uint64_t)}) + align_up(Index{sizeof(double)});
    for (int k = 0; k < Program::Inputs::count; ++k) sum += Program::graph.values[k].bytes;
    return sum;
  }();
  Index result_count() const { return Program::Result::count * execution_.batch; }
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

  double mean_loss(const ResultElement* losses, const Execution& step) const {
    double mean = 0;
    for (Index b = 0; b < step.batch; ++b) mean += static_cast<double>(losses[b]);
    mean /= static_cast<double>(step.batch);
    if (!is_finite(mean))
      detail::report_non_finite<Program>(step, mean, [this](const auto* place) { return queue_.sent(place); });
    return mean;
  }

  /// What runs next takes the place of inputs that a report of a fault may need.
  void check_room(Index most) const {
    if (queue_.unread() >= most)
      throw Error("Session", std::to_string(queue_.unread()) + " steps that were started and not finished",
                  "at most " + std::to_string(most - 1));
  }
  template <class W, class... X>
  void begin(const Weights<W, Policy>& weights, const X&... inputs) {
    static_assert(belongs<W>, "mae: these weights belong to another model");
    static_assert(sizeof...(X) == Program::Inputs::count, "mae: the program takes another number of inputs");
    execution_.weights = weights.kernel_data();
    queue_.begin();
    if constexpr (sizeof...(X) == Program::Inputs::count) {
      Index batch = -1;
      int k = 0;
      [&]<class... In>(Inputs<In...>*) {
        (bind_input<In>(k++, batch, inputs), ...);
      }(static_cast<typename Program::Inputs*>(nullptr));
      execution_.batch = batch;
    }
    execution_.context = context_;
    if (context_.sample_keys) execution_.context.sample_keys = queue_.send(context_.sample_keys, execution_.batch);
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
    execution_.base[input + k] = reinterpret_cast<char*>(queue_.send(x.data(), x.batch() * In::Shape::count));
  }

  Index capacity_;
  int threads_;
  Buffer<char, typename Policy::MemorySpace> arena_;
  Queue queue_;
  HostWindow<typename Policy::MemorySpace> windows_[region_count];
  Context context_;
  Execution execution_;
};

}  // namespace mae
MAE_PRECISE_END
