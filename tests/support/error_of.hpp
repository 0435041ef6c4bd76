// What a mistake says: the text of the mae::Error that `work` throws, or nothing.
#pragma once
#include <string>

#include <mae/core/error.hpp>

namespace test {

template <class Work>
std::string error_of(const Work& work) {
  try {
    work();
  } catch (const mae::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace test
