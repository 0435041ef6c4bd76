// The JSON file of a program's settings.
#include "framework/settings.hpp"
#include "fuzz.hpp"

namespace {

struct Every : program::Settings {
  Every() : Settings("fuzz", "All types of settings.") {}
  program::Heading heading{*this, "All"};
  program::Integer epochs{*this, "epochs", 100, "a whole number", program::at_least(1)};
  program::Number rate{*this, "rate", 0.5, "a number", program::inside(0, 1)};
  program::Text data{*this, "data", "", "a text"};
  program::Text mode{*this, "mode", "stop", "one of some texts", program::one_of({"stop", "skip"})};
  program::Switch flip{*this, "flip", true, "a switch"};
  program::Numbers mean{*this, "mean", {}, "numbers"};
  program::OptionalNumber clip{*this, "clip", {}, "a number or none", program::above(0)};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file({data, size});
  fuzz::accepts([&] {
    Every settings;
    const std::string path = file.path();
    const char* const arguments[] = {"fuzz", path.c_str()};
    fuzz::require(settings.parse(2, arguments), "a file asks no question");
    fuzz::require(settings.epochs() >= 1 && settings.rate() > 0 && settings.rate() < 1, "values are in range");
    const std::string written = settings.text();
    const fuzz::MemoryFile again({reinterpret_cast<const std::uint8_t*>(written.data()), written.size()});
    const std::string second_path = again.path();
    const char* const second_arguments[] = {"fuzz", second_path.c_str()};
    Every second;
    second.parse(2, second_arguments);
    fuzz::require(second.text() == written, "what is written is read");
  });
  return 0;
}
