// NumPy's files of one array, `.npy`, read and written with xtensor. Who includes this file has xtensor and xtl.
//
//   6 bytes   \x93NUMPY
//   2 bytes   version, 1.0
//   2 bytes   n, the length of the header, little-endian
//   n bytes   {'descr': '<f4', 'fortran_order': False, 'shape': (2, 196), } and spaces, ended by a newline
//   the rest  the elements
//
// xtensor writes the files and brings arrays in Fortran's order into C's. Its reader is not used, for it trusts what it
// reads: it takes memory for any shape that a header claims, does not see that the data end early, and reads lengths as
// signed bytes. Here the header is compared with the size of the file first; then the elements go straight to their
// place.
// Format: numpy.lib.format.
#pragma once
#include <charconv>
#include <string_view>

#include <mae/io/atomic_file.hpp>
#include <mae/io/claims.hpp>
#include <mae/io/dtype.hpp>
#include <mae/io/input_file.hpp>
#include <mae/io/xnpy.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// An array from a file.
template <class T>
struct NpyArray {
  std::vector<Index> shape;
  std::vector<T> values;  // row-major
};

/// What the header of a .npy file says.
struct NpyHeader {
  std::string dtype;  ///< as NumPy writes it: `<f4`, `|u1`
  std::vector<Index> shape;
  bool fortran = false;  ///< the first axis runs fastest
  Index data = 0;        ///< where the elements start
};

namespace detail {

/// Takes the text of a header apart: exactly the form that NumPy writes. False if it is not.
inline bool parse_npy_header(std::string_view text, NpyHeader& header) {
  const auto skip = [&](std::string_view expected) {
    const bool there = text.starts_with(expected);
    if (there) text.remove_prefix(expected.size());
    return there;
  };
  if (!skip("{'descr': '")) return false;
  header.dtype = text.substr(0, (std::min)(text.find('\''), text.size()));
  text.remove_prefix(header.dtype.size());
  if (!skip("', 'fortran_order': ")) return false;
  header.fortran = skip("True");
  if (!(header.fortran || skip("False")) || !skip(", 'shape': (")) return false;
  while (!text.starts_with(')')) {
    Index extent = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), extent);
    if (error != std::errc{} || extent < 0) return false;
    header.shape.push_back(extent);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!(skip(", ") || skip(",")) && !text.starts_with(')')) return false;
    if (header.shape.size() > 64) return false;  // NumPy has no more axes
  }
  return (skip("), }") || skip(")}")) && text.find_first_not_of(' ') == text.size() - 1 && text.ends_with('\n');
}

/// Calls `visit(Stored{})` with the element type that NumPy and xtensor call `dtype`, if there is one.
template <class Visit>
void visit_npy_dtype(const std::string& dtype, const Visit& visit) {
  const auto offer = [&](const char* name, auto zero) {
    if (dtype == name) visit(zero);
  };
  offer("<f4", float{}), offer("<f8", double{});
  offer("|u1", std::uint8_t{}), offer("<u2", std::uint16_t{}), offer("<u4", std::uint32_t{});
  offer("<u8", std::uint64_t{}), offer("|i1", std::int8_t{}), offer("<i2", std::int16_t{});
  offer("<i4", std::int32_t{}), offer("<i8", std::int64_t{});
}

/// Elements in Fortran's order, brought into C's.
template <class T>
std::vector<T> row_major(const std::vector<T>& values, const std::vector<Index>& shape) {
  const auto array =
      xt::adapt<xt::layout_type::column_major>(values, std::vector<std::size_t>(shape.begin(), shape.end()));
  return {array.template begin<xt::layout_type::row_major>(), array.template end<xt::layout_type::row_major>()};
}

}  // namespace detail

