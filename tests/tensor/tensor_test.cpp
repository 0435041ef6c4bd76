// Tensors and views: row-major, zero at birth, movable, and honest about their batch.
#include <mae/tensor/tensor.hpp>

#include <doctest/doctest.h>
#include <algorithm>
#include <cstdint>
#include <mae/core/bf16.hpp>

#include "support/error_of.hpp"

using namespace mae;
using test::error_of;

namespace {
using S = Shape<dyn, 3, 4>;
using T = Tensor<float, S>;
static_assert(!std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T>);
static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>);
static_assert(!std::is_default_constructible_v<T> && std::is_constructible_v<T, Index>);
static_assert(std::is_default_constructible_v<Tensor<float, Shape<3, 4>>>);
static_assert(std::is_convertible_v<View<float, S>, View<const float, S>>);
static_assert(!std::is_convertible_v<View<const float, S>, View<float, S>>);

T counting(Index batch) {
  T x(batch);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(i);
  return x;
}
}  // namespace

TEST_CASE("a tensor is zero at birth, aligned, and as large as its shape says") {
  const T x(5);
  CHECK(x.batch() == 5);
  CHECK(x.size() == 60);
  CHECK(x.end() - x.begin() == 60);
  for (const float value : x) REQUIRE(value == 0);
  CHECK(reinterpret_cast<std::uintptr_t>(x.data()) % alignment == 0);
  const Tensor<double, Shape<2, 2>> fixed;
  CHECK(fixed.batch() == 1);
  CHECK(fixed.size() == 4);
  const Tensor<std::int32_t, Shape<>> number;
  CHECK(number() == 0);
}

TEST_CASE("elements are in row-major order") {
  T x = counting(2);
  CHECK(x(1, 2, 3) == 23);
  CHECK(x(0, 1, 0) == 4);
  x(1, 0, 2) = -1;
  CHECK(x.data()[14] == -1);
  CHECK(x.view()(1, 0, 2) == -1);
  const T& constant = x;
  CHECK(constant(1, 0, 2) == -1);
}

TEST_CASE("moving hands over the memory") {
  T x = counting(2);
  const float* const data = x.data();
  T y = std::move(x);
  CHECK(y.data() == data);
  CHECK(y(1, 2, 3) == 23);
  T z(7);
  z = std::move(y);
  CHECK(z.data() == data);
  CHECK(z.batch() == 2);
  CHECK(z.size() == 24);
}

TEST_CASE("views borrow: other shapes, some samples") {
  T x = counting(3);
  const View<float, S> view = x;
  const auto flat = view.reshape<Shape<dyn, 12>>();
  CHECK(flat(2, 11) == x(2, 2, 3));
  flat(0, 0) = 9;
  CHECK(x(0, 0, 0) == 9);
  const auto last = view.slice(1, 2);
  CHECK(last.batch() == 2);
  CHECK(last(0, 0, 0) == 12);
  CHECK(last.end() == view.end());
  CHECK(view.slice(3, 0).size() == 0);
  const View<const float, S> constant = view;
  CHECK(constant.data() == x.data());
}

TEST_CASE("samples that are not there are an error") {
  const T x(3);
  CHECK(error_of([&] { x.view().slice(2, 2); }) ==
        "mae: View::slice: found 2 samples from 2, expected a range within 3 samples");
  CHECK(error_of([&] { x.view().slice(-1, 2); }).find("2 samples from -1") != std::string::npos);
  CHECK(error_of([&] { x.view().slice(0, -1); }).find("-1 samples from 0") != std::string::npos);
}

TEST_CASE("a batch must have samples, and memory must suffice") {
  CHECK(error_of([] { T none(0); }) == "mae: Tensor: found a batch of 0, expected at least one sample");
  CHECK(error_of([] { T negative(-2); }).find("a batch of -2") != std::string::npos);
  CHECK(error_of([] { T overflow(Index{1} << 60); }).find("no room for 1152921504606846976 times 12") !=
        std::string::npos);
}

TEST_CASE("memory is aligned, zero, and of a size that there can be") {
  for (const Index bytes : {Index{0}, Index{1}, Index{1000}, Index{large_memory} + 1}) {
    const Buffer<char> buffer(bytes);
    const Index multiple = bytes < Index{large_memory} ? alignment : Index{large_page};
    CHECK(reinterpret_cast<std::uintptr_t>(buffer.data()) % static_cast<std::uintptr_t>(multiple) == 0);
    CHECK(std::count(buffer.begin(), buffer.end(), 0) == bytes);
  }
  for (const Index bytes : {Index{-1}, INT64_MIN, INT64_MAX, INT64_MAX - Index{large_page} + 1})
    CHECK(error_of([&] { Host::allocate(bytes); }) ==
          "mae: memory: found no room for " + std::to_string(bytes) + " bytes, expected a smaller model or batch");
  CHECK(error_of([] { Buffer<float> negative(-1); }).find("no room for -4 bytes") != std::string::npos);
}

TEST_CASE("any trivially copyable element") {
  Tensor<bf16, Shape<dyn, 2>> x(2);
  x(1, 1) = bf16(0.5f);
  CHECK(x(1, 1) == 0.5f);
  Buffer<int> empty;
  CHECK(empty.size() == 0);
  Buffer<int> three(3);
  three[2] = 5;
  empty = std::move(three);
  CHECK(empty[2] == 5);
}
