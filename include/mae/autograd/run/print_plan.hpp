// The plan of a program as a table: what runs, in which order, and where every result and gradient lies.
//
//   print_plan<Program<Model, Cpu<float>>>(std::cout, 64);        // totals for a batch of 64
//
// One row a step: operation, the module it belongs to, shape, bytes and floating-point operations a sample, and the
// place of its result: `saved` until the backward pass, `scratch` for reuse, with the offset in bytes a sample. A
// recomputed result appears twice. `+=` says that a gradient is added to one that is there already, `in place` that it
// is the result's gradient itself. A Repeat is followed by the plan of one of its blocks. Include it where you print.
#pragma once
#include <ostream>

#include <mae/autograd/run/program.hpp>
#include <mae/core/number_text.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {

/// Rows of text, printed in columns. Columns from `first_number` to `last_number` stand to the right.
class TextTable {
 public:
  using Row = std::vector<std::string>;
  TextTable(Row titles, std::size_t first_number, std::size_t last_number)
      : rows_{std::move(titles)}, first_number_(first_number), last_number_(last_number) {}
  void add(Row row) { rows_.push_back(std::move(row)); }
  void print(std::ostream& out, const std::string& indent) const {
    std::vector<std::size_t> width(rows_[0].size());
    for (const Row& row : rows_)
      for (std::size_t c = 0; c < row.size(); ++c) width[c] = row[c].size() > width[c] ? row[c].size() : width[c];
    for (const Row& row : rows_) {
      std::string line = indent;
      for (std::size_t c = 0; c < row.size(); ++c) {
        const std::string space(width[c] - row[c].size(), ' ');
        const bool right = c >= first_number_ && c <= last_number_;
        line += (c > 0 ? "  " : "") + (right ? space + row[c] : row[c] + space);
      }
      out << line.substr(0, line.find_last_not_of(' ') + 1) << '\n';
    }
  }

 private:
  std::vector<Row> rows_;
  std::size_t first_number_, last_number_;
};

/// `1.23 MB`, three digits; small numbers whole.
inline std::string rounded(Index amount, const std::string& unit = "") {
  const char* const prefixes[] = {"", "k", "M", "G", "T"};
  double value = static_cast<double>(amount);
  int step = 0;
  for (; value >= 999.5 && step < 4; ++step) value /= 1000;
  if (step == 0) return std::to_string(amount) + (unit.empty() ? "" : " " + unit);
  return decimal_text(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0) + " " + prefixes[step] + unit;
}

class PlanPrinter {
 public:
  PlanPrinter(std::ostream& out, const std::vector<ParameterInfo>& parameters) : out_(out), parameters_(parameters) {}

  /// `shift` is the offset of the graph's parameters in the weights of the whole model.
  void print(const Graph& g, Index shift, const std::string& indent) {
    TextTable forward({"step", "forward", "module", "shape", "bytes", "flops", "result", "notes"}, 4, 5);
    for (int i = 0; i < g.node_count; ++i) {
      const Node& n = g.nodes[i];
      const GraphValue& y = g.values[n.output];
      forward.add({std::to_string(i), std::string(n.name), module_of(n, shift), shape(y), rounded(y.bytes),
                   rounded(n.flops), text(n.y) + (y.recomputed ? ", recomputed" : ""),
                   n.saved_state_bytes ? rounded(n.saved_state_bytes) + " in " + text(n.saved_state) : ""});
    }
    forward.print(out_, indent);
    if (g.step_count > 0) backward(g, shift, indent);
    for (int i = 0; i < g.node_count; ++i) {
      if (!g.nodes[i].inner) continue;
      out_ << '\n'
           << indent << "One block of step " << i << ": saved " << rounded(g.nodes[i].inner->saved_bytes, "B")
           << ", scratch " << rounded(g.nodes[i].inner->scratch_bytes, "B") << " a sample\n\n";
      print(*g.nodes[i].inner, shift + g.nodes[i].parameters[0], indent + "  ");
    }
  }

 private:
  void backward(const Graph& g, Index shift, const std::string& indent) {
    TextTable table({"step", "backward", "module", "reads gradient", "writes gradients"}, 9, 9);
    for (int s = 0; s < g.step_count; ++s) {
      const Node& n = g.nodes[g.steps[s].node];
      const std::string step = std::to_string(g.steps[s].node);
      if (g.steps[s].recompute) {
        table.add(
            {step, "recompute " + std::string(n.name), module_of(n, shift), "", "result in " + text(n.y_backward)});
        continue;
      }
      std::string to;
      for (int k = 0; k < n.input_count; ++k) {
        if (!n.wants[k]) continue;
        to += (to.empty() ? "" : ", ") + std::string(n.accumulates[k] ? "+= " : "");
        to += n.dx[k] == n.dy ? "in place" : text(n.dx[k]);
      }
      table.add({step, std::string(n.name), module_of(n, shift), text(n.dy), to.empty() ? "of parameters only" : to});
    }
    out_ << '\n';
    table.print(out_, indent);
  }

  /// The module that owns the first parameter of a node: `blocks.0.attn.qkv`.
  std::string module_of(const Node& n, Index shift) const {
    if (n.parameters[0] < 0) return "";
    for (const ParameterInfo& parameter : parameters_) {
      const Index at = n.parameters[0] + shift - parameter.offset;
      if (at < 0 || at >= parameter.count) continue;  // a layer may read some rows of a parameter
      const std::size_t dot = parameter.name.rfind('.');
      const std::string name = dot == std::string::npos ? parameter.name : parameter.name.substr(0, dot);
      return n.inner ? first_block(name) : name;
    }
    return "";
  }
  /// `blocks` for `blocks.0.norm1`, whose number says nothing; `blocks.4` for `blocks.4.norm1`, where a range begins.
  static std::string first_block(const std::string& name) {
    const std::size_t number = name.find_first_of("0123456789", name.find('.'));
    return name.substr(0, name[number] == '0' ? number - 1 : name.find('.', number));
  }
  static std::string shape(const GraphValue& value) {
    std::string text = "[";
    for (int axis = 0; axis < value.rank; ++axis)
      text +=
          (axis > 0 ? ", " : "") + (value.extent[axis] == dyn ? std::string("B") : std::to_string(value.extent[axis]));
    return text + "]";
  }
  static std::string text(Location place) {
    if (place.region == saved) return "saved + " + std::to_string(place.offset);
    if (place.region == scratch) return "scratch + " + std::to_string(place.offset);
    if (place.region == output) return "output";
    if (place.region == seed) return "seed";
    if (place.region >= input_gradient) return "gradient of input " + std::to_string(place.region - input_gradient);
    return "nowhere";
  }

  std::ostream& out_;
  const std::vector<ParameterInfo>& parameters_;
};

}  // namespace detail

/// Prints the plan of a program, with totals for `batch` samples.
template <class Program>
void print_plan(std::ostream& out, Index batch = 1) {
  const Graph& g = Program::graph;
  const std::vector<ParameterInfo> parameters = mae::parameters<typename Program::Model>();
  detail::PlanPrinter(out, parameters).print(g, 0, "");
  auto total = [&](const char* what, Index per_sample, const char* unit) {
    out << "  " << what << detail::rounded(per_sample, unit) << " a sample, "
        << detail::rounded(per_sample * batch, unit) << " in all\n";
  };
  out << "\nFor a batch of " << batch << '\n';
  total("saved    ", g.saved_bytes, "B");
  total("scratch  ", g.scratch_bytes, "B");
  total("forward  ", Program::flops, "flop");
}

}  // namespace mae
MAE_PRECISE_END
