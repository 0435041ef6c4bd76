#include <mae/io/tensors/pickle.hpp>

#include <doctest/doctest.h>

#include <support/archive.hpp>
#include <support/temporary.hpp>

using mae::Index, mae::InputFile, mae::detail::PickleKind, mae::detail::PickleReader, mae::detail::PickleValue;
using test::contains, test::number;

namespace {

const test::TemporaryDirectory folder;

struct Read {
  explicit Read(const std::string& bytes, Index memory = 1 << 20)
      : file((test::put_text(folder / "x", bytes), folder / "x")), reader(file, 0, file.size(), "x", memory) {}
  InputFile file;
  PickleReader reader;
};

// The value in words: nodes with their items, down to a few levels.
std::string show(const PickleReader& reader, PickleValue value, int depth = 0) {
  const std::string texts[] = {"none", value.number != 0 ? "true" : "false", std::to_string(value.number)};
  if (value.kind <= PickleKind::whole) return texts[static_cast<int>(value.kind)];
  if (value.kind == PickleKind::real) return std::to_string(value.real());
  if (!value.is_node()) return "'" + std::string(reader.text(value)) + "'";
  if (value.kind == PickleKind::global) return reader.name(value);
  constexpr const char* names[] = {"tuple", "list", "dict", "set", "", "object", "persistent"};
  std::string all = names[static_cast<int>(value.kind) - static_cast<int>(PickleKind::tuple)];
  for (const PickleValue item : reader.node(value).items)
    all += depth > 3 ? " ..." : " " + show(reader, item, depth + 1);
  return "(" + all + ")";
}
std::string shown(const std::string& program) {
  Read read("\x80\x02" + program + ".");
  const PickleValue value = read.reader.read();
  CHECK(read.reader.position() == read.file.size());
  return show(read.reader, value);
}
std::string error_with(const std::string& bytes, Index memory = 1 << 20) {
  return test::error_of([&] { Read(bytes, memory).reader.read(); });
}
std::string wrong(const std::string& program) { return error_with("\x80\x02" + program + "."); }
std::string bytes_of(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text += static_cast<char>(byte);
  return text;
}

}  // namespace

TEST_CASE("values of every instruction") {
  CHECK(shown("N") == "none");
  CHECK(shown("\x88") == "true");
  CHECK(shown("\x89") == "false");
  CHECK(shown(bytes_of({'J', 254, 255, 255, 255})) == "-2");
  CHECK(shown("K\xff") == "255");
  CHECK(shown(bytes_of({'M', 1, 2})) == "513");
  CHECK(shown(bytes_of({0x8a, 0})) == "0");
  CHECK(shown(bytes_of({0x8a, 1, 0x80})) == "-128");
  CHECK(shown(bytes_of({0x8a, 2, 0xff, 0})) == "255");
  CHECK(shown(bytes_of({0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0x80})) == std::to_string(INT64_MIN));
  CHECK(shown(bytes_of({0x8a, 9}) + "too large") == "'too large'");
  CHECK(shown(bytes_of({0x8b, 1, 0, 0, 0, 7})) == "7");
  CHECK(shown(bytes_of({'G', 0xbf, 0xf8, 0, 0, 0, 0, 0, 0})) == "-1.500000");
  for (const char* start : {"U\3", "\x8c\3", "C\3"}) CHECK(shown(start + std::string("abc")) == "'abc'");
  for (const char* start : {"T", "X", "B"}) CHECK(shown(start + number(3, 4) + "abc") == "'abc'");
  for (const char* start : {"\x8d", "\x8e"}) CHECK(shown(start + number(3, 8) + "abc") == "'abc'");
  CHECK(shown("\x95" + number(1, 8) + "N") == "none");
}

TEST_CASE("what holds others, the memo and what would be called") {
  CHECK(shown(")") == "(tuple)");
  CHECK(shown("N\x85") == "(tuple none)");
  CHECK(shown("NN\x86") == "(tuple none none)");
  CHECK(shown("NNN\x87") == "(tuple none none none)");
  CHECK(shown("(NN(Ntt") == "(tuple none none (tuple none))");
  CHECK(shown("]Na(\x88\x89"
              "e") == "(list none true false)");
  CHECK(shown("}NNs(\x88K\1\x89K\2u") == "(dict none none true 1 false 2)");
  CHECK(shown("\x8f(NN\x90") == "(set none none)");
  CHECK(shown("(N\x91") == "(set none)");
  CHECK(shown(bytes_of({'K', 1, 'q', 0, 'K', 2, 0x94, 'K', 3, 'r', 2, 0, 0, 0, '0', '0', '0'}) +
              bytes_of({'h', 0, 'h', 1, 'j', 2, 0, 0, 0, 0x87})) == "(tuple 1 2 3)");
  CHECK(shown("cos\nsystem\n(U\2lst" + std::string("R")) == "(object os.system (tuple 'ls'))");
  CHECK(shown("U\2osU\6system\x93)\x81}b") == "(object os.system (tuple) (dict))");
  CHECK(shown("ca\nB\n)R(NNu(NNe") == "(object a.B (tuple))");  // what its class would make of them
  CHECK(shown("ccollections\nOrderedDict\n)R(NNu}b") == "(dict none none)");
  CHECK(shown("U\1xQ") == "(persistent 'x')");
  CHECK(shown("N0K\1") == "1");
}

