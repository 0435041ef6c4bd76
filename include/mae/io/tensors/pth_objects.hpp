// What the objects in a file of PyTorch's mean: which nodes of its pickle are tensors, where those lie, and what else
// is told.
//
// A tensor is a call of one of a few functions with a storage (a run of elements kept beside the pickle), an offset,
// sizes and strides. Dicts and lists are walked through, and what is found has its way as its name:
// "model.norm.weight", "optimizer.state.0.exp_avg". Numbers and texts become metadata under such names, also those of
// an argparse.Namespace; an object of another class becomes "an object of CLASS". None of them is made. Only where such
// an object stands among tensors, as if it were one, is the file refused. Source: torch/serialization.py,
// torch/_utils.py.
#pragma once
#include <map>
#include <optional>
#include <set>

#include <mae/core/number_text.hpp>
#include <mae/io/tensors/pickle.hpp>
#include <mae/io/tensors/tensor_file.hpp>

MAE_PRECISE_BEGIN
namespace mae::detail {

/// A run of elements in a file of PyTorch's. Sizes and offsets are counted in elements.
struct PthStorage {
  std::string dtype;  // empty: bytes, of which tensors say what they are
  Index count = 0, begin = 0;
  Index element() const { return dtype.empty() ? 1 : dtype_bytes(dtype); }
};

/// The dtype of PyTorch's names: of "torch.FloatStorage" or "torch.float32"; none for another name.
inline std::optional<std::string> pth_dtype(std::string_view name) {
  constexpr std::string_view known[][3] = {{"Float", "float32", "F32"},
                                           {"Double", "float64", "F64"},
                                           {"Half", "float16", "F16"},
                                           {"Long", "int64", "I64"},
                                           {"BFloat16", "bfloat16", "BF16"},
                                           {"Int", "int32", "I32"},
                                           {"Short", "int16", "I16"},
                                           {"Char", "int8", "I8"},
                                           {"Byte", "uint8", "U8"},
                                           {"Bool", "bool", "BOOL"},
                                           {"ComplexFloat", "complex64", "C64"},
                                           {"", "uint16", "U16"},
                                           {"", "uint32", "U32"},
                                           {"", "uint64", "U64"},
                                           {"Float8_e4m3fn", "float8_e4m3fn", "F8_E4M3"},
                                           {"Float8_e5m2", "float8_e5m2", "F8_E5M2"}};
  if (name == "torch.storage.UntypedStorage") return "";
  if (!name.starts_with("torch.")) return std::nullopt;
  name.remove_prefix(6);
  for (const auto& [storage, dtype, ours] : known)
    if (name == dtype || (name.ends_with("Storage") && !storage.empty() && name.substr(0, name.size() - 7) == storage))
      return std::string(ours);
  return std::nullopt;
}

/// Objects that are known to stand beside weights. Another one among tensors is refused.
inline bool harmless(std::string_view name) {
  constexpr std::string_view known[] = {"argparse.Namespace",
                                        "torch.Size",
                                        "torch.device",
                                        "torch.serialization._get_layout",
                                        "_codecs.encode",
                                        "numpy.core.multiarray.scalar",
                                        "numpy.core.multiarray._reconstruct",
                                        "numpy._core.multiarray.scalar",
                                        "numpy._core.multiarray._reconstruct",
                                        "numpy.dtype",
                                        "numpy.ndarray",
                                        "collections.OrderedDict"};
  return std::find(std::begin(known), std::end(known), name) != std::end(known) || name.starts_with("builtins.") ||
         name.starts_with("__builtin__.");
}

/// Walks through the object of a pickle and collects its tensors and texts.
class PthWalk {
 public:
  /// `storage(value)` finds the storage that a persistent id names, or throws `Error`. `file_size` limits what a tensor
  /// of few bytes can unfold to.
  template <class Storage>
  PthWalk(PickleReader& pickle, Index file_size, const Storage& storage) : pickle_(pickle), file_size_(file_size) {
    for (const PickleNode& node : pickle.nodes()) {
      if (node.kind != PickleKind::persistent) continue;
      pickle.charge(200);
      storages_.emplace(&node, storage(node.items[0]));
    }
    visited_.resize(pickle.nodes().size());
  }

