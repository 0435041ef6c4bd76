// Numbers as text and back, the same wherever the program runs: with a point, whatever the locale.
//
// `std::to_string(double)`, `printf` and `strtod` follow the C locale, which a graphical toolkit or an embedding
// program sets to the user's; streams follow theirs. What is stored, read back or drawn goes through here instead.
// Libraries that read JSON by `strtod` expect a point of one byte, which in Persian is two.
#pragma once
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace mae {

/// `value` with `decimals` places, rounded to even as `%.*f` does: "0.750000"; "inf" and "nan".
inline std::string decimal_text(double value, int decimals) {
  char text[512];  // a double has at most 309 digits before the point
  const int places = decimals < 0 ? 0 : decimals > 100 ? 100 : decimals;
  return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, places).ptr};
}

/// `value` in at most `digits` digits, with an exponent where that is shorter, as `%.*g` does: "1e-07".
inline std::string short_text(double value, int digits) {
  char text[160];
  const int shown = digits < 1 ? 1 : digits > 100 ? 100 : digits;
  return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::general, shown).ptr};
}

/// `value` in as few digits as give it back: "0.1", "1e-07".
inline std::string shortest_text(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

/// The number that the whole of `text` is; none, if it is no number, or not finite.
template <class T = double>
std::optional<T> number_in(std::string_view text) {
  for (const char c : text)
    if (c != '+' && c != '-' && c != '.' && c != 'e' && c != 'E' && (c < '0' || c > '9')) return std::nullopt;
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

/// The numbers of a list as JSON writes it, "[0.5, 1e-3]"; none, if it is no such list.
inline std::optional<std::vector<double>> numbers_in(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::vector<double> values;
  for (bool more = text.find_first_not_of(' ') != std::string_view::npos; more;) {
    const std::size_t comma = text.find(',');
    std::string_view one = text.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    const std::optional<double> value = number_in(one);
    if (!value) return std::nullopt;
    values.push_back(*value);
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);
  }
  return values;
}

}  // namespace mae
