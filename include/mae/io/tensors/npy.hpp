// NumPy's files of one array, `.npy`, read and written.
//
// No library does it for us: xtensor, the neighbour that has arrays, reads little-endian files of version 1.0 alone,
// takes memory for any shape that a header claims and does not see that data end early; what would be left to it is
// one line of header. So programs read arrays wherever they are built.
//
// Elements are read in the order of the file, in small pieces, and each goes straight to its place, whatever the order
// of the axes: an array is in memory once.
#pragma once
#include <limits>
#include <memory>
#include <span>

#include <mae/core/finite.hpp>
#include <mae/core/number_text.hpp>
#include <mae/core/shape.hpp>
#include <mae/io/files/atomic_file.hpp>
#include <mae/io/tensors/npy_header.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// An array from a file.
template <class T>
struct NpyArray {
  std::vector<Index> shape;
  std::vector<T> values;  // row-major
};

/// What becomes of infinities and of what is not a number.
enum class NotFinite { refused, kept };

namespace detail {

/// The place of element `number` of the file, as NumPy's index: `[3, 17]`.
inline std::string npy_place(const NpyHeader& header, Index number) {
  std::vector<Index> place(header.shape.size());
  for (std::size_t i = 0; i < place.size(); ++i) {
    const std::size_t axis = header.fortran ? i : place.size() - 1 - i;
    place[axis] = number % header.shape[axis];
    number /= header.shape[axis];
  }
  return shape_text(place);
}
[[noreturn]] inline void refuse_element(const std::string& path, const NpyHeader& header, Index number,
                                        const std::string& value, const std::string& expected) {
  throw Error(path, "the value " + value + " at " + npy_place(header, number), expected);
}

/// An array's strides, in elements, where the last axis runs fastest.
inline std::vector<Index> row_major_strides(const std::vector<Index>& shape) {
  std::vector<Index> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i > 1; --i) strides[i - 2] = strides[i - 1] * shape[i - 1];
  return strides;
}

/// Turns the bytes of each of `count` elements round.
template <class Stored>
void swap_bytes(Stored* elements, Index count) {
  auto* bytes = reinterpret_cast<unsigned char*>(elements);
  constexpr Index size{sizeof(Stored)};
  for (Index i = 0; i < count; ++i) std::reverse(bytes + i * size, bytes + (i + 1) * size);
}

/// Reads all elements in the order of the file and calls `put(place, value, number)`: the element at index (i, j, ...)
/// has the place i * strides[0] + j * strides[1] + ... `Stored` is the type that the header names.
template <class Stored, class Put>
void for_each_element(const InputFile& file, const NpyHeader& header, const std::vector<Index>& strides,
                      const Put& put) {
  struct Axis {
    Index extent, stride, at;
  };
  std::vector<Axis> axes;  // the fastest first; two that follow each other without a gap are one
  for (std::size_t i = 0; i < strides.size(); ++i) {
    const std::size_t axis = header.fortran ? i : strides.size() - 1 - i;
    const Index extent = header.shape[axis], stride = strides[axis];
    if (!axes.empty() && stride == axes.back().extent * axes.back().stride) axes.back().extent *= extent;
    else if (extent != 1) axes.push_back({extent, stride, 0});
  }
  if (axes.empty()) axes.push_back({1, 1, 0});
  constexpr Index piece = Index{1 << 16} / Index{sizeof(Stored)};
  const std::unique_ptr<Stored[]> buffer(new Stored[piece]);
  Stored* const elements = buffer.get();
  const Index count = bytes_of(header.shape, 1);
  for (Index number = 0, place = 0; number < count;) {
    const Index now = (std::min)(piece, count - number);
    file.read(header.data + number * Index{sizeof(Stored)}, elements, now * Index{sizeof(Stored)});
    if (header.swapped) swap_bytes(elements, now);
    for (Index i = 0; i < now;) {
      const Index run = (std::min)(now - i, axes[0].extent - axes[0].at), stride = axes[0].stride;
      for (Index k = 0; k < run; ++k) put(place + k * stride, elements[i + k], number + i + k);
      i += run;
      axes[0].at += run;
      place += run * stride;
      for (std::size_t a = 0; axes[a].at == axes[a].extent;) {
        place -= axes[a].extent * axes[a].stride;
        axes[a].at = 0;
        if (++a == axes.size()) break;
        ++axes[a].at;
        place += axes[a].stride;
      }
    }
    number += now;
  }
}

/// True if elements of a file convert to `T`: real to real, whole (bool too) to whole.
template <class T, class Stored>
inline constexpr bool npy_converts = is_real<T> == is_real<Stored> && !std::is_same_v<T, f16>;

}  // namespace detail

