// A traced network: a plain list of steps and values, made and planned by the compiler, read at run time.
//
// A `Graph` is what remains of a model's `operator()` after it ran once, at compile time, on symbols: which operation
// came when (`Node`), what flowed between them (`GraphValue`), and, once `plan.hpp` has filled it in, where every byte
// lives (`Location`) and in which order gradients are made (`BackwardStep`). All sizes are bytes per sample; a place
// in memory is `base of its region + offset * batch`, so one plan serves every batch.
#pragma once
#include <cstdint>
#include <string_view>

#include <mae/backend/kernels.hpp>
#include <mae/core/shape.hpp>

MAE_PRECISE_BEGIN
namespace mae {

inline constexpr int max_inputs = 4;      ///< value operands of one operation
inline constexpr int max_parameters = 2;  ///< parameter operands of one operation
inline constexpr int max_program_inputs = 6;
inline constexpr int max_rank = 6;

/// The pieces of memory of a step. Program inputs and their gradients are numbered from `input` and `input_gradient`.
enum Region : int {
  nowhere,
  saved,    ///< written by the forward pass, read by the backward pass
  scratch,  ///< reused all the time
  output,   ///< the program's result
  seed,     ///< the gradient of the result
  input,
  input_gradient = input + max_program_inputs,
  region_count = input_gradient + max_program_inputs
};
struct Location {
  int region = nowhere;
  Index offset = 0;
  constexpr bool operator==(const Location&) const = default;
};

/// What random and depth-dependent operations read at run time.
struct Context {
  const std::uint64_t* sample_keys = nullptr;  ///< one a sample: names the random numbers of this sample in this step
  double drop_path = 0;                        ///< rate of the deepest block (stochastic depth)
  int layer = 0, depth = 1;                    ///< set by Repeat
  Index frozen_from = 0, frozen_to = 0;        ///< weights that get no gradient: a Repeat stops it at its blocks there
  bool operator==(const Context&) const = default;
};

/// Takes the gradient of each parameter as soon as an operation has made it, and leaves zeros: then all gradients can
/// have one piece of memory in turn (`gradient_sink.hpp`).
struct GradientSink {
  void* memory = nullptr;                      ///< zeros, as many as the parameters of any one operation
  const std::uint64_t number = next_number();  ///< no other sink of the program has it, even at the same address
  /// `weight` is the first of `count` weights. What stands in `gradient` is zero afterwards.
  virtual void take(const void* weight, Index count, void* gradient) = 0;

 protected:
  ~GradientSink() = default;

 private:
  /// By the compiler's own atomic addition: its header would make `mae.hpp` much longer to read.
  static std::uint64_t next_number() {
    static std::uint64_t last = 0;
    return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
  }
};

/// The run-time state of a step: base addresses, nothing else. Everything else is a constant of the program.
struct Execution {
  char* base[region_count] = {};
  Index batch = 0;
  const void* weights = nullptr;
  void* gradients = nullptr;     ///< of all weights, or the memory of `sink`
  GradientSink* sink = nullptr;  ///< null: gradients are added up and stay
  std::uint64_t sink_number = 0;
  Workspace workspace;
  Context context;
  bool backward_phase = false;
  bool operator==(const Execution&) const = default;
  template <class T>
  T* at(Location place) const {
    return place.region == nowhere ? nullptr : reinterpret_cast<T*>(base[place.region] + place.offset * batch);
  }
};

struct Node;
struct Graph;
using Kernel = void (*)(const Execution&, const Node&);
/// The first operation of a program whose result is not a finite number.
struct NonFinite {
  bool found = false;
  Index parameter = -1;  ///< the offset of its first parameter, which names the layer; -1 if it has none
  std::string_view operation;
};
using FindNonFinite = NonFinite (*)(const Execution&, const Node&);

/// One operation. The tracer fills the first part, the planner the second.
struct Node {
  std::string_view name;
  Kernel forward = nullptr, backward = nullptr, recompute = nullptr;
  FindNonFinite find_non_finite = nullptr;  ///< runs forward and looks at the result
  int inputs[max_inputs] = {-1, -1, -1, -1}, input_count = 0, output = -1;
  Index parameters[max_parameters] = {-1, -1};  ///< offsets in elements
  Index parameter_counts[max_parameters] = {};
  bool trained[max_parameters] = {};
  bool stopped[max_inputs] = {};            ///< stop_gradient: no gradient flows to this operand
  bool differentiable[max_inputs] = {};     ///< false for integers and targets
  bool identity_gradient[max_inputs] = {};  ///< the operand's gradient is the result's gradient itself
  bool in_place[max_inputs] = {};  ///< where `may_overwrite_dy`: the operand's gradient may lie where the result's lay
  unsigned keep = 0;               ///< what backward reads: bit k operand k, bit `keeps_output` the result
  unsigned recompute_reads = 0;    ///< operands that `recompute` reads
  bool cheap = false;              ///< has a `recompute`, which costs little
  Index saved_state_bytes = 0;     ///< the operation's own notes for its backward
  bool saved_state_optional = false;  ///< forward can do without a place for them when no backward follows
  Index forward_scratch = 0, backward_scratch = 0;
  Index frozen_scratch = 0;        ///< forward scratch when no backward follows
  Index overwriting_scratch = -1;  ///< backward scratch when dy may be overwritten; -1: it never is
  Index flops = 0;                 ///< forward, per sample
  bool repeats = false;            ///< a Repeat: it runs a program of its own, which makes the parameters' gradients
  const Graph* inner = nullptr;    ///< of a Repeat: the program of one block

