// Arrays of NumPy with xtensor's headers in the folders of 0.26 and later. CMake puts tests/interop/moved first in the
// include path.
#include <mae/io/npy.hpp>

#include <doctest/doctest.h>

#include "temporary.hpp"

static_assert(test::found_moved_npy_header);

TEST_CASE("what is written is read") {
  const test::TemporaryDirectory folder;
  mae::write_npy(folder / "x.npy", {2, 1}, std::vector<float>{1, 2});
  CHECK(mae::read_npy<double>(folder / "x.npy").values == std::vector<double>{1, 2});
  const std::string fortran = test::beside(__FILE__, "npy_python/fortran.npy");
  CHECK(mae::read_npy<float>(fortran).values == std::vector<float>{1.5f, -2, 3, 4, 5, 0.25f});
}
