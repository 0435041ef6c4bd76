// Files of PyTorch's made by hand: what torch.save never writes. What it does is in open_tensors_test.cpp.
#include <mae/io/tensors/pth.hpp>

#include <doctest/doctest.h>

#include <support/archive.hpp>
#include <support/temporary.hpp>

using mae::Index, mae::read_pth, mae::TensorFile;
using test::contains, test::dict, test::global, test::number, test::pth, test::storage, test::tensor, test::text,
    test::tuple, test::whole;

namespace {

const test::TemporaryDirectory folder;

TensorFile read(const std::string& bytes) {
  test::put_text(folder / "x.pth", bytes);
  return read_pth(folder / "x.pth");
}
std::string error_with(const std::string& bytes) {
  return test::error_of([&] { read(bytes); });
}
void check_refused(const std::vector<std::pair<std::string, std::string>>& rows) {
  for (const auto& [bytes, message] : rows) {
    const std::string error = error_with(bytes);
    CAPTURE(error);
    CHECK(contains(error, "x.pth"));
    CHECK(contains(error, message));
  }
}
const std::string twelve = storage("0", 12), one = storage("1", 1);
std::string parameter(const std::string& of) {
  return global("torch._utils", "_rebuild_parameter") + tuple({of, "\x88", "N"}) + "R";
}
std::string good() { return tensor(one, 0, {1}, {1}); }
std::string old(const std::string& object, const std::string& keys, const std::string& data,
                const std::string& system = "}U\x0dlittle_endian\x88s") {
  return std::string("\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\2M\xe9\3.", 21) +
         test::pickle(system) + test::pickle(object) + test::pickle(keys) + data;
}

}  // namespace

TEST_CASE("tensors lie where offset, sizes and strides say") {
  const TensorFile file = read(pth(dict({text("turned"), tensor(twelve, 1, {2, 3}, {1, 4}), text("n"), good()})));
  CHECK(file.values<float>("turned") == std::vector<float>{1, 5, 9, 2, 6, 10});
  CHECK(file.at("n").shape == std::vector<Index>{1});
}

TEST_CASE("a byte that is not the one that was written") {
  const std::string names = dict({text("rows"), tensor(twelve, 0, {2, 3}, {3, 1}), text("columns"),
                                  tensor(twelve, 6, {3, 2}, {1, 3}), text("one"), good()});
  const std::string whole = pth(names, {}, true), floats("\0\0\x80\x3f\0\0\0\x40", 8);  // 1 and 2
  std::string bytes = whole;
  CHECK(read(bytes).values<float>("columns") == std::vector<float>{6, 9, 7, 10, 8, 11});
  CHECK(read(pth(names)).values<float>("rows") == read(bytes).values<float>("rows"));  // without checksums too
  const std::size_t storage = bytes.find(floats);
  bytes[storage] = 1;  // of the number 1, which "rows" has; a storage is checked whole, for each tensor of it
  const TensorFile damaged = read(bytes);
  for (const char* const name : {"rows", "columns"}) {
    const std::string error = test::error_of([&] { damaged.values<float>(name); });
    CHECK(contains(error, "x.pth: 'a/data/0': found bytes with another checksum than it was written with"));
  }
  CHECK(damaged.values<float>("one") == std::vector<float>{1});
  bytes = whole;
  bytes[bytes.find("rows")] = 'n';
  CHECK(contains(error_with(bytes), "x.pth: 'a/data.pkl': found bytes with another checksum"));
}

TEST_CASE("the byte order is told in the file") {
  test::ZipMember order{"a/byteorder", "big"};
  std::string bytes =
      "\0\0\0\0"
      "\x3f\x80\0\0";
  const std::string object = test::pickle(dict({text("x"), tensor(storage("0", 1), 0, {}, {})}));
  CHECK(read(test::zip({{"a/data.pkl", object}, {"a/data/0", std::string("\x3f\x80\0\0", 4)}, order}))
            .values<float>("x") == std::vector<float>{1});
  CHECK(contains(error_with(pth(good(), {{"a/byteorder", "middle"}})),
                 "byteorder: found 'middle', expected little or big"));
}

