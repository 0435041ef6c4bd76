#include <mae/core/error.hpp>

#include <doctest/doctest.h>

using mae::printable;
using namespace std::string_literals;

TEST_CASE("letters of all scripts stay as they are") {
  for (const char* const text : {"", "photo 1.png", "~!@#$%^&*()\\", "café", "Überraschung", "猫.png", "Кот", "صورة",
                                 "תמונה", "🐈.jpg", "𝄞", "e\u0301"})
    CHECK(printable(text) == text);
}

TEST_CASE("what moves a cursor, breaks a line or turns the direction is shown as C writes it") {
  CHECK(printable("\x1b[31mred\x1b[0m") == "\\x1b[31mred\\x1b[0m");
  CHECK(printable("a\nb\r\tc\a\b\x7f") == "a\\nb\\r\\tc\\x07\\x08\\x7f");
  CHECK(printable("a\0b"s) == "a\\x00b");
  CHECK(printable("\u009b31m") == "\\u009b31m");  // an escape code of one character
  CHECK(printable("photo\u202egpj.exe") == "photo\\u202egpj.exe");
  CHECK(printable("\u2066a\u2069\u200f\u061c") == "\\u2066a\\u2069\\u200f\\u061c");
  CHECK(printable("a\u2028b\u2029c\u200bd\ufeffe\u00ad") == "a\\u2028b\\u2029c\\u200bd\\ufeffe\\u00ad");
  CHECK(printable("\U000e0041") == "\\U000e0041");
}

TEST_CASE("bytes that are not UTF-8 are shown as bytes") {
  CHECK(printable("caf\xe9") == "caf\\xe9");
  CHECK(printable("caf\xe9.png") == "caf\\xe9.png");
  CHECK(printable("\x9b\x31m") == "\\x9b1m");
  CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");                  // '/' in two bytes
  CHECK(printable("\xe0\x80\xaf") == "\\xe0\\x80\\xaf");          // and in three
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");          // half of a pair of UTF-16
  CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // above all characters
  CHECK(printable("\xff\xfe") == "\\xff\\xfe");
  CHECK(printable("\xe7\x8c") == "\\xe7\\x8c");  // cut
  CHECK(printable("\xe7\x1b[m") == "\\xe7\\x1b[m");
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b)
      for (const char c : printable(std::string{static_cast<char>(a), static_cast<char>(b)}))
        CHECK(static_cast<unsigned char>(c) >= ' ');
}

TEST_CASE("an error is one line, whatever is in it") {
  CHECK(mae::Error("a\nb.png", "\x1b[2J", "an image").what() == "mae: a\\nb.png: found \\x1b[2J, expected an image"s);
}
