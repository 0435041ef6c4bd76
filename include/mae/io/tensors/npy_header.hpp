// What the header of a NumPy file, `.npy`, says: element type, order of the axes and shape.
//
//   6 bytes       \x93NUMPY
//   2 bytes       version: 1.0, 2.0 or 3.0
//   2 or 4 bytes  n, the length of the header, little-endian: 2 bytes in version 1.0
//   n bytes       {'descr': '<f4', 'fortran_order': False, 'shape': (2, 196), } in Python's spelling, and spaces
//   the rest      the elements
//
// What NumPy reads is read: keys in any order, spaces and commas as Python allows them, Python 2's `3L`, both byte
// orders. What no array of numbers is, is refused by its name. Nothing is believed before it was compared with the size
// of the file.
// Format: numpy.lib.format.
#pragma once
#include <bit>
#include <charconv>

#include <mae/io/files/file_kind.hpp>
#include <mae/io/tensors/dtype.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// What the header of a .npy file says.
struct NpyHeader {
  std::string dtype;  ///< as the file has it: `<f4`, `|u1`
  std::vector<Index> shape;
  bool fortran = false;  ///< the first axis runs fastest
  Index data = 0;        ///< where the elements start
  char kind = 0;         ///< f real, i and u whole with and without a sign, b true or false
  Index element = 0;     ///< bytes of an element
  bool swapped = false;  ///< the most significant byte comes first
};

namespace detail {

/// An element of type bool as it lies in the file.
struct NpyBool {
  std::uint8_t byte = 0;
};

/// Calls `visit(Stored{})` with the type of elements of `kind` and `bytes`, if there is one.
template <class Visit>
void visit_npy_type(char kind, Index bytes, const Visit& visit) {
  const auto offer = [&](char of, auto zero) {
    if (kind == of && bytes == Index{sizeof(zero)}) visit(zero);
  };
  offer('f', f16{}), offer('f', float{}), offer('f', double{}), offer('b', NpyBool{});
  offer('u', std::uint8_t{}), offer('u', std::uint16_t{}), offer('u', std::uint32_t{}), offer('u', std::uint64_t{});
  offer('i', std::int8_t{}), offer('i', std::int16_t{}), offer('i', std::int32_t{}), offer('i', std::int64_t{});
}

/// The dictionary of a header, taken apart. Python's literals beyond those that stand in such headers are not read.
class NpyDictionary {
 public:
  explicit NpyDictionary(std::string_view text) : text_(text) {}

  /// Fills dtype, shape and order of `header`. False if the text is none: then `columns()` tells whether the elements
  /// are a table.
  bool parse(NpyHeader& header) {
    bool dtype = false, order = false, shape = false;
    if (!skip("{")) return false;
    while (!skip("}")) {
      std::string key;
      if (!string(key) || !skip(":")) return false;
      if (key == "descr" && !dtype) dtype = string(header.dtype) || (columns_ = skip("["), false);
      else if (key == "fortran_order" && !order) order = (header.fortran = skip("True")) || skip("False");
      else if (key == "shape" && !shape) shape = extents(header.shape);
      else return false;
      if (columns_ || !(skip(",") || next() == '}')) return false;
    }
    return dtype && order && shape && next() == 0 && text_.empty();
  }
  bool columns() const { return columns_; }

 private:
  /// The next character that is no space; 0 at the end.
  char next() {
    text_.remove_prefix((std::min)(text_.find_first_not_of(" \t\r\n"), text_.size()));
    return text_.empty() ? '\0' : text_.front();
  }
  bool skip(std::string_view expected) {
    next();
    const bool there = text_.starts_with(expected);
    if (there) text_.remove_prefix(expected.size());
    return there;
  }
  bool string(std::string& to) {
    if (next() == 'u') text_.remove_prefix(1);
    const char quote = next();
    if (quote != '\'' && quote != '"') return false;
    const auto end = text_.find(quote, 1);
    if (end == text_.npos) return false;
    to = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return to.find('\\') == to.npos;
  }
  /// A tuple of numbers: (), (3,), (3, 4) or (3L, 4L), but not (3), which is a number to Python.
  bool extents(std::vector<Index>& to) {
    if (!skip("(")) return false;
    bool comma = true;
    while (!skip(")")) {
      Index extent = -1;
      if (!comma || next() == 0) return false;
      const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), extent);
      if (error != std::errc{} || extent < 0 || to.size() == 64) return false;  // NumPy has no more axes
      text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
      if (text_.starts_with('L')) text_.remove_prefix(1);
      to.push_back(extent);
      comma = skip(",");
    }
    return to.size() != 1 || comma;
  }

  std::string_view text_;
  bool columns_ = false;
};

