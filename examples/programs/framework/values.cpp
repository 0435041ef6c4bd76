// The types of values that settings have: what is expected, what is taken, what a text on the command line means.
#include "settings.hpp"

#include <nlohmann/json.hpp>

#include <mae/io/files/json_name.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include <mae/core/finite.hpp>

namespace program {
namespace {

using nlohmann::json;

std::string in_range(const Allowed& allowed) {
  std::string text;
  if (mae::is_finite(allowed.low)) text = (allowed.low_included ? " from " : " above ") + plain(allowed.low);
  if (mae::is_finite(allowed.high))
    text += (text.empty()            ? ""
             : allowed.high_included ? ""
                                     : " and") +
            std::string(allowed.high_included ? (allowed.low_included ? " to " : " and at most ") : " below ") +
            plain(allowed.high);
  return text;
}
bool is_in_range(const Allowed& allowed, double value) {
  const bool low = allowed.low_included ? value >= allowed.low : value > allowed.low;
  const bool high = allowed.high_included ? value <= allowed.high : value < allowed.high;
  return mae::is_finite(value) && low && high;
}

/// The number that a whole text is, or the text itself.
template <class T>
json number_of(const std::string& text) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return text;
  return value;
}

}  // namespace

std::string plain(double value) {
  char text[32];
  const bool whole = std::fabs(value) < 1e15 && value == std::trunc(value);
  return {text, whole ? std::to_chars(text, text + sizeof text, static_cast<long long>(value)).ptr
                      : std::to_chars(text, text + sizeof text, value).ptr};
}

template <>
std::string Integer::expected() const {
  return "a whole number" + in_range(allowed_);
}
template <>
json Integer::value() const {
  return value_;
}
template <>
bool Integer::take(const json& value) {
  if (!value.is_number_integer()) return false;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) return false;
  if (!is_in_range(allowed_, value.get<double>())) return false;
  value_ = value.get<mae::Index>();
  return true;
}
template <>
json Integer::meant(const std::string& text) const {
  return number_of<std::int64_t>(text);
}

template <>
std::string Number::expected() const {
  return "a number" + in_range(allowed_);
}
template <>
json Number::value() const {
  return value_;
}
template <>
bool Number::take(const json& value) {
  if (!value.is_number() || !is_in_range(allowed_, value.get<double>())) return false;
  value_ = value.get<double>();
  return true;
}
template <>
json Number::meant(const std::string& text) const {
  return number_of<double>(text);
}

template <>
std::string OptionalNumber::expected() const {
  return "a number" + in_range(allowed_) + ", or null";
}
template <>
json OptionalNumber::value() const {
  return value_ ? json(*value_) : json();
}
template <>
bool OptionalNumber::take(const json& value) {
  if (!value.is_null() && (!value.is_number() || !is_in_range(allowed_, value.get<double>()))) return false;
  value_ = value.is_null() ? std::nullopt : std::optional(value.get<double>());
  return true;
}
template <>
json OptionalNumber::meant(const std::string& text) const {
  return text == "null" ? json() : number_of<double>(text);
}

template <>
std::string Numbers::expected() const {
  return "a list of numbers" + in_range(allowed_);
}
template <>
json Numbers::value() const {
  return value_;
}
template <>
bool Numbers::take(const json& value) {
  if (!value.is_array()) return false;
  for (const json& number : value)
    if (!number.is_number() || !is_in_range(allowed_, number.get<double>())) return false;
  value_ = value.get<std::vector<double>>();
  return true;
}
template <>
json Numbers::meant(const std::string& text) const {
  const json list = json::parse("[" + text + "]", nullptr, false);
  return list.is_discarded() ? json(text) : list;
}

template <>
std::string Text::expected() const {
  std::string text;
  for (const std::string& one : allowed_.texts) text += (text.empty() ? "one of " : ", ") + one;
  return text.empty() ? "a text" : text;
}
template <>
json Text::value() const {
  return mae::json_name(value_);  // paths have any bytes
}
template <>
bool Text::take(const json& value) {
  if (!value.is_string()) return false;
  const std::string text = mae::name_of_json(value.get<std::string>());
  const auto& texts = allowed_.texts;
  if (!texts.empty() && std::find(texts.begin(), texts.end(), text) == texts.end()) return false;
  value_ = text;
  return true;
}
template <>
void Text::set(const std::string& value, const std::string& origin) {
  give(mae::json_name(value), origin, value);
}
template <>
json Text::meant(const std::string& text) const {
  return mae::json_name(text);
}

template <>
std::string Texts::expected() const {
  return "a list of texts";
}
template <>
json Texts::value() const {
  json list = json::array();
  for (const std::string& text : value_) list.push_back(mae::json_name(text));
  return list;
}
template <>
bool Texts::take(const json& value) {
  if (!value.is_array()) return false;
  for (const json& text : value)
    if (!text.is_string()) return false;
  value_.clear();
  for (const json& text : value) value_.push_back(mae::name_of_json(text.get<std::string>()));
  return true;
}
template <>
json Texts::meant(const std::string& text) const {
  return json::array({mae::json_name(text)});
}

template <>
std::string Switch::expected() const {
  return "true or false";
}
template <>
json Switch::value() const {
  return value_;
}
template <>
bool Switch::take(const json& value) {
  if (!value.is_boolean()) return false;
  value_ = value.get<bool>();
  return true;
}
template <>
json Switch::meant(const std::string& text) const {
  return text == "true" ? json(true) : text == "false" ? json(false) : json(text);
}

template class TypedSetting<mae::Index>;
template class TypedSetting<double>;
template class TypedSetting<std::optional<double>>;
template class TypedSetting<std::vector<double>>;
template class TypedSetting<std::string>;
template class TypedSetting<std::vector<std::string>>;
template class TypedSetting<bool>;

}  // namespace program