  bool runs_backward = false;
  bool may_overwrite_dy = false;  ///< nobody reads the gradient of the result after this: its memory serves as scratch
  bool wants[max_inputs] = {}, accumulates[max_inputs] = {};
  /// What backward gets beside the gradients.
  constexpr Index scratch_of_backward() const { return may_overwrite_dy ? overwriting_scratch : backward_scratch; }
  Location x[max_inputs], x_backward[max_inputs], y, y_backward, dx[max_inputs], dy, saved_state, forward_temporary,
      backward_temporary;
};
inline constexpr unsigned keeps_output = 7;

/// What flows between operations.
struct GraphValue {
  Index bytes = 0;         ///< per sample, a multiple of `alignment`
  int maker = -1;          ///< the node that computes it; -1 for a program input
  int external = nowhere;  ///< `input + k` or `output`
  bool gradient = false;   ///< a program input whose gradient is wanted
  int rank = 0;            ///< with `extent`: the shape, for reports
  Index extent[max_rank] = {};
  int element_bytes = 0;

  bool dead = false, kept = false, recomputed = false, trainable = false, needs_gradient = false;
  int group = -1;  ///< gradients of one group share one buffer
  Location forward, backward;
};

struct BackwardStep {
  int node;
  bool recompute;
};

/// Mistakes that only values can show. `Program` turns each into one sentence.
enum class TraceError { none, too_large, unlisted_parameter, no_operation, no_backend };

struct Graph {
  static constexpr int capacity = 256;  ///< no program has more nodes or values; Repeat counts as one node
  Node* nodes = nullptr;                ///< null while the tracer counts only
  GraphValue* values = nullptr;
  BackwardStep* steps = nullptr;
  int node_count = 0, value_count = 0, step_count = 0, result = -1;
  bool result_stopped = false;  ///< the model returns stop_gradient(x): nothing runs backward
  Index saved_bytes = 0, scratch_bytes = 0;
  WorkspaceSize workspace;
  TraceError error = TraceError::none;
  constexpr Graph() = default;
  Graph& operator=(const Graph&) = delete;

 protected:
  constexpr Graph(const Graph&) = default;
};

/// A graph with memory for `Nodes` operations and `Values` values: as many as a model has.
template <int Nodes, int Values>
struct GraphOf : Graph {
  constexpr GraphOf() { use_own_memory(); }
  /// Made by `fill(Graph&)` in the place where it stays.
  constexpr explicit GraphOf(void (*fill)(Graph&)) : GraphOf() { fill(*this); }
  constexpr GraphOf(const GraphOf& other) : Graph(other) {
    use_own_memory();
    for (int i = 0; i < node_count; ++i) nodes[i] = other.nodes[i];
    for (int v = 0; v < value_count; ++v) values[v] = other.values[v];
    for (int s = 0; s < step_count; ++s) steps[s] = other.steps[s];
  }

 private:
  constexpr void use_own_memory() {
    nodes = all_nodes_;
    values = all_values_;
    steps = all_steps_;
  }
  Node all_nodes_[Nodes];
  GraphValue all_values_[Values];
  BackwardStep all_steps_[2 * Nodes] = {};
};

}  // namespace mae
MAE_PRECISE_END
