// Stands where xtensor 0.26 and later have their .npy files, for a test with an xtensor that has them elsewhere.
#pragma once
#if __has_include_next(<xtensor/io/xnpy.hpp>)
#include_next <xtensor/io/xnpy.hpp>
#else
#include <xtensor/xnpy.hpp>
#endif
namespace test {
inline constexpr bool found_moved_npy_header = true;
}
