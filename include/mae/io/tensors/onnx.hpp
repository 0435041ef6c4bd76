// Writing ONNX models: a graph of operators with its weights, which onnxruntime and others run without this library.
//
//   OnnxGraph graph;
//   graph.input("x", {dyn, 8});                                                // [batch, 8]
//   graph.node("MatMul", {"x", graph.tensor("weight", {8, 4}, values)}, "y");
//   graph.output("y", {dyn, 4});
//   write_onnx("model.onnx", graph);
//
// Nodes stand in the order in which they compute. A value is called as its node. Numbers are floats; they are asked for
// when they are written, a tensor at a time, so that no second copy of a model's weights is ever in memory.
//
// One protobuf message has at most 2 GB. Larger models, and all that are larger than asked for, have the tensors in a
// file of their own beside the model, called NAME.<checksum>.data: the data of another export keep their name, so a
// model never meets weights that are not its own, whenever a write is interrupted. Both files are complete before the
// first of them, the data, appears under its name.
// Format: onnx.proto of ONNX 1.12 (IR version 8, operator set 17), whose numbers of fields stand in the calls.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include <mae/core/shape.hpp>
#include <mae/io/files/atomic_file.hpp>
#include <mae/io/files/checksum.hpp>
#include <mae/io/files/json_name.hpp>
#include <mae/io/files/protobuf.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// What numbers are, as ONNX counts types.
enum class OnnxElement { float32 = 1, int64 = 7 };

/// An attribute of a node: a whole number, a number, or a list of whole ones.
struct OnnxAttribute {
  std::string name;
  std::variant<Index, float, std::vector<Index>> value;
};

/// A graph while it is built.
class OnnxGraph {
 public:
  /// Puts all numbers of a tensor, row-major, into a vector of their size.
  using Values = std::function<void(std::vector<float>&)>;
  struct Tensor {
    std::string name;
    std::vector<Index> shape;
    Values values;
    Index bytes() const {
      Index bytes = 4;
      for (const Index extent : shape)
        if (extent < 1 || __builtin_mul_overflow(bytes, extent, &bytes))
          throw Error("ONNX tensor " + name, "extents that are not positive or too large", "a size below 2^63 bytes");
      return bytes;
    }
  };

  /// An input or output; a `dyn` extent is called "batch".
  void input(const std::string& name, const std::vector<Index>& shape, OnnxElement element = OnnxElement::float32) {
    inputs_.message(11, value_info(name, shape, element));
  }
  void output(const std::string& name, const std::vector<Index>& shape, OnnxElement element = OnnxElement::float32) {
    outputs_.message(12, value_info(name, shape, element));
  }

  /// Adds a node. Its results are called `names`; returns the first.
  std::string node(const char* operation, const std::vector<std::string>& from, const std::vector<std::string>& names,
                   const std::vector<OnnxAttribute>& attributes = {}) {
    ProtobufMessage node;
    for (const std::string& name : from) node.text(1, name);
    for (const std::string& name : names) node.text(2, name);
    node.text(3, names.front()).text(4, operation);
    for (const OnnxAttribute& attribute : attributes) node.message(5, attribute_message(attribute));
    nodes_.message(1, node);
    return names.front();
  }
  std::string node(const char* operation, const std::vector<std::string>& from, const std::string& name,
                   const std::vector<OnnxAttribute>& attributes = {}) {
    return node(operation, from, std::vector<std::string>{name}, attributes);
  }

  /// A constant of floats, a scalar if `shape` is empty. A name that is known is not added again. Returns the name.
  std::string tensor(const std::string& name, std::vector<Index> shape, Values values) {
    if (names_.insert(name).second) tensors_.push_back({name, std::move(shape), std::move(values)});
    return name;
  }
  std::string tensor(const std::string& name, std::vector<Index> shape, std::vector<float> values) {
    return tensor(name, std::move(shape), [values = std::move(values)](std::vector<float>& to) { to = values; });
  }
  /// A constant of int64, a list or a scalar.
  std::string integers(const std::string& name, const std::vector<Index>& values, bool scalar = false) {
    if (!names_.insert(name).second) return name;
    ProtobufMessage tensor;
    if (!scalar) tensor.number(1, static_cast<Index>(values.size()));  // dims
    std::string raw;
    for (const Index value : values)
      for (int shift = 0; shift < 64; shift += 8)
        raw += static_cast<char>(static_cast<std::uint64_t>(value) >> shift & 255);
    integers_.message(5, tensor.number(2, static_cast<int>(OnnxElement::int64)).text(8, name).text(9, raw));
    return name;
  }

