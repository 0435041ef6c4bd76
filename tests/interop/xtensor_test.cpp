// With the headers where the installed xtensor has them.
#include "xtensor_cases.hpp"

#if __has_include(<xtensor/views/xview.hpp>)
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xview.hpp>
#endif

TEST_CASE("a view of some samples is one; a view of some columns has gaps") {
  xt::xarray<float> array = xt::xarray<float>::from_shape({3, 5, 4});
  auto samples = xt::view(array, xt::range(1, 3));
  CHECK(from_xtensor<Features>(samples).data() == array.data() + 20);
  CHECK(from_xtensor<Features>(samples).batch() == 2);
  auto columns = xt::view(array, xt::all(), xt::all(), xt::range(0, 2));
  CHECK(error_of([&] { from_xtensor<Shape<dyn, 5, 2>>(columns); }) ==
        "mae: from_xtensor: found an array [3, 5, 2] with strides [20, 4, 1], expected numbers that lie one behind the "
        "other, row-major");
}
