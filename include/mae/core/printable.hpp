// Text that others wrote, such as the name of a file, made harmless for a screen.
//
// A name may hold any byte but two. Printed as it is, an escape code moves the cursor or hides what came before, a line
// feed makes two lines of one, and a mark for writing from right to left turns "gpj.exe" into "exe.jpg". They are shown
// as C writes them: "\x1b", "\n", "\u202e". Letters of all scripts stay.
#pragma once
#include <string>
#include <string_view>

namespace mae {

namespace detail {

struct Character {
  std::size_t bytes;     ///< 0: no character of UTF-8 begins here
  unsigned long number;  ///< its code point
};

/// The character of UTF-8 at the beginning of `text`, which is not empty: the shortest form alone, and no surrogate.
inline Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t bytes = byte(0) < 0x80 ? 1 : byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (bytes == 1) return {1, byte(0)};
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < bytes) return {0, byte(0)};
  unsigned long number = byte(0) & (0x7fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {0, byte(0)};
    number = number << 6 | (byte(i) & 0x3f);
  }
  constexpr unsigned long least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (number < least[bytes] || number > 0x10ffff || (number >= 0xd800 && number <= 0xdfff)) return {0, byte(0)};
  return {bytes, number};
}

/// Whether a terminal does something else than to show it: control characters, marks of direction, ends of lines and
/// paragraphs, and what has no width.
inline bool controls(unsigned long c) {
  auto between = [c](unsigned long low, unsigned long high) { return c >= low && c <= high; };
  return c < 0x20 || between(0x7f, 0x9f) || c == 0xad || c == 0x61c || between(0x200b, 0x200f) ||
         between(0x2028, 0x202e) || between(0x2060, 0x206f) || c == 0xfeff || between(0xfff9, 0xfffb) ||
         between(0xe0000, 0xe007f);
}

inline std::string escape(unsigned long c, bool byte) {
  if (c == '\n') return "\\n";
  if (c == '\r') return "\\r";
  if (c == '\t') return "\\t";
  const bool narrow = byte || c < 0x80;
  const int digits = narrow ? 2 : c < 0x10000 ? 4 : 8;
  std::string text = narrow ? "\\x" : c < 0x10000 ? "\\u" : "\\U";
  for (int i = digits - 1; i >= 0; --i) text += "0123456789abcdef"[c >> 4 * i & 15];
  return text;
}

}  // namespace detail

/// `text` with every character escaped that is not to be seen, and every byte that is not UTF-8.
inline std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const auto [bytes, number] = detail::first_character(text);
    if (bytes == 0 || detail::controls(number)) shown += detail::escape(number, bytes == 0);
    else shown += text.substr(0, bytes);
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return shown;
}

}  // namespace mae