  const std::vector<Tensor>& tensors() const { return tensors_; }
  /// What a GraphProto has before and behind its tensors of floats.
  std::string head(const std::string& name) const {
    return nodes_.bytes() + ProtobufMessage().text(2, name).bytes() + integers_.bytes();
  }
  std::string tail() const { return inputs_.bytes() + outputs_.bytes(); }

 private:
  static ProtobufMessage value_info(const std::string& name, const std::vector<Index>& shape, OnnxElement element) {
    ProtobufMessage extents;
    for (const Index extent : shape) {
      ProtobufMessage one;
      if (extent == dyn) one.text(2, "batch");  // dim_param
      else one.number(1, extent);               // dim_value
      extents.message(1, one);
    }
    const ProtobufMessage tensor = ProtobufMessage().number(1, static_cast<int>(element)).message(2, extents);
    return ProtobufMessage().text(1, name).message(2, ProtobufMessage().message(1, tensor));
  }
  static ProtobufMessage attribute_message(const OnnxAttribute& attribute) {
    ProtobufMessage message;
    message.text(1, attribute.name);
    if (const auto* const real = std::get_if<float>(&attribute.value)) return message.real(2, *real).number(20, 1);
    if (const auto* const one = std::get_if<Index>(&attribute.value)) return message.number(3, *one).number(20, 2);
    for (const Index one : std::get<std::vector<Index>>(attribute.value)) message.number(8, one);
    return message.number(20, 7);
  }

  ProtobufMessage nodes_, integers_, inputs_, outputs_;
  std::vector<Tensor> tensors_;
  std::set<std::string> names_;
};

/// How a model is written.
struct OnnxOptions {
  std::string name = "mae";                       ///< of the graph
  std::map<std::string, std::string> metadata{};  ///< beside the graph: what one must know to use it
  Index external_data_above = 1'000'000'000;      ///< bytes of tensors from which on they have a file of their own
};

namespace detail {

inline constexpr Index protobuf_limit = (Index{1} << 31) - 1;
/// Tensors in a file of their own begin at multiples of a page, so that they can be mapped; smaller ones than 1 KB stay
/// in the model.
inline constexpr Index external_alignment = 4096, external_least = 1024;

inline void require_utf8(const std::string& path, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = first_character(std::string_view(text).substr(at)).bytes;
    if (length == 0) throw Error(path, "a name or metadata that is not UTF-8: " + text, "UTF-8 text");
    at += length;
  }
}

/// The numbers of `tensor`.
inline void read_numbers(const OnnxGraph::Tensor& tensor, std::vector<float>& to) {
  const auto count = static_cast<std::size_t>(tensor.bytes() / 4);
  to.assign(count, 0.f);
  tensor.values(to);
  if (to.size() != count)
    throw Error("ONNX tensor " + tensor.name, std::to_string(to.size()) + " numbers", std::to_string(count));
}

/// A TensorProto up to its numbers: inside the model, or at `offset` of the file called `location`.
inline ProtobufMessage tensor_message(const OnnxGraph::Tensor& tensor, const std::string& location, Index offset) {
  const Index bytes = tensor.bytes();
  ProtobufMessage message;
  for (const Index extent : tensor.shape) message.number(1, extent);
  message.number(2, static_cast<int>(OnnxElement::float32)).text(8, tensor.name);
  if (offset < 0) return message.begin(9, bytes);
  const auto entry = [&](const char* key, const std::string& value) {
    message.message(13, ProtobufMessage().text(1, key).text(2, value));
  };
  entry("location", location);
  entry("offset", std::to_string(offset));
  entry("length", std::to_string(bytes));
  return message.number(14, 1);  // EXTERNAL
}

