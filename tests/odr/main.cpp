// Compiled with OpenMP where the compiler has it. `Cpu<>` must then be another type than in serial.cpp, or the two files
// would define one name in two ways.
#include <cstdio>
#include <cstring>
#include <type_traits>
#include <typeinfo>

#include "everything.hpp"

const char* default_policy_without_openmp();

int main() {
  constexpr bool same_flags = std::is_same_v<mae::DefaultThreads, mae::Serial>;
  const char* here = typeid(mae::Cpu<>).name();
  const char* there = default_policy_without_openmp();
  const bool same_type = std::strcmp(here, there) == 0;
  if (same_type == same_flags) return 0;
  std::printf("the default policy is %s with OpenMP and %s without\n", here, there);
  return 1;
}
