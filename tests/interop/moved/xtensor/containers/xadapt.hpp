// Stands where xtensor 0.26 and later have their adaptors, for a test with an xtensor that has them elsewhere.
#pragma once
#if __has_include_next(<xtensor/containers/xadapt.hpp>)
#include_next <xtensor/containers/xadapt.hpp>
#else
#include <xtensor/xadapt.hpp>
#endif
namespace test {
inline constexpr bool found_moved_header = true;
}
