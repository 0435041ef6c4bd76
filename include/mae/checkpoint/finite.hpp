// Numbers of files that are not finite: told before anything is computed with them.
#pragma once
#include <string>
#include <vector>

#include <mae/core/bf16.hpp>
#include <mae/core/error.hpp>
#include <mae/core/finite.hpp>

MAE_PRECISE_BEGIN
namespace mae::detail {

inline bool is_finite_number(const double& value) { return is_finite(value); }
inline bool is_finite_number(const float& value) { return is_finite(value); }
inline bool is_finite_number(const bf16& value) { return is_finite(float(value)); }

/// Throws mae::Error about `subject` if one of the numbers of a tensor of `shape`, row-major, is not finite: how many,
/// and where the first is.
template <class T>
void require_finite(const T* values, const std::vector<Index>& shape, const std::string& subject) {
  Index count = 1;
  for (const Index extent : shape) count *= extent;
  Index bad = 0, i = 0;
  constexpr Index block = 512;  // a loop of a known length is compiled to vectors
  for (; i + block <= count; i += block) {
    int here = 0;
    for (Index k = 0; k < block; ++k) here += is_finite_number(values[i + k]) ? 0 : 1;
    bad += here;
  }
  for (; i < count; ++i) bad += is_finite_number(values[i]) ? 0 : 1;
  if (bad == 0) return;
  Index at = 0;
  while (is_finite_number(values[at])) ++at;
  std::string place;
  Index rest = at, size = count;
  for (const Index extent : shape) {
    size /= extent;
    place += (place.empty() ? "[" : ", ") + std::to_string(rest / size);
    rest %= size;
  }
  throw Error(subject,
              std::to_string(bad) + " of " + std::to_string(count) + " numbers that " + (bad == 1 ? "is" : "are") +
                  " not finite, the first at " + (place.empty() ? "[" : place) + "]",
              "finite numbers");
}

}  // namespace mae::detail
MAE_PRECISE_END
