// Tables that spreadsheets read back: what RFC 4180 asks for, whatever is in a name.
#include <framework/table.hpp>

#include <doctest/doctest.h>

#include "support/temporary.hpp"

using program::Table;

TEST_CASE("commas, quotes, line breaks and bytes that are no characters") {
  Table table({"file", "class"});
  table.add({"a.png", "five, or V"});
  table.add({"say \"a\".png", ""});
  table.add({"two\nlines", "caf\xC3\xA9"});
  table.add({"caf\xE9", "\r"});
  const test::TemporaryDirectory folder;
  table.write(folder / "table.csv");
  const std::vector<char> bytes = mae::read_file<char>(folder / "table.csv");
  CHECK(std::string(bytes.begin(), bytes.end()) ==
        "file,class\n"
        "a.png,\"five, or V\"\n"
        "\"say \"\"a\"\".png\",\n"
        "\"two\nlines\",caf\xC3\xA9\n"
        "caf\xEF\x9F\xA9,\"\r\"\n");
}

TEST_CASE("a number that is none has an empty cell") {
  CHECK(program::table_number(0.5) == "0.5");
  CHECK(program::table_number(1. / 3) == "0.3333333");
  CHECK(program::table_number(std::numeric_limits<double>::quiet_NaN()).empty());
  CHECK(program::table_number(std::numeric_limits<double>::infinity()).empty());
}
