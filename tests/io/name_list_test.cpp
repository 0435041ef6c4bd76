#include <algorithm>

#include <mae/io/images/name_list.hpp>

#include <doctest/doctest.h>

#include <support/temporary.hpp>

using mae::json_name, mae::name_of_json;
using test::contains, test::error_of;
using Names = std::vector<std::string>;

TEST_CASE("names of any bytes become UTF-8 and come back") {
  CHECK(json_name("plain name.png") == "plain name.png");
  CHECK(json_name("caf\xC3\xA9 \xE7\x8C\xAB \xF0\x9F\x90\x88") == "caf\xC3\xA9 \xE7\x8C\xAB \xF0\x9F\x90\x88");
  CHECK(json_name("caf\xE9") == "caf\xEF\x9F\xA9");  // U+F7E9
  CHECK(name_of_json("caf\xEF\x9F\xA9") == "caf\xE9");
  // Every pair of bytes, and what is nearly a character: cut, too long, a surrogate, beyond the last, U+F780 itself.
  Names names{"\xE7\x8C",
              "\xC0\xAF",
              "\xE0\x80\xAF",
              "\xED\xA0\x80",
              "\xF4\x90\x80\x80",
              "\xF0\x80\x80\x80",
              "\xF8\x88",
              "\xEF\x9E\x80",
              "a\xEF\x9F\xBF"
              "b",
              "\x80\xEF\x9E",
              "\xEF\x9E\x7F",
              "\xEF\x9D\xBF"};
  for (int first = 1; first < 256; ++first)
    for (int second = 1; second < 256; ++second) names.push_back({static_cast<char>(first), static_cast<char>(second)});
  for (const std::string& name : names) {
    const std::string text = json_name(name);
    if (name_of_json(text) != name) FAIL("another name comes back");
    if (name_of_json(nlohmann::json::parse(nlohmann::json(text).dump()).get<std::string>()) != name)
      FAIL("JSON has another name");
  }
}

TEST_CASE("lists of names are written and read, a name a line") {
  const test::TemporaryDirectory folder;
  const Names names{"a.png", "two\nlines", "\x1B[2Jtab\t", "caf\xE9/\"q\".png", ""};
  mae::write_names(folder / "files.json", names);
  CHECK(mae::read_names(folder / "files.json") == names);
  const std::string text = test::read_text(folder / "files.json");
  CHECK(std::count(text.begin(), text.end(), '\n') == 7);
  CHECK(mae::names_text({"a", "b"}) == R"(["a","b"])");
  for (const char* wrong : {"{\"a\": \"b\"}", "[1]", "7", "[", "\"a\""}) {
    test::write_text(folder / "files.json", wrong);
    CHECK(contains(error_of([&] { mae::read_names(folder / "files.json"); }),
                   "/files.json: found what is no list of names, expected a JSON list of texts"));
  }
}

TEST_CASE("the first class that differs is told") {
  using Pair = std::pair<std::string, std::string>;
  CHECK(mae::first_difference({"cat", "dog"}, {"cat", "emu"}) == Pair{"class 1 'dog'", "class 1 'emu'"});
  CHECK(mae::first_difference({"cat"}, {"cat", "emu"}) == Pair{"class 1 missing", "class 1 'emu'"});
  CHECK(mae::first_difference({}, {"cat"}) == Pair{"no names of classes", "class 0 'cat'"});
}