TEST_CASE("nothing is called, and what would be among tensors is refused") {
  const std::string command = "cos\nsystem\n(" + text("touch " + (folder / "called")) + "tR";
  const TensorFile file = read(pth(dict({text("model"), dict({text("w"), good()}), text("extra"), command})));
  CHECK(file.names() == std::vector<std::string>{"model.w"});
  CHECK(file.metadata("extra") == "an object of os.system");
  check_refused({{pth(dict({text("w"), good(), text("v"), command})),
                  "found among tensors 'v', an object of os.system, expected a tensor; nothing of it was run"},
                 {pth(command), "an object of os.system instead of tensors"},
                 {pth(dict({text("model"), dict({text("v"), command})})), "an object of os.system instead of tensors"},
                 {pth(tuple({"cos\nsystem\n", "N"}) + "Q"), "that is no storage"}});
  CHECK(!std::filesystem::exists(folder / "called"));
}

TEST_CASE("sizes, strides and offsets that leave the storage, or are none") {
  constexpr std::int64_t large = 1ll << 40;
  const auto with = [](const std::string& t) { return pth(dict({text("w"), t})); };
  check_refused({
      {with(tensor(twelve, 0, {13}, {1})), "one within the 12 elements of its storage"},
      {with(tensor(twelve, 12, {1}, {1})), "one within the 12 elements"},
      {with(tensor(twelve, 0, {2, 3}, {10, 1})), "one within the 12 elements"},
      {with(tensor(twelve, 0, {2, 3}, {1})), "2 sizes and 1 strides"},
      {with(tensor(twelve, -1, {1}, {1})), "a size, stride or offset that is none"},
      {with(tensor(twelve, 0, {-1}, {1})), "a size, stride or offset that is none"},
      {with(tensor(twelve, 0, {1}, {-1})), "a size, stride or offset that is none"},
      {with(tensor(twelve, 0, {large, large}, {0, 0})), "one within the 12 elements"},
      {with(tensor(twelve, 0, {large}, {0})), "an expanded tensor 'w' of shape [1099511627776]"},
      {with(tensor(twelve, 0, {3, 2}, {1ll << 58, 1})), "one within the 12 elements"},
      {with(tensor(twelve, 0, std::vector<std::int64_t>(9, 1), std::vector<std::int64_t>(9, 1))), "9 sizes"},
      {with(tensor(twelve, 0, std::vector<std::int64_t>(30000, 1), {})), "30000 sizes"},
      {with(tensor(storage("0", 11), 0, {1}, {1})), "storage '0': found 48 bytes, expected 11 elements of 4 bytes"},
      {with(tensor(storage("0", 1ll << 62), 0, {1}, {1})), "found 48 bytes"},
      {with(tensor(storage("0", -1), 0, {1}, {1})), "no storage"},
      {with(tensor(storage("0", 12, "Thing"), 0, {1}, {1})), "a storage of type 'torch.Thing'"},
      {with(tensor(storage("2", 12), 0, {1}, {1})), "storage '2': found no entry data/2"},
      {with(tensor(storage("../data/0", 12), 0, {1}, {1})), "found no entry data/../data/0"},
      {pth(dict({text("v"), tensor(twelve, 0, {}, {}), text("w"), tensor(storage("0", 12, "IntStorage"), 0, {}, {})})),
       "two types of elements"},
      {with(tensor("N", 0, {}, {})), "a tensor without a storage"},
      {with(global("torch._utils", "_rebuild_tensor_v2") + ")R"), "a tensor without a storage"},
      {with(parameter(parameter(good()))), "a parameter without a tensor"},
      {with(global("torch._utils", "_rebuild_parameter") + ")R"), "a parameter without a tensor"},
  });
}

TEST_CASE("keys, names and depth") {
  const std::string name(300, 'n');
  CHECK(read(pth(dict({text("w"), good(), text(name), whole(3)}))).metadata(name.substr(0, 200) + "...") == "3");
  std::string deep = good();
  for (int i = 0; i < 70; ++i) deep = dict({text("k"), deep});
  check_refused({
      {pth(dict({text("w"), good(), text("w"), good()})), "the key 'w' twice in a dict"},
      {pth(dict({text("w"), good(), text("w"), whole(3)})), "the key 'w' twice in a dict"},
      {pth(dict({text("a.b"), good(), text("a"), dict({text("b"), good()})})), "the tensor 'a.b' twice"},
      {pth(deep), "objects in each other, more than 64"},
      {pth(dict({text(name), dict({text(name), dict({text(name), good()})})})), "a name of more than 500 bytes"},
  });
  // A dict that holds itself, and lists of references to lists: each is visited once.
  CHECK(read(pth("}q" + std::string(1, '\0') + "(" + text("self") + "h" + std::string(1, '\0') + text("w") + good() +
                 "u"))
            .entries()
            .size() == 1);
  std::string bomb = "]" + good() + "aq" + std::string(1, '\0');
  for (char i = 0; i < 60; ++i) bomb += "]q" + std::string(1, static_cast<char>(i + 1)) + "h" + i + "ah" + i + "a";
  CHECK(contains(error_with(pth(bomb)), "something left over"));
  bomb = "(]" + good() + "aq" + std::string(1, '\0');
  for (char i = 0; i < 60; ++i) bomb += "]q" + std::string(1, static_cast<char>(i + 1)) + "h" + i + "ah" + i + "a";
  CHECK(read(pth(bomb + "t")).entries().size() == 1);
}

