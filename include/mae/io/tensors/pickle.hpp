// Pickles, the language in which Python writes objects down, read without running any of it.
//
// A pickle is a program for a machine with a stack and a memo. Two of its instructions call what the file names, which
// is how a file of weights becomes a virus. Here nothing is called: a call becomes a node that says what would have
// been called with what, and whoever reads weights knows the few such nodes that mean a tensor (pth.hpp). Only the
// instructions that Python and PyTorch write in protocols 2, 4 and 5 are known.
//
// Nothing a file says makes this reader run, loop or allocate beyond the file's own size: an instruction costs the same
// whatever it says, texts stay where they are, nodes refer to each other by number (so they may go in circles, and are
// freed without recursion), and what they take together is limited by what the caller grants.
// Format: Lib/pickletools.py of Python.
#pragma once
#include <bit>
#include <string>
#include <string_view>
#include <vector>

#include <mae/io/files/byte_reader.hpp>
#include <mae/io/files/checked_size.hpp>

MAE_PRECISE_BEGIN
namespace mae::detail {

enum class PickleKind : std::uint8_t {
  none,
  boolean,
  whole,
  real,  // `number` is the value, or the bits of it
  text,
  bytes,  // `length` bytes from `number` of the pickle
  tuple,
  list,
  dict,
  set,        // node `number`: its items; of a dict key, value, key, value, ...
  global,     // node `number`: module and name, two texts
  object,     // node `number`: what would be called, with which arguments, and its state
  persistent  // node `number`: the name of something outside of the pickle
};

struct PickleValue {
  PickleKind kind = PickleKind::none;
  std::uint32_t length = 0;
  std::int64_t number = 0;

  bool is_node() const { return kind >= PickleKind::tuple; }
  double real() const { return std::bit_cast<double>(number); }
};

struct PickleNode {
  PickleKind kind;
  std::vector<PickleValue> items;
};

/// Reads pickles that follow each other in a file. Nodes and texts of all of them stay.
class PickleReader {
 public:
  /// The bytes [begin, end) of `file`; `subject` is how errors name them. Nodes may take `memory` bytes.
  PickleReader(const InputFile& file, Index begin, Index end, std::string subject, Index memory)
      : bytes_(file, begin, end, std::move(subject)), memory_(memory) {}

  /// Reads one pickle and returns its object. Throws `Error` if it is none, or has an unknown instruction.
  PickleValue read() {
    memo_.clear();
    stack_.clear();
    marks_.clear();
    if (number(1) != 0x80) wrong("no pickle", "one of protocol 2 to 5");
    if (const std::uint64_t protocol = number(1); protocol < 2 || protocol > 5)
      wrong("a pickle of protocol " + std::to_string(protocol), "one of protocol 2 to 5");
    for (;;) {
      const auto instruction = static_cast<unsigned>(number(1));
      if (instruction == '.') break;
      run(instruction);
      if (bytes_.kept() != kept_) charge(bytes_.kept() - std::exchange(kept_, bytes_.kept()));
    }
    if (stack_.size() != 1 || !marks_.empty()) wrong("a pickle that ends with something left over", "one object");
    return stack_.back();
  }

  /// How many bytes were read.
  Index position() const { return bytes_.position(); }
  const PickleNode& node(PickleValue value) const { return nodes_[static_cast<std::size_t>(value.number)]; }
  const std::vector<PickleNode>& nodes() const { return nodes_; }
  /// The text of a value that is one. It is valid until the next pickle is read.
  std::string_view text(PickleValue value) const { return bytes_.text(value.number, value.length); }
  /// The name of a global: "collections.OrderedDict"; empty for another value.
  std::string name(PickleValue value) const {
    if (value.kind != PickleKind::global) return {};
    const PickleNode& global = node(value);
    return std::string(text(global.items[0])).append(".").append(text(global.items[1]));
  }
  /// Takes `bytes` of the memory granted, for what the caller makes of the nodes.
  void charge(Index bytes) {
    memory_ -= bytes;
    if (memory_ < 0)
      refuse("objects that take more memory than the file has bytes", "tensors, their names and a few settings");
  }
  /// Throws `Error` about what the pickle says.
  [[noreturn]] void refuse(const std::string& found, const std::string& expected) const {
    throw Error(bytes_.subject(), found, expected);
  }

