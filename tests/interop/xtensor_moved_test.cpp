// The same cases with xtensor's headers in the folders of 0.26 and later. CMake puts tests/interop/moved first in the
// include path.
#include "xtensor_cases.hpp"

static_assert(test::found_moved_header);
