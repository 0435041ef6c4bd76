// Lists of names. What was read is written and read again as it was; so is the input itself, taken for a name.
#include <mae/io/images/name_list.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  fuzz::accepts([&] {
    const std::vector<std::string> names = mae::names_of_text(input, "input");
    fuzz::require(mae::names_of_text(mae::names_text(names, 0), "output") == names, "names come back");
  });
  fuzz::require(mae::names_of_text(mae::names_text({input}), "output").at(0) == input, "a name comes back");
  return 0;
}
