// A program outside of the project.
#include <cstdio>

#include <mae/core/shape.hpp>

using Tokens = mae::Shape<mae::dyn, 196, 768>;
static_assert(Tokens::count == 196 * 768);

int main() {
  std::printf("mae %s: %td numbers a sample\n", mae::version, Tokens::count);
  return 0;
}