  std::vector<TensorEntry> entries;
  std::map<std::string, std::string> metadata;

  /// Everything that is reached from `value`, under names that begin with `name`.
  bool walk(PickleValue value, const std::string& name = {}, int depth = 0) {
    switch (value.kind) {
      case PickleKind::text:
        return note(name, std::string(pickle_.text(value).substr(0, longest_text)));
      case PickleKind::whole:
        return note(name, std::to_string(value.number));
      case PickleKind::boolean:
        return note(name, value.number != 0 ? "true" : "false");
      case PickleKind::real:
        return note(name, short_text(value.real(), 17));
      case PickleKind::tuple:
      case PickleKind::list:
      case PickleKind::dict:
      case PickleKind::object:
        break;
      default:
        return false;
    }
    const PickleNode& node = pickle_.node(value);
    if (node.kind == PickleKind::object)
      if (const std::optional<TensorEntry> tensor = read_tensor(node, name)) return entries.push_back(*tensor), true;
    if (depth == deepest) pickle_.refuse("objects in each other, more than " + std::to_string(deepest), "fewer");
    if (visited_[static_cast<std::size_t>(value.number)]) return false;
    visited_[static_cast<std::size_t>(value.number)] = true;
    if (node.kind == PickleKind::object) return walk_object(node, name, depth);
    if (node.kind == PickleKind::dict) return walk_dict(node, name, depth), false;
    for (std::size_t i = 0; i < node.items.size(); ++i)
      if (node.items[i].is_node()) walk(node.items[i], join(name, std::to_string(i)), depth + 1);
    return false;
  }

 private:
  static constexpr int deepest = 64;
  static constexpr std::size_t longest_name = 500, longest_text = 1000, highest_rank = 8;

  /// A long key is shortened: those that programs make of their settings, and no tensor has one.
  std::string join(const std::string& name, std::string_view key) const {
    std::string all = name.empty() ? "" : name + ".";
    all.append(key.substr(0, 200)).append(key.size() > 200 ? "..." : "");
    if (all.size() > longest_name) pickle_.refuse("a name of more than 500 bytes", "a shorter one");
    return all;
  }
  bool note(const std::string& name, std::string text) {
    pickle_.charge(static_cast<Index>(name.size() + text.size() + 200));
    metadata.emplace(name.empty() ? "object" : name, std::move(text));
    return false;
  }
  void walk_dict(const PickleNode& dict, const std::string& name, int depth) {
    std::set<std::string_view> keys;
    bool tensors = false;
    std::string other;
    for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      const PickleValue key = dict.items[i], value = dict.items[i + 1];
      if (key.kind == PickleKind::text) {
        const std::string_view text = pickle_.text(key);
        pickle_.charge(64);
        if (!keys.insert(text).second)
          pickle_.refuse("the key " + quoted(std::string(text)) + " twice in a dict", "each once");
        if (walk(value, join(name, text), depth + 1)) tensors = true;
        else if (value.kind == PickleKind::object && !harmless(class_of(value)))
          other = quoted(join(name, text)) + ", an object of " + class_of(value);
      } else if (key.kind == PickleKind::whole) {
        walk(value, join(name, std::to_string(key.number)), depth + 1);
      }
    }
    if (tensors && !other.empty()) pickle_.refuse("among tensors " + other, "a tensor; nothing of it was run");
  }
  std::string class_of(PickleValue object) const { return pickle_.name(pickle_.node(object).items[0]); }
  bool walk_object(const PickleNode& object, const std::string& name, int depth) {
    const std::string type = pickle_.name(object.items[0]);
    if (type == "argparse.Namespace" && object.items.size() == 3) return walk(object.items[2], name, depth + 1);
    return note(name, "an object of " + (type.empty() ? "no name" : type));
  }