 private:
  [[noreturn]] void wrong(const std::string& found, const std::string& expected) const {
    bytes_.refuse(found, expected);
  }
  static constexpr std::size_t deepest = 1 << 15;  // values on the stack

  std::uint64_t number(Index bytes) { return bytes_.number(bytes); }
  void push(PickleValue value) {
    if (stack_.size() == deepest) wrong("more than " + std::to_string(deepest) + " values at once", "fewer");
    stack_.push_back(value);
  }
  void push_whole(std::int64_t value) { push({PickleKind::whole, 0, value}); }
  void push_text(PickleKind kind, std::uint64_t length) {
    const Index at = bytes_.take(length);
    push({kind, static_cast<std::uint32_t>(length), at});
  }
  void push_node(PickleKind kind, std::vector<PickleValue> items) {
    charge(static_cast<Index>(sizeof(PickleNode) * 3 + 16 + sizeof(PickleValue) * items.size()));
    push({kind, 0, static_cast<std::int64_t>(nodes_.size())});
    nodes_.push_back({kind, std::move(items)});
  }
  void push_global(std::vector<PickleValue> names) {
    for (const PickleValue name : names)
      if (name.kind != PickleKind::text || name.length > 200)
        wrong("a global without a name, or a long one", "two names");
    push_node(PickleKind::global, std::move(names));
  }
  /// A whole number of any length; one that does not fit is kept as bytes.
  void push_long(std::uint64_t length) {
    if (length > 8) return push_text(PickleKind::bytes, length);
    const std::uint64_t value = number(static_cast<Index>(length));
    const unsigned shift = 64 - 8 * static_cast<unsigned>(length);
    push_whole(shift == 64 ? 0 : static_cast<std::int64_t>(value << shift) >> shift);
  }

