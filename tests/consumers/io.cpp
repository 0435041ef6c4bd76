// mae::io brings JSON and PNG along: the program compiles and links.
#include <png.h>

#include <cstdio>
#include <mae/core/config.hpp>
#include <nlohmann/json.hpp>

int main() {
  const nlohmann::json written = {{"mae", mae::version}, {"png", png_get_libpng_ver(nullptr)}};
  std::puts(written.dump().c_str());
  return 0;
}
