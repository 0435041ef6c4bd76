#include <mae/core/error.hpp>

#include <doctest/doctest.h>

TEST_CASE("an error says what was wrong, what was found and what was expected") {
  CHECK(std::string(mae::Error("photo.png", "12 bytes", "an image").what()) ==
        "mae: photo.png: found 12 bytes, expected an image");
  CHECK(std::string(mae::Error("out of luck").what()) == "mae: out of luck");
}

TEST_CASE("an error is a std::runtime_error") { CHECK_THROWS_AS(throw mae::Error("x"), std::runtime_error); }
