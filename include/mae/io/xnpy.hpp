// Finds xtensor's reader and writer of .npy files: its header moved to a folder of its own in xtensor 0.26.
//
// This is the one place beside core/config.hpp that asks the preprocessor, for only it knows which files exist.
#pragma once
#if __has_include(<xtensor/io/xnpy.hpp>)
#include <xtensor/io/xnpy.hpp>
#else
#include <xtensor/xnpy.hpp>
#endif