TEST_CASE("a download that stopped anywhere") {
  const std::string whole_file = test::read_text(test::beside(__FILE__, "weights_python/plain.pth"));
  for (std::size_t length = 0; length < whole_file.size(); length += 7) {
    CAPTURE(length);
    CHECK(contains(error_with(whole_file.substr(0, length)), "x.pth: found"));
  }
}

TEST_CASE("archives that are no weights") {
  const std::string object = test::pickle(good());
  check_refused({
      {test::zip({{"a/data.pkl", object + "N"}}), "bytes behind the end of the pickle"},
      {test::zip({{"a/data.pkl", object}, {"b/data/0", "1"}}), "the entry 'b/data/0', expected all in one folder"},
      {test::zip({{"data.pkl", object}}), "the entry 'data.pkl', expected all in one folder"},
      {test::zip({{"a/version", "3"}}), "without data.pkl"},
      {test::zip({{"a/data.pkl", object}, {"a/code/x.py", "1"}}), "a program of TorchScript"},
      {test::zip({{"a/data.pkl", object}, {"a/constants.pkl", "1"}}), "a program of TorchScript"},
      {test::zip({{"a/data.pkl", ""}}), "data.pkl: found an early end"},
      {pth(dict({})), "no tensors"},
      {pth(whole(3)), "no tensors"},
      {pth(dict({text("state"), dict({whole(0), dict({text("exp_avg"), good()})})})),
       "the state of an optimizer alone"},
      {"", "an empty file"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "a pointer of Git LFS"},
      {"<!DOCTYPE html><html>", "a web page"},
      {"\x89HDF\r\n\x1a\n", "an HDF5 file"},
      {"\x80\4N.", "a pickle"},
  });
}

TEST_CASE("the format before 1.6: views of storages, and every way to end early") {
  const auto id = [](const std::string& view) {
    return tuple({text("storage"), global("torch", "LongStorage"), text("7"), text("cpu"), whole(4), view}) + "Q";
  };
  const std::string object = dict({text("all"), tensor(id("N"), 0, {4}, {1}), text("two"),
                                   tensor(id(tuple({text("8"), whole(1), whole(2)})), 0, {2}, {1})});
  const std::string data = number(4, 8) + number(10, 8) + number(11, 8) + number(12, 8) + number(13, 8);
  const std::string keys = "]" + text("7") + "a", whole_file = old(object, keys, data);
  CHECK(read(whole_file).values<std::int64_t>("two") == std::vector<std::int64_t>{11, 12});
  CHECK(read(whole_file).values<std::int64_t>("all") == std::vector<std::int64_t>{10, 11, 12, 13});
  for (std::size_t length = 0; length < whole_file.size(); ++length)
    CHECK(error_with(whole_file.substr(0, length)) != "");
  check_refused({
      {whole_file + "x", "1 bytes behind the last storage"},
      {old(object, keys, number(5, 8) + data.substr(8)), "a storage of 5 elements"},
      {old(object, "]", ""), "no storage '7'"},
      {old(object, "]" + text("9") + "a", data), "a storage of no tensor"},
      {old(object, "](" + text("7") + text("7") + "e", data + data), "a storage of no tensor, or twice"},
      {old(object, "N", data), "no list of storages"},
      {old(object, keys, data, "}U\x0dlittle_endian\x89s"), "the most significant byte first"},
      {old(dict({text("w"), tensor(id(tuple({text("8"), whole(3), whole(2)})), 0, {2}, {1})}), keys, data),
       "a view that is none of its storage"},
      {old(dict({text("w"), tensor(id("N"), 0, {2, 2}, {3, 1})}), keys, data), "one within the 4 elements"},
      {old(tuple({text("module"), "N", "N", "N"}) + "Q", keys, data), "as of a whole module"},
      {std::string("\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\2M\xe9\4.", 21), "another version"},
  });
}
