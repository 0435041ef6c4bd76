// A program outside of the project. Who builds it may say which version it must find.
#include <cstdio>
#include <cstring>

#include <mae/core/shape.hpp>

#if MAE_VERSION < 100
#error "the library was 0.1.0 at first"
#endif

using Tokens = mae::Shape<mae::dyn, 196, 768>;
static_assert(Tokens::count == 196 * 768);

int main(int count, char** arguments) {
  std::printf("mae %s: %jd numbers a sample\n", mae::version, Tokens::count);
  return count > 1 && std::strcmp(arguments[1], mae::version) != 0;
}
