// Working memory of the planner and the verifier: as large as a graph needs, at compile time too.
#pragma once
#include <mae/core/config.hpp>

MAE_PRECISE_BEGIN
namespace mae::detail {

/// `count` elements, all zero or as their type initialises them.
template <class T>
class WorkArray {
 public:
  constexpr explicit WorkArray(int count) : data_(new T[static_cast<unsigned>(count)]{}) {}
  constexpr ~WorkArray() { delete[] data_; }
  WorkArray(const WorkArray&) = delete;
  WorkArray& operator=(const WorkArray&) = delete;
  constexpr T& operator[](int i) { return data_[i]; }
  constexpr const T& operator[](int i) const { return data_[i]; }
  constexpr T* data() { return data_; }
  constexpr const T* data() const { return data_; }

 private:
  T* data_;
};

}  // namespace mae::detail
MAE_PRECISE_END