  const std::vector<PickleValue>& tuple(PickleValue value) const {
    if (value.kind != PickleKind::tuple) pickle_.refuse("a tensor with something else than a tuple", "a tuple");
    return pickle_.node(value).items;
  }
  Index whole(PickleValue value) const {
    if (value.kind != PickleKind::whole || value.number < 0 || value.number > PTRDIFF_MAX / 16)
      pickle_.refuse("a size, stride or offset that is none", "a whole number from 0");
    return value.number;
  }
  /// The tensor that a call makes, if it does.
  std::optional<TensorEntry> read_tensor(const PickleNode& call, const std::string& name, bool may_wrap = true) {
    const std::string function = pickle_.name(call.items[0]);
    if (!function.starts_with("torch._utils._rebuild_")) return std::nullopt;
    const std::vector<PickleValue>& given = pickle_.node(call.items[1]).items;
    const std::string_view kind = std::string_view(function).substr(22);
    if (kind == "parameter" || kind == "parameter_with_state") {
      const bool whole = may_wrap && !given.empty() && given[0].kind == PickleKind::object;
      std::optional<TensorEntry> tensor;
      if (whole) tensor = read_tensor(pickle_.node(given[0]), name, false);
      if (!tensor) pickle_.refuse("a parameter without a tensor", "one");
      return tensor;
    }
    const bool versions = kind == "tensor_v2" || kind == "tensor_v3";
    if (kind != "tensor" && !versions) return std::nullopt;
    const std::size_t least = kind == "tensor" ? 4 : kind == "tensor_v2" ? 6 : 7;
    if (given.size() < least || given[0].kind != PickleKind::persistent)
      pickle_.refuse("a tensor without a storage", "one");
    if (given.size() > least && given[least].kind != PickleKind::none &&
        !(given[least].kind == PickleKind::dict && pickle_.node(given[least]).items.empty()))
      pickle_.refuse("a tensor that is to be negated or conjugated", "one as it is");
    return locate(name, storages_.at(&pickle_.node(given[0])), kind == "tensor_v3" ? pickle_.name(given[6]) : "",
                  given);
  }
  TensorEntry locate(const std::string& name, const PthStorage& storage, const std::string& own_type,
                     const std::vector<PickleValue>& given) {
    TensorEntry entry;
    entry.name = name.empty() ? "tensor" : name;
    entry.dtype = storage.dtype;
    if (const auto dtype = pth_dtype(own_type); !own_type.empty()) entry.dtype = dtype ? *dtype : "";
    const Index element = dtype_bytes(entry.dtype);
    if (element == 0 || storage.element() > element) pickle_.refuse("a tensor of an unknown type", "a known one");
    const Index offset = whole(given[1]), count = storage.count * storage.element() / element;
    const std::vector<PickleValue>&sizes = tuple(given[2]), &strides = tuple(given[3]);
    if (sizes.size() != strides.size() || sizes.size() > highest_rank)
      pickle_.refuse(
          "a tensor of " + std::to_string(sizes.size()) + " sizes and " + std::to_string(strides.size()) + " strides",
          "as many, and at most 8");
    pickle_.charge(static_cast<Index>(400 + 3 * entry.name.size()));
    Index last = offset, next = 1;
    bool plain = true, fits = true;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      entry.shape.push_back(whole(sizes[i]));
      entry.strides.push_back(whole(strides[i]));
    }
    const Index bytes = bytes_of(entry.shape, element);
    for (std::size_t i = sizes.size(); i-- > 0 && bytes > 0; next *= entry.shape[i]) {
      plain = plain && (entry.shape[i] == 1 || entry.strides[i] == next);
      Index reach = 0;
      fits = fits && !__builtin_mul_overflow(entry.shape[i] - 1, entry.strides[i], &reach) &&
             !__builtin_add_overflow(last, reach, &last);
    }
    const std::string what = quoted(entry.name) + " of shape " + shape_text(entry.shape) + ", strides " +
                             shape_text(entry.strides) + " from element " + std::to_string(offset);
    if (bytes < 0 || (bytes > 0 && (!fits || last >= count)))
      pickle_.refuse("a tensor " + what, "one within the " + std::to_string(count) + " elements of its storage");
    if (bytes > (std::max)(file_size_, Index{1} << 20))
      pickle_.refuse("an expanded tensor " + what, "one of no more bytes than the file has");
    if (plain || bytes == 0) entry.strides.clear();
    if (bytes > 0) {
      entry.begin = storage.begin + offset * element;
      entry.end = storage.begin + (last + 1) * element;
    }
    return entry;
  }

  PickleReader& pickle_;
  Index file_size_;
  std::map<const PickleNode*, PthStorage> storages_;
  std::vector<bool> visited_;
};

}  // namespace mae::detail
MAE_PRECISE_END