  /// Takes the last `count` values from the stack, of those since the last mark.
  std::vector<PickleValue> pop(std::size_t count) {
    if (stack_.size() - (marks_.empty() ? 0 : marks_.back()) < count)
      wrong("an instruction without its values", "them");
    std::vector<PickleValue> values(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return values;
  }
  std::vector<PickleValue> pop_marked() {
    if (marks_.empty()) wrong("an instruction without a mark", "one");
    std::vector<PickleValue> values = pop(stack_.size() - marks_.back());
    marks_.pop_back();
    return values;
  }
  /// The value on top, to which an instruction adds something.
  PickleNode& top() {
    if (stack_.size() == (marks_.empty() ? 0 : marks_.back()) || !stack_.back().is_node())
      wrong("an instruction that adds to nothing", "a list, dict, set or object");
    return nodes_[static_cast<std::size_t>(stack_.back().number)];
  }
  void add(const std::vector<PickleValue>& values, PickleKind kind) {
    PickleNode& to = top();
    if (kind == PickleKind::dict && values.size() % 2 != 0) wrong("a key without a value", "one");
    if (to.kind == PickleKind::object) return;  // whatever its class would make of them
    if (to.kind != kind) wrong("an instruction that adds to another kind of object", "a list, dict or set");
    charge(static_cast<Index>(2 * sizeof(PickleValue) * values.size()));
    to.items.insert(to.items.end(), values.begin(), values.end());
  }

  void memoise(std::uint64_t index) {
    if (stack_.empty()) wrong("nothing to be remembered", "a value");
    if (index > memo_.size()) wrong("the memo's place " + std::to_string(index), "one of the first or the next");
    if (index < memo_.size()) return void(memo_[static_cast<std::size_t>(index)] = stack_.back());
    charge(3 * Index{sizeof(PickleValue)});
    memo_.push_back(stack_.back());
  }
  void recall(std::uint64_t index) {
    if (index >= memo_.size()) wrong("the memo's place " + std::to_string(index) + ", which is empty", "one in use");
    push(memo_[static_cast<std::size_t>(index)]);
  }

  void frame(std::uint64_t bytes) const {
    if (bytes > static_cast<std::uint64_t>(bytes_.left())) wrong("a frame that is cut", "all of it");
  }
  PickleValue line() {
    const Index start = bytes_.position();
    while (number(1) != '\n') {}
    return {PickleKind::text, static_cast<std::uint32_t>(bytes_.position() - start - 1), start};
  }
  /// A call, or the making of an object without one. One alone means something here.
  void call() {
    std::vector<PickleValue> values = pop(2);
    const std::string what = name(values[0]);
    if (values[1].kind != PickleKind::tuple) wrong("a call without arguments", "a tuple of them");
    if (what == "collections.OrderedDict" && node(values[1]).items.empty()) push_node(PickleKind::dict, {});
    else push_node(PickleKind::object, std::move(values));
  }
  void build() {
    const PickleValue state = pop(1)[0];
    PickleNode& to = top();
    if (to.kind != PickleKind::object) return;  // a dict's attributes
    charge(2 * Index{sizeof(PickleValue)});
    to.items.resize(2);
    to.items.push_back(state);
  }

  void run(unsigned instruction);

  ByteReader bytes_;
  Index memory_, kept_ = 0;
  std::vector<PickleNode> nodes_;
  std::vector<PickleValue> stack_, memo_;
  std::vector<std::size_t> marks_;
};

inline void PickleReader::run(unsigned instruction) {
  using Kind = PickleKind;
  // clang-format off
  switch (instruction) {
    case '(': if (marks_.size() == deepest) wrong("too many marks", "fewer"); return marks_.push_back(stack_.size());
    case '0': return void(pop(1));
    case 'N': return push({});
    case 0x88: return push({Kind::boolean, 0, 1});
    case 0x89: return push({Kind::boolean, 0, 0});
    case 'J': return push_whole(std::bit_cast<std::int32_t>(static_cast<std::uint32_t>(number(4))));
    case 'K': return push_whole(static_cast<std::int64_t>(number(1)));
    case 'M': return push_whole(static_cast<std::int64_t>(number(2)));
    case 0x8a: return push_long(number(1));
    case 0x8b: return push_long(number(4));
    case 'G': return push({Kind::real, 0, static_cast<std::int64_t>(__builtin_bswap64(number(8)))});
    case 'U': case 0x8c: return push_text(Kind::text, number(1));
    case 'T': case 'X': return push_text(Kind::text, number(4));
    case 0x8d: return push_text(Kind::text, number(8));
    case 'C': return push_text(Kind::bytes, number(1));
    case 'B': return push_text(Kind::bytes, number(4));
    case 0x8e: return push_text(Kind::bytes, number(8));
    case ')': return push_node(Kind::tuple, {});
    case 0x85: return push_node(Kind::tuple, pop(1));
    case 0x86: return push_node(Kind::tuple, pop(2));
    case 0x87: return push_node(Kind::tuple, pop(3));
    case 't': return push_node(Kind::tuple, pop_marked());
    case ']': return push_node(Kind::list, {});
    case 'a': return add(pop(1), Kind::list);
    case 'e': return add(pop_marked(), Kind::list);
    case '}': return push_node(Kind::dict, {});
    case 's': return add(pop(2), Kind::dict);
    case 'u': return add(pop_marked(), Kind::dict);
    case 0x8f: return push_node(Kind::set, {});
    case 0x90: return add(pop_marked(), Kind::set);
    case 0x91: return push_node(Kind::set, pop_marked());
    case 'q': return memoise(number(1));
    case 'r': return memoise(number(4));
    case 0x94: return memoise(memo_.size());
    case 'h': return recall(number(1));
    case 'j': return recall(number(4));
    case 0x95: return frame(number(8));
    case 'c': { const PickleValue module = line(); return push_global({module, line()}); }
    case 0x93: return push_global(pop(2));
    case 'R': case 0x81: return call();
    case 'b': return build();
    case 'Q': return push_node(Kind::persistent, pop(1));
    default: break;
  }
  // clang-format on
  constexpr std::pair<unsigned, const char*> known[] = {
      {'i', " (INST)"},        {'o', " (OBJ)"},           {0x82, " (EXT1)"},  {0x83, " (EXT2)"},
      {0x84, " (EXT4)"},       {0x92, " (NEWOBJ_EX)"},    {'P', " (PERSID)"}, {0x97, " (NEXT_BUFFER)"},
      {0x96, " (BYTEARRAY8)"}, {'I', " (of protocol 0)"}, {0x80, " (PROTO)"}};
  std::string what = "the instruction " + std::to_string(instruction);
  for (const auto& [code, name] : known) what += code == instruction ? name : "";
  wrong(what, "those that PyTorch writes");
}

}  // namespace mae::detail
MAE_PRECISE_END
