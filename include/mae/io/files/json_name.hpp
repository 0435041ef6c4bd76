// Names of files as texts that JSON may hold, whatever their bytes, and back.
//
// The system's names are bytes; JSON's texts are UTF-8. A byte that is no part of a UTF-8 character stands in JSON as
// one of the characters U+F780 to U+F7FF, whose last eight bits it is (the encoding "x-user-defined" of the WHATWG);
// where a name has such a character itself, its bytes do. So every name comes back as it was, and every program that
// reads JSON can read the file. Control characters are no matter: JSON writes them as escapes.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include <mae/core/config.hpp>
#include <mae/core/printable.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {
/// The byte that a character of three bytes stands for, or -1: U+F780 to U+F7FF are EF 9E 80 to EF 9F BF.
inline int byte_behind(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() != 3 || byte(0) != 0xEF || (byte(1) & 0xFEu) != 0x9E) return -1;
  return 0x80 | ((byte(1) & 1) << 6) | (byte(2) & 0x3F);
}
}  // namespace detail

/// A name as valid UTF-8: itself, if it is that and has no character that stands for a byte.
inline std::string json_name(std::string_view name) {
  std::string text;
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t length = detail::first_character(name.substr(at)).bytes;
    if (length > 0 && detail::byte_behind(name.substr(at, length)) < 0) {
      text += name.substr(at, length);
      at += length;
      continue;
    }
    const auto byte = static_cast<unsigned char>(name[at++]);
    text += {'\xEF', static_cast<char>(0x9E | ((byte >> 6) & 1)), static_cast<char>(0x80 | (byte & 0x3F))};
  }
  return text;
}

/// The name that `json_name` made `text` of.
inline std::string name_of_json(std::string_view text) {
  std::string name;
  for (std::size_t at = 0, length = 0; at < text.size(); at += length) {
    length = detail::first_character(text.substr(at)).bytes;
    if (length == 0) length = 1;
    const std::string_view character = text.substr(at, length);
    if (const int byte = detail::byte_behind(character); byte >= 0) name += static_cast<char>(byte);
    else name += character;
  }
  return name;
}

}  // namespace mae
MAE_PRECISE_END
