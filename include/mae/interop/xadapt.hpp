// Finds xtensor's adaptors: their header moved to a folder of its own in xtensor 0.26.
//
// Only the preprocessor knows which files exist, so here it is asked, as in core/config.hpp.
#pragma once
#if __has_include(<xtensor/containers/xadapt.hpp>)
#include <xtensor/containers/xadapt.hpp>
#else
#include <xtensor/xadapt.hpp>
#endif
