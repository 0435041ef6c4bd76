// A tensor: elements in memory whose shape is part of its type.
//
// `Tensor<float, Shape<dyn, 196, 768>> x(8);` owns 8 samples; `View` borrows them. Both are row-major and dense. All
// extents but the batch are compile-time numbers, so an index is a few multiply-adds by constants and a wrong number
// of indices, or a reshape that changes the number of elements, is a compile error.
#pragma once
#include <mae/backend/buffer.hpp>

namespace mae {

namespace detail {
/// Offset of element (i, j, ...) in row-major order.
template <class S, class... Indices>
constexpr Index offset_of(Indices... indices) {
  static_assert(sizeof...(Indices) == S::rank, "mae: a tensor takes one index for each extent of its shape");
  Index offset = 0, axis = 0;
  ((offset = offset * (axis == 0 ? 1 : S::extent(axis)) + Index(indices), ++axis), ...);
  return offset;
}
}  // namespace detail

/// Borrowed elements of shape `S`; `batch` samples if the shape starts with `dyn`. `T` may be const.
template <class T, class S>
class View {
 public:
  using Element = T;
  using Shape = S;

  View(T* data, Index batch = 1) : data_(data), batch_(S::batched ? batch : 1) {}
  /// A view of mutable elements is also a view of constant ones.
  View(const View<std::remove_const_t<T>, S>& other)
    requires(std::is_const_v<T>)
      : View(other.data(), other.batch()) {}

  T* data() const { return data_; }
  Index batch() const { return batch_; }
  Index size() const { return batch_ * S::count; }
  T* begin() const { return data_; }
  T* end() const { return data_ + size(); }
  /// Element (i, j, ...), one index for each extent. Not bounds-checked.
  template <class... Indices>
  T& operator()(Indices... indices) const {
    return data_[detail::offset_of<S>(indices...)];
  }
  /// The same elements under another shape with as many per sample.
  template <class Other>
  View<T, Other> reshape() const {
    static_assert(Other::count == S::count && Other::batched == S::batched,
                  "mae::View::reshape: both shapes must hold the same number of elements");
    return {data_, batch_};
  }
  /// Samples [begin, begin + count) of a batched view.
  View slice(Index begin, Index count) const {
    static_assert(S::batched, "mae::View::slice: only a shape that starts with dyn has samples to slice");
    if (begin < 0 || count < 0 || count > batch_ - begin)
      throw Error("View::slice", std::to_string(count) + " samples from " + std::to_string(begin),
                  "a range within " + std::to_string(batch_) + " samples");
    return {data_ + begin * S::count, count};
  }

 private:
  T* data_;
  Index batch_;
};

/// Owned elements of shape `S`, zero at first.
template <class T, class S, class MemorySpace = Host>
class Tensor {
 public:
  using Element = T;
  using Shape = S;

  Tensor()
    requires(!S::batched)
      : buffer_(S::count) {}
  explicit Tensor(Index batch)
    requires(S::batched)
      : buffer_(size_product(checked(batch), S::count)), batch_(batch) {}

  T* data() { return buffer_.data(); }
  const T* data() const { return buffer_.data(); }
  Index batch() const { return batch_; }
  Index size() const { return buffer_.size(); }
  T* begin() { return buffer_.begin(); }
  T* end() { return buffer_.end(); }
  const T* begin() const { return buffer_.begin(); }
  const T* end() const { return buffer_.end(); }
  template <class... Indices>
  T& operator()(Indices... indices) {
    return data()[detail::offset_of<S>(indices...)];
  }
  template <class... Indices>
  const T& operator()(Indices... indices) const {
    return data()[detail::offset_of<S>(indices...)];
  }
  View<T, S> view() { return {data(), batch_}; }
  View<const T, S> view() const { return {data(), batch_}; }
  operator View<T, S>() { return view(); }
  operator View<const T, S>() const { return view(); }

 private:
  static Index checked(Index batch) {
    if (batch < 1) throw Error("Tensor", "a batch of " + std::to_string(batch), "at least one sample");
    return batch;
  }
  Buffer<T, MemorySpace> buffer_;
  Index batch_ = 1;
};

}  // namespace mae
