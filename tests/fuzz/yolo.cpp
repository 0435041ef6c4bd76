// YOLO's texts, and the names of its classes.
#include <mae/io/annotations/yolo.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  fuzz::accepts([&] {
    mae::Findings findings;
    for (const mae::Annotation& one : mae::decode_yolo(text, "input", 20, 30, findings)) {
      fuzz::require(one.category >= 1 && one.category <= 100'000, "a class");
      for (const std::vector<double>& polygon : one.polygons)
        fuzz::require(polygon.size() >= 6 && polygon.size() % 2 == 0, "a polygon");
    }
    for (const std::string& name : mae::detail::yaml_names(text))
      fuzz::require(name.find('\n') == name.npos || text.find_first_of("[{") != text.npos, "a name is one line");
  });
  return 0;
}
