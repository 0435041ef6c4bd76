// Compiled without OpenMP.
#include <typeinfo>

#include "everything.hpp"

const char* default_policy_without_openmp();
const char* default_policy_without_openmp() { return typeid(mae::Cpu<>).name(); }