/// Finds kind, size and byte order in `header.dtype`: `<f4`, `=f4`, `f4`, `float32`. False if it is none that is read.
inline bool parse_npy_type(NpyHeader& header) {
  std::string_view name = header.dtype;
  const char order = name.empty() ? ' ' : name.front();
  if (order == '<' || order == '>' || order == '=' || order == '|') name.remove_prefix(1);
  if (name == "?" || name == "bool") name = "b1";
  Index divisor = 1;  // short names count bytes, long ones bits
  for (const auto& [word, kind] : {std::pair{"float"sv, 'f'}, {"uint"sv, 'u'}, {"int"sv, 'i'}}) {
    if (name.size() != header.dtype.size() || !name.starts_with(word)) continue;  // they have no byte order
    header.kind = kind;
    name.remove_prefix(word.size());
    divisor = 8;
    break;
  }
  if (divisor == 1 && !name.empty()) {
    header.kind = name.front();
    name.remove_prefix(1);
  }
  Index size = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), size);
  if (name.empty() || error != std::errc{} || end != name.data() + name.size() || size % divisor != 0) return false;
  visit_npy_type(header.kind, size / divisor, [&](auto zero) { header.element = Index{sizeof(zero)}; });
  header.swapped = header.element > 1 && order == (std::endian::native == std::endian::little ? '>' : '<');
  return header.element != 0;
}

/// Elements that are no numbers, in words.
inline std::string npy_elements(const NpyHeader& header, bool columns) {
  if (columns) return "a table of columns with names (a structured dtype)";
  const std::string type = quoted(header.dtype);
  switch (header.kind) {
    case 'O':
      return "objects of Python, type " + type;
    case 'c':
      return "complex numbers, type " + type;
    case 'f':
      return "real numbers of another size, type " + type;
    case 'U':
    case 'S':
    case 'T':
      return "texts, type " + type;
    case 'M':
    case 'm':
      return "dates or durations, type " + type;
    case 'V':
      return "bytes without a type, " + type;
    default:
      return "elements of type " + type;
  }
}

}  // namespace detail

/// Reads and checks the header of an array that fills the bytes [begin, end) of `file`; `subject` is how errors name
/// it. Throws `Error` unless it is one, of numbers, exactly as long as its shape says.
inline NpyHeader read_npy_header(const InputFile& file, Index begin, Index end, const std::string& subject) {
  constexpr Index most = 12;
  const Index size = end - begin;
  unsigned char start[most] = {};
  file.read(begin, start, (std::min)(size, most));
  constexpr const char* an_array = "an array of NumPy, as numpy.save writes it";
  if (size < 10 || std::string(start, start + 6) != "\x93NUMPY") {
    if (begin == 0) refuse_kind(file, "no .npy header", an_array);
    throw Error(subject, "no .npy header", an_array);
  }
  const bool wide = start[6] == 2 || start[6] == 3;
  if ((start[6] != 1 && !wide) || start[7] != 0)
    throw Error(subject, "version " + std::to_string(start[6]) + "." + std::to_string(start[7]) + " of .npy",
                "version 1.0, 2.0 or 3.0");
  NpyHeader header;
  const Index before = wide ? 12 : 10;
  const Index length =
      wide ? start[8] + 256 * (start[9] + 256 * (start[10] + Index{256} * start[11])) : start[8] + 256 * start[9];
  header.data = before + length;
  if (header.data > size)
    throw Error(subject, std::to_string(size) + " bytes",
                "at least " + std::to_string(header.data) + ": the header is cut");
  std::string text(static_cast<std::size_t>(length), ' ');
  file.read(begin + before, text.data(), length);
  constexpr const char* numbers = "real or whole numbers of up to 8 bytes, or bool";
  detail::NpyDictionary dictionary(text);
  const bool parsed = dictionary.parse(header);
  if (dictionary.columns()) throw Error(subject, detail::npy_elements(header, true), numbers);
  if (!parsed)
    throw Error(subject, "the header " + detail::quoted(text.substr(0, text.find_last_not_of(" \n") + 1)),
                "{'descr': ..., 'fortran_order': ..., 'shape': (...)}, as numpy.save writes it");
  if (!detail::parse_npy_type(header)) throw Error(subject, detail::npy_elements(header, false), numbers);
  const Index bytes = detail::bytes_of(header.shape, header.element), present = size - header.data;
  if (bytes != present)
    throw Error(subject, std::to_string(present) + " bytes of data",
                (bytes < 0 ? "2^63 or more" : std::to_string(bytes)) + " for " + detail::quoted(header.dtype) +
                    " of shape " + shape_text(header.shape));
  header.data += begin;
  return header;
}
/// The header of a .npy file.
inline NpyHeader read_npy_header(const InputFile& file) { return read_npy_header(file, 0, file.size(), file.path()); }

}  // namespace mae
MAE_PRECISE_END
