// Where the repository lies. Its name is compiled in source_folder.cpp alone, so that a compiler cache knows the tests of
// another checkout again.
#pragma once
#include <string>

namespace test {

/// The folder of the project's CMakeLists.txt.
std::string source_folder();

}  // namespace test