TEST_CASE("circles, and sixty thousand lists in each other") {
  CHECK(contains(shown(bytes_of({']', 'q', 0, 'h', 0, 'a'})), "(list (list (list"));
  std::string deep;
  for (int i = 0; i < 60000; ++i) deep += "]";
  CHECK(contains(error_with("\x80\x02" + deep + ".", 16 << 20), "more than 32768 values at once"));
  std::string nested = "N";
  for (int i = 0; i < 60000; ++i) nested += "\x85";
  Read read("\x80\x02" + nested + ".", 16 << 20);
  read.reader.read();
  CHECK(read.reader.nodes().size() == 60000);
}

TEST_CASE("several pickles that follow each other, each with its own memo") {
  Read read("\x80\x02K\1q" + std::string(1, '\0') + ".\x80\x02U\1a.\x80\4h" + std::string(1, '\0') + ".");
  CHECK(read.reader.read().number == 1);
  CHECK(read.reader.text(read.reader.read()) == "a");
  CHECK(contains(test::error_of([&] { read.reader.read(); }), "the memo's place 0, which is empty"));
}

TEST_CASE("what is no pickle, or one with something unknown") {
  const std::vector<std::pair<std::string, std::string>> rows{
      {error_with(""), "an early end"},
      {error_with("\x80"), "an early end"},
      {error_with("x"), "no pickle"},
      {error_with("\x80\1N."), "a pickle of protocol 1"},
      {error_with("\x80\x63N."), "a pickle of protocol 99"},
      {error_with("\x80\2"), "an early end"},
      {wrong(""), "something left over"},
      {wrong("NN"), "something left over"},
      {wrong("N("), "something left over"},
      {wrong("(ios\nsystem\n"), "the instruction 105 (INST)"},
      {wrong("(o"), "the instruction 111 (OBJ)"},
      {wrong("\x82\1"), "(EXT1)"},
      {wrong("\x92"), "(NEWOBJ_EX)"},
      {wrong("Pid\n"), "(PERSID)"},
      {wrong("\x97"), "(NEXT_BUFFER)"},
      {wrong("\x96"), "(BYTEARRAY8)"},
      {wrong("I1\n"), "(of protocol 0)"},
      {wrong("\x80\2"), "(PROTO)"},
      {wrong("\xff"), "the instruction 255"},
      {wrong("0"), "an instruction without its values"},
      {wrong("N(0"), "an instruction without its values"},
      {wrong("N(\x85"), "an instruction without its values"},
      {wrong("t"), "an instruction without a mark"},
      {wrong("a"), "an instruction without its values"},
      {wrong("NNa"), "an instruction that adds to nothing"},
      {wrong("}Na"), "adds to another kind of object"},
      {wrong("](NNu"), "adds to another kind of object"},
      {wrong("}(Nu"), "a key without a value"},
      {wrong("q" + std::string(1, '\0')), "nothing to be remembered"},
      {wrong("Nq\1"), "the memo's place 1"},
      {wrong("Nr" + number(0xffffffff, 4)), "the memo's place 4294967295"},
      {wrong("j" + number(0xffffffff, 4)), "the memo's place 4294967295, which is empty"},
      {wrong("X" + number(0xffffffff, 4)), "an early end"},
      {wrong("\x8d" + number(~0ull, 8)), "an early end"},
      {wrong("\x8b" + number(0x80000000, 4)), "an early end"},
      {wrong("\x95" + number(100, 8)), "a frame that is cut"},
      {wrong("cos"), "an early end"},
      {wrong("NN\x93"), "a global without a name"},
      {wrong("c" + std::string(201, 'a') + "\nb\n"), "a global without a name, or a long one"},
      {wrong("cos\nsystem\nNR"), "a call without arguments"},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(i);
    CAPTURE(rows[i].first);
    CHECK(contains(rows[i].first, "x: found "));
    CHECK(contains(rows[i].first, rows[i].second));
  }
}

TEST_CASE("objects take no more memory than was granted") {
  for (const char* piece : {"]0", ")0",
                            "N\x94"
                            "0",
                            "}0",
                            "(N\x91"
                            "0"}) {
    std::string program;
    for (int i = 0; i < 20000; ++i) program += piece;
    CHECK(contains(error_with("\x80\x02" + program + "N.", 100000), "more memory than the file has bytes"));
    CHECK(error_with("\x80\x02" + program + "N.", 16 << 20) == "");
  }
  std::string program =
      "]\x94"
      "0]h";
  program += '\0';
  for (int i = 0; i < 20000; ++i) program += std::string("h\0a", 3);
  CHECK(contains(error_with("\x80\x02" + program + "0.", 100000), "more memory than the file has bytes"));
}
