#include <mae/io/files/flat_json.hpp>

#include <doctest/doctest.h>

#include <support/temporary.hpp>

using test::contains;

namespace {

const test::TemporaryDirectory folder;
using Values = std::map<std::string, std::string>;

Values read(const std::string& text) {
  test::put_text(folder / "x.json", text);
  return mae::read_flat_json(mae::InputFile(folder / "x.json"));
}
std::string error_with(const std::string& text) {
  return test::error_of([&] { read(text); });
}

}  // namespace

TEST_CASE("each value under the way that leads to it, numbers as they were written") {
  CHECK(read(R"( {"a": 1, "b": {"c": -2, "d": {"e": 1e-12}}, "f": "text", "g": true, "h": null})") ==
        Values{{"a", "1"}, {"b.c", "-2"}, {"b.d.e", "1e-12"}, {"f", "text"}, {"g", "true"}, {"h", "null"}});
  CHECK(read(R"({"size": [224, 192], "deep": [[1], [], ["x", null]], "of": [{"a": [1, {"b": 2}]}, 3], "after": 4})") ==
        Values{{"size", "[224, 192]"}, {"deep", "[[1], [], [x, null]]"}, {"of", "[{}, 3]"}, {"after", "4"}});
  CHECK(read("{}").empty());
  CHECK(read(R"({"a": {}})").empty());
}

TEST_CASE("what is no object, or says a thing twice, or too much") {
  std::string nested, many = "{", name(501, 'n');
  for (int i = 0; i < 100; ++i) nested += "{\"a\":";
  for (int i = 0; i < 100000; ++i) many += "\"" + std::to_string(i) + "\":1,";
  const std::vector<std::pair<std::string, std::string>> rows{
      {"", "an empty file"},
      {"[1]", "a text in JSON, expected a JSON object"},
      {"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"},
      {"<html>", "a web page"},
      {"{", "malformed JSON at byte"},
      {"{} x", "malformed JSON at byte"},
      {R"({"a": 1, "a": 2})", "the key 'a' twice"},
      {R"({"a": {"b": 1}, "a": {"b": 2}})", "the key 'a.b' twice"},
      {R"({"a": NaN})", "malformed JSON at byte"},
      {std::string("{}\0{}", 5), "a zero byte"},
      {nested, "more than 64 levels"},
      {"{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}", "more than 64 levels"},
      {"{\"" + name + "\": 1}", "a name of more than 500 bytes"},
      {many + "\"x\":1}", "bytes of settings"},
      {"{\"a\": \"" + std::string(static_cast<std::size_t>(mae::json_limit), 'x') + "\"}", "JSON of at most 4194304"},
  };
  for (const auto& [text, message] : rows) {
    const std::string error = error_with(text);
    CAPTURE(error);
    CHECK(contains(error, "x.json: found"));
    CHECK(contains(error, message));
  }
}