/// Where each tensor begins in a file of their own; -1 for those that stay in the model.
inline std::vector<Index> external_offsets(const OnnxGraph& graph) {
  std::vector<Index> offsets;
  Index end = 0;
  for (const OnnxGraph::Tensor& tensor : graph.tensors()) {
    const Index bytes = tensor.bytes();
    const Index begin = (end + external_alignment - 1) / external_alignment * external_alignment;
    offsets.push_back(bytes < external_least ? -1 : begin);
    if (bytes >= external_least) end = begin + bytes;
  }
  return offsets;
}
/// Calls write(bytes, count) for all that the file of the tensors has, in order.
template <class Write>
void external_data(const OnnxGraph& graph, const std::vector<Index>& offsets, const Write& write) {
  static constexpr char zeros[external_alignment] = {};
  std::vector<float> numbers;
  Index end = 0;
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    if (offsets[i] < 0) continue;
    write(zeros, offsets[i] - end);
    read_numbers(graph.tensors()[i], numbers);
    write(numbers.data(), graph.tensors()[i].bytes());
    end = offsets[i] + graph.tensors()[i].bytes();
  }
}

}  // namespace detail

/// Writes `graph` to `path`, and where its tensors are larger than `options` say, these beside it. Returns the paths
/// written, the model's first. Throws `Error`, and leaves an earlier model as it was, if a file cannot be written or a
/// model of 2 GB may not have its tensors beside it.
inline std::vector<std::string> write_onnx(const std::string& path, const OnnxGraph& graph,
                                           const OnnxOptions& options = {}) {
  Index bytes = 0;
  for (const OnnxGraph::Tensor& tensor : graph.tensors()) bytes += tensor.bytes();
  const bool external = bytes > options.external_data_above;
  std::vector<Index> offsets(graph.tensors().size(), -1);
  std::vector<std::string> written{path};
  std::string location;
  if (external) {
    offsets = detail::external_offsets(graph);
    Checksum checksum;
    detail::external_data(graph, offsets, [&](const void* data, Index count) { checksum.add(data, count); });
    written.push_back(path + "." + checksum.text() + ".data");
    location = written.back().substr(written.back().rfind('/') + 1);
    detail::require_utf8(path, location);
  }

  const std::string head = graph.head(options.name), tail = graph.tail();
  std::vector<std::string> tensors;  // without their numbers
  Index length = static_cast<Index>(head.size() + tail.size());
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    const ProtobufMessage message = detail::tensor_message(graph.tensors()[i], location, offsets[i]);
    const Index inside = offsets[i] < 0 ? graph.tensors()[i].bytes() : 0;
    tensors.push_back(ProtobufMessage().begin(5, message.size() + inside).bytes() + message.bytes());
    length += static_cast<Index>(tensors.back().size()) + inside;
  }
  const std::string front =
      ProtobufMessage().number(1, 8).text(2, "mae").text(3, version).begin(7, length).bytes();  // IR version, producer
  ProtobufMessage back;
  back.message(8, ProtobufMessage().text(1, "").number(2, 17));  // the operators
  for (const auto& [key, value] : options.metadata) {
    detail::require_utf8(path, key + value);
    back.message(14, ProtobufMessage().text(1, key).text(2, value));
  }
  const Index all = static_cast<Index>(front.size()) + length + back.size();
  if (all > detail::protobuf_limit)
    throw Error(path, std::to_string(all) + " bytes in one message",
                "at most " + std::to_string(detail::protobuf_limit) +
                    ", or tensors in a file of their own: external_data_above of fewer bytes");

  AtomicFile model(path);  // first, so that nothing is written where it cannot be
  std::optional<AtomicFile> data;
  if (external) {
    data.emplace(written.back());
    detail::external_data(graph, offsets, [&](const void* from, Index count) { data->write(from, count); });
  }
  model.write(front.data(), static_cast<Index>(front.size()));
  model.write(head.data(), static_cast<Index>(head.size()));
  std::vector<float> numbers;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    model.write(tensors[i].data(), static_cast<Index>(tensors[i].size()));
    if (offsets[i] >= 0) continue;
    detail::read_numbers(graph.tensors()[i], numbers);
    model.write(numbers.data(), graph.tensors()[i].bytes());
  }
  model.write(tail.data(), static_cast<Index>(tail.size()));
  model.write(back.bytes().data(), back.size());
  if (data) data->commit();
  model.commit();
  return written;
}

}  // namespace mae
MAE_PRECISE_END
