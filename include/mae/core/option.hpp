// What a numeric option may be, stated once: where options are listed by name, each comes with its range.
//
//   template <class Options, class Visit>
//   static void each(Options& options, const Visit& visit) {
//     auto& [momentum, clip] = options;                       // all there are, or this does not compile
//     visit("momentum", momentum, OptionRange::below_one());
//     visit("clip", clip, OptionRange::from_zero());
//   }
//
// Such a list serves whatever writes options, reads them or compares them, and `CheckOption`.
#pragma once
#include <string>
#include <type_traits>

#include <mae/core/error.hpp>
#include <mae/core/finite.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Finite numbers from `least` on, or above it, and below `end` if that is not 0.
struct OptionRange {
  const char* expected = "a finite number";
  double least = -1e308;
  bool above = false;
  double end = 0;

  static constexpr OptionRange from_zero() { return {"a finite number from 0", 0}; }
  static constexpr OptionRange above_zero() { return {"a finite number above 0", 0, true}; }
  static constexpr OptionRange below_one() { return {"a number in [0, 1)", 0, false, 1}; }
  static constexpr OptionRange from_one() { return {"a whole number from 1", 1}; }

  template <class T>
  constexpr bool has(const T& value) const {
    if constexpr (std::is_floating_point_v<T>)
      if (!is_finite(value)) return false;
    const auto number = static_cast<double>(value);
    return number >= least && !(above && number == least) && (end == 0 || number < end);
  }
};

/// Throws mae::Error that names the option unless its value is in range.
struct CheckOption {
  template <class T>
  void operator()(const char* name, const T& value, const OptionRange& range = {}) const {
    if (!range.has(value)) throw Error(name, std::to_string(value), range.expected);
  }
};

}  // namespace mae
MAE_PRECISE_END