/// Reads an array whose elements convert to `T`, float, double or whole: real to real, whole or bool to whole that can
/// hold every value found. Throws `Error` if the file is missing, damaged or of another kind, if a value does not fit,
/// and, unless they are to be kept, for infinities and NaN: with their place.
template <class T>
NpyArray<T> read_npy(const std::string& path, NotFinite not_finite = NotFinite::refused) {
  const InputFile file(path);
  const NpyHeader header = read_npy_header(file);
  NpyArray<T> array{header.shape, {}};
  const Index count = detail::bytes_of(header.shape, 1);
  bool convertible = false;
  detail::visit_npy_type(header.kind, header.element, [&](auto zero) {
    using Stored = decltype(zero);
    if constexpr (detail::npy_converts<T, Stored>) {
      convertible = true;
      if (count == 0) return;
      array.values = detail::room_for<T>(path, count);
      detail::for_each_element<Stored>(
          file, header, detail::row_major_strides(header.shape), [&](Index place, Stored stored, Index number) {
            T& value = array.values[static_cast<std::size_t>(place)];
            if constexpr (std::is_same_v<Stored, detail::NpyBool>) {
              value = stored.byte != 0 ? 1 : 0;
            } else if constexpr (detail::is_real<T>) {
              const double real = static_cast<double>(stored);
              constexpr double most = double{(std::numeric_limits<T>::max)()};
              const bool finite = is_finite(real), fits = !finite || (real >= -most && real <= most);
              if (!fits || (!finite && not_finite == NotFinite::refused))
                detail::refuse_element(path, header, number, shortest_text(real),
                                       finite ? std::string("values that fit ") + dtype_of<T>() : "finite numbers");
              value = static_cast<T>(stored);
            } else {
              if (!std::in_range<T>(stored))
                detail::refuse_element(path, header, number, std::to_string(stored),
                                       "values from " + std::to_string((std::numeric_limits<T>::min)()) + " to " +
                                           std::to_string((std::numeric_limits<T>::max)()));
              value = static_cast<T>(stored);
            }
          });
    }
  });
  if (!convertible)
    throw Error(path, "elements of type " + detail::quoted(header.dtype),
                detail::is_real<T> ? "real numbers: f2, f4 or f8" : "whole numbers");
  return array;
}

/// Writes `values`, anything contiguous such as a vector or a span, as an array of `shape`, atomically. Throws `Error`
/// if their number is another than the shape's or the file cannot be written.
template <class Values>
void write_npy(const std::string& path, const std::vector<Index>& shape, const Values& values) {
  using T = std::remove_cvref_t<decltype(*std::data(values))>;
  static_assert(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>, "mae::write_npy: real or whole numbers");
  const bool negative = std::any_of(shape.begin(), shape.end(), [](Index extent) { return extent < 0; });
  if (negative || detail::bytes_of(shape, 1) != static_cast<Index>(std::size(values)))
    throw Error(path, std::to_string(std::size(values)) + " values", "as many as shape " + shape_text(shape) + " has");
  const char kind = std::is_floating_point_v<T> ? 'f' : std::is_signed_v<T> ? 'i' : 'u';
  const char order = sizeof(T) == 1 ? '|' : std::endian::native == std::endian::little ? '<' : '>';
  std::string extents = shape_text(shape);
  extents = "(" + extents.substr(1, extents.size() - 2) + (shape.size() == 1 ? ",)" : ")");
  std::string header = std::string("{'descr': '") + order + kind + std::to_string(sizeof(T)) +
                       "', 'fortran_order': False, 'shape': " + extents + ", }";
  header.append(63 - (10 + header.size()) % 64, ' ');  // NumPy lets the elements start at a multiple of 64
  header += '\n';
  const std::string start =
      "\x93NUMPY" + std::string({1, 0, static_cast<char>(header.size() % 256), static_cast<char>(header.size() / 256)});
  AtomicFile file(path);
  file.write(start.data(), static_cast<Index>(start.size()));
  file.write(header.data(), static_cast<Index>(header.size()));
  file.write(std::data(values), static_cast<Index>(std::size(values) * sizeof(T)));
  file.commit();
}
/// Writes a tensor or view, in its own shape, the batch first.
template <class X>
requires requires(const X& x) { x.batch(), x.data(), X::Shape::rank; }
void write_npy(const std::string& path, const X& x) {
  std::vector<Index> shape;
  for (Index k = 0; k < X::Shape::rank; ++k) {
    const Index extent = X::Shape::extent(k);
    shape.push_back(extent == dyn ? x.batch() : extent);
  }
  write_npy(path, shape, std::span(x.data(), static_cast<std::size_t>(x.size())));
}

}  // namespace mae
MAE_PRECISE_END