/// Reads and checks the header of a .npy file. Throws `Error` unless it is one, of numbers in this machine's byte
/// order, exactly as long as its shape says.
inline NpyHeader read_npy_header(const InputFile& file) {
  constexpr Index before = 10;
  unsigned char start[before] = {};
  file.read(0, start, (std::min)(file.size(), before));
  if (file.size() < before || std::string(start, start + 6) != "\x93NUMPY")
    throw Error(file.path(), "no .npy header", "a file written by numpy.save");
  const Index length = start[8] + 256 * start[9];
  if (start[6] != 1 || start[7] != 0)
    throw Error(file.path(), "version " + std::to_string(start[6]) + "." + std::to_string(start[7]) + " of .npy",
                "version 1.0: an array of numbers");
  std::string text(static_cast<std::size_t>((std::min)(length, file.size() - before)), ' ');
  file.read(before, text.data(), static_cast<Index>(text.size()));
  NpyHeader header;
  if (!detail::parse_npy_header(text, header))
    throw Error(file.path(), "a damaged .npy header", "{'descr': ..., 'fortran_order': ..., 'shape': ...}");
  Index element = 0;
  detail::visit_npy_dtype(header.dtype, [&](auto zero) { element = Index{sizeof(zero)}; });
  if (element == 0)
    throw Error(file.path(), "elements of type " + detail::quoted(header.dtype),
                "<f4, <f8, or whole numbers of up to 8 bytes");
  header.data = before + length;
  const Index bytes = detail::bytes_of(header.shape, element), present = file.size() - header.data;
  if (bytes != present)
    throw Error(file.path(), std::to_string(present) + " bytes of data",
                (bytes < 0 ? "2^63 or more" : std::to_string(bytes)) + " for '" + header.dtype + "' of shape " +
                    shape_text(header.shape));
  return header;
}

/// Reads an array whose elements convert to `T`: real to real, whole to whole that can hold every value found. Throws
/// `Error` if the file is missing, damaged or of another kind.
template <class T>
NpyArray<T> read_npy(const std::string& path) {
  const InputFile file(path);
  NpyHeader header = read_npy_header(file);
  NpyArray<T> array{std::move(header.shape), {}};
  if (detail::bytes_of(array.shape, 1) == 0) return array;
  bool convertible = false;
  detail::visit_npy_dtype(header.dtype, [&](auto zero) {
    using Stored = decltype(zero);
    if constexpr (detail::is_real<T> == detail::is_real<Stored>) {
      convertible = true;
      auto stored = detail::room_for<Stored>(path, detail::bytes_of(array.shape, 1));
      file.read(header.data, stored.data(), static_cast<Index>(stored.size() * sizeof(Stored)));
      if (header.fortran) stored = detail::row_major(stored, array.shape);
      if constexpr (std::is_same_v<T, Stored>) {
        array.values = std::move(stored);
      } else {
        for (const Stored value : stored) array.values.push_back(detail::convert_element<T>(value, path));
      }
    }
  });
  if (!convertible)
    throw Error(path, "elements of type " + detail::quoted(header.dtype),
                detail::is_real<T> ? "real numbers: <f4 or <f8" : "whole numbers");
  return array;
}

/// Writes `values`, anything contiguous such as a vector or a span, as an array of `shape`, atomically. Throws `Error`
/// if their number is another than the shape's or the file cannot be written.
template <class Values>
void write_npy(const std::string& path, const std::vector<Index>& shape, const Values& values) {
  const bool negative = std::any_of(shape.begin(), shape.end(), [](Index extent) { return extent < 0; });
  if (negative || detail::bytes_of(shape, 1) != static_cast<Index>(std::size(values)))
    throw Error(path, std::to_string(std::size(values)) + " values", "as many as shape " + shape_text(shape) + " has");
  const std::vector<std::size_t> extents(shape.begin(), shape.end());
  const auto array = xt::adapt(std::data(values), std::size(values), xt::no_ownership(), extents);
  const std::string text = xt::dump_npy(array);
  write_file(path, text.data(), static_cast<Index>(text.size()));
}

}  // namespace mae
MAE_PRECISE_END
