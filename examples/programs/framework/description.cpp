#include "description.hpp"

#include "../models.hpp"
#include "settings.hpp"

#include <algorithm>
#include <cmath>

namespace program {
namespace {

/// The keys of a description.
struct Sizes : Settings {
  Sizes() : Settings("model", "Sizes of a model.") {}
  Text name{*this, "name", "unnamed", "1 to 32 small letters, digits and hyphens"};
  Integer channels{*this, "channels", 3, "of the images", between(1, 1 << 12)};
  Integer height{*this, "height", 0, "of the images, in pixels", between(1, 1 << 16)};
  Integer width{*this, "width", 0, "of the images, in pixels", between(1, 1 << 16)};
  Integer patch{*this, "patch", 0, "side of a patch, in pixels", between(1, 1 << 12)};
  Numbers encoder{*this, "encoder", {}, "width, blocks, heads", between(1, 1 << 16)};
  Numbers decoder{*this, "decoder", {512, 8, 16}, "width, blocks, heads", between(1, 1 << 16)};
  Text target{*this, "target", "normalized_pixels", "what is predicted", one_of({"normalized_pixels", "pixels"})};
  Numbers mask_ratio{*this, "mask_ratio", {0.75}, "shares of patches hidden", inside(0, 1)};
  Integer classes{*this, "classes", 1000, "the most that labelled data may have", between(1, 1 << 20)};
  Integer window{*this, "window", 0, "side, in patches, of the windows that detect and segment attend in; 0: none",
                 between(0, 1 << 12)};
  Text precision{*this, "precision", "float", "that training computes in", one_of({"float", "bf16"})};
};

std::string joined(const std::vector<std::string>& parts, const char* between) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : between) + part;
  return text;
}
std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(at, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

const char* const syntax = "channels x height x width / patch, encoder, decoder, such as 3x64x64/8,192x6x3,96x2x3";

/// Reads "3x64x64/8,192x6x3,96x2x3,key=value" into settings.
void read_text(Sizes& sizes, const std::string& text, const std::string& subject) {
  const std::vector<std::string> parts = split(text, ',');
  const auto give = [&](const Setting& setting, const std::string& value) {
    sizes.give(setting.name(), value, subject + ": " + setting.name());
  };
  std::size_t at = 0;
  for (; at < parts.size() && parts[at].find('=') == std::string::npos; ++at) {
    const std::vector<std::string> numbers = split(parts[at], 'x');
    const std::vector<std::string> last = split(numbers.back(), '/');
    if (numbers.size() != 3 || at > 2 || last.size() != (at == 0 ? 2u : 1u))
      throw mae::Error(subject, shown(parts[at]), syntax);
    if (at > 0) give(at == 1 ? sizes.encoder : sizes.decoder, joined(numbers, ","));
    else
      give(sizes.channels, numbers[0]), give(sizes.height, numbers[1]), give(sizes.width, last[0]),
          give(sizes.patch, last[1]);
  }
  for (; at < parts.size(); ++at) {
    const std::size_t equals = parts[at].find('=');
    if (equals == std::string::npos) throw mae::Error(subject, shown(parts[at]), "a key=value after key=value");
    std::string value = parts[at].substr(equals + 1);
    std::replace(value.begin(), value.end(), '/', ',');  // of several mask ratios
    sizes.give(parts[at].substr(0, equals), value, subject);
  }
}

mae::TransformerSizes transformer(const Numbers& setting, const std::string& subject) {
  const std::vector<double>& numbers = setting();
  const bool whole = std::all_of(numbers.begin(), numbers.end(), [](double n) { return n == double(mae::Index(n)); });
  if (numbers.size() != 3 || !whole)
    throw mae::Error(subject + ": " + setting.name(), numbers.empty() ? "nothing" : "other than three whole numbers",
                     "width, blocks, heads, such as 192, 6, 3");
  return {mae::Index(numbers[0]), mae::Index(numbers[1]), mae::Index(numbers[2])};
}

/// Throws mae::Error if a rule does not hold: what the compiler would say of these sizes.
void ensure(bool holds, const std::string& subject, const std::string& found, const char* sentence) {
  if (!holds) throw mae::Error(subject, found, std::string("sizes for which this holds: ") + sentence);
}
void ensure_rules(const Description& d, const std::string& subject) {
  using std::to_string;
  ensure(mae::rule::is_multiple(d.height, d.patch), subject,
         "a height of " + to_string(d.height) + " in patches of " + to_string(d.patch),
         "mae::ImageShape: the height must be a multiple of the patch side");
  ensure(mae::rule::is_multiple(d.width, d.patch), subject,
         "a width of " + to_string(d.width) + " in patches of " + to_string(d.patch),
         "mae::ImageShape: the width must be a multiple of the patch side");
  for (const auto& [whose, size] : {std::pair("encoder", d.encoder), std::pair("decoder", d.decoder)}) {
    ensure(mae::rule::is_multiple(size.width, 4), subject, whose + (" of width " + to_string(size.width)),
           "mae::Transformer: the width must be a multiple of 4, for the sine-cosine position table");
    ensure(mae::rule::is_multiple(size.width, size.heads), subject,
           whose + (" of width " + to_string(size.width)) + " with " + to_string(size.heads) + " heads",
           "mae::Transformer<D, Blocks, Heads>: the width D must be a multiple of Heads");
  }
  if (d.window > 0)
    ensure(mae::rule::is_multiple(d.height / d.patch, d.window) && mae::rule::is_multiple(d.width / d.patch, d.window), subject,
           "windows of side " + to_string(d.window) + " on " + to_string(d.height / d.patch) + " x " +
               to_string(d.width / d.patch) + " patches",
           "mae::WindowedTrunk: the side of a window must divide the rows and columns of patches");
  for (const double ratio : d.mask_ratio) {
    const std::string found = "a mask ratio of " + plain(ratio) + " of " + to_string(d.patches()) + " patches";
    ensure(mae::rule::some_visible(d.visible(ratio)), subject, found,
           "mae: this mask ratio keeps no patch; at least one must stay visible");
    ensure(mae::rule::some_hidden(d.visible(ratio), d.patches()), subject, found,
           "mae: this mask ratio hides no patch; at least one must be hidden");
  }
}

/// A share as a number of ten thousandths, which a type can have. Throws mae::Error if it is none.
double exact_ratio(double ratio, const std::string& subject) {
  const double exact = std::round(ratio * 10000) / 10000;
  if (std::fabs(exact - ratio) > 1e-9) throw mae::Error(subject, plain(ratio), "at most four decimal places");
  return exact;
}

Description description_of(const Sizes& sizes, const std::string& subject) {
  for (const Integer* const needed : {&sizes.height, &sizes.width, &sizes.patch})
    if ((*needed)() == 0) throw mae::Error(subject + ": " + needed->name(), "nothing", "a whole number");
  Description d;
  d.name = sizes.name();
  const bool plain_name = std::all_of(d.name.begin(), d.name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!plain_name || d.name.empty() || d.name.size() > 32)
    throw mae::Error(subject + ": name", shown(d.name), "1 to 32 small letters, digits and hyphens");
  d.channels = sizes.channels(), d.height = sizes.height(), d.width = sizes.width(), d.patch = sizes.patch();
  d.encoder = transformer(sizes.encoder, subject), d.decoder = transformer(sizes.decoder, subject);
  d.target = sizes.target() == "pixels" ? mae::Target::pixels : mae::Target::normalized_pixels;
  d.classes = sizes.classes();
  d.mixed = sizes.precision() == "bf16";
  d.window = sizes.window();
  d.mask_ratio.clear();
  for (const double ratio : sizes.mask_ratio()) d.mask_ratio.push_back(exact_ratio(ratio, subject + ": mask_ratio"));
  if (d.mask_ratio.empty() || d.mask_ratio.size() > 4)
    throw mae::Error(subject + ": mask_ratio", std::to_string(mae::Index(d.mask_ratio.size())) + " ratios",
                     "one to four");
  ensure_rules(d, subject);
  return d;
}

std::string size_text(const mae::TransformerSizes& size) {
  return std::to_string(size.width) + "x" + std::to_string(size.depth) + "x" + std::to_string(size.heads);
}

}  // namespace

void Description::take_ratio(double ratio, const std::string& subject) {
  for (const double known : mask_ratio)
    if (std::fabs(known - ratio) < 1e-6) return;
  mask_ratio = {exact_ratio(ratio, subject)};
  ensure_rules(*this, subject);
}

std::string Description::numbers() const {
  using std::to_string;
  std::string ratios;
  for (const double ratio : mask_ratio) ratios += (ratios.empty() ? "" : "/") + plain(ratio);
  return to_string(channels) + "x" + to_string(height) + "x" + to_string(width) + "/" + to_string(patch) + "," +
         size_text(encoder) + "," + size_text(decoder) +
         ",target=" + (target == mae::Target::pixels ? "pixels" : "normalized_pixels") + ",mask_ratio=" + ratios +
         ",classes=" + to_string(classes) + ",precision=" + (mixed ? "bf16" : "float") +
         (window > 0 ? ",window=" + to_string(window) : "");
}
std::string Description::text() const { return numbers() + ",name=" + name; }

mae::Metadata Description::metadata() const {
  using std::to_string;
  return {{"image", to_string(channels) + " x " + to_string(height) + " x " + to_string(width)},
          {"patch", to_string(patch)},
          {"encoder", in_words(encoder)}};
}

const std::vector<Description>& named_models() {
  static const std::vector<Description> all = [] {
    std::vector<Description> list;
    const auto add = [&]<class... Line>(std::tuple<Line...>*) {
      const auto one = [&](const Description& d) {
        for (const Description& known : list)
          if (known.name == d.name) return;
        list.push_back(d);
      };
      (one(program::description_of<Line>()), ...);
    };
    add(static_cast<Models*>(nullptr));
    add(static_cast<mae::presets::All*>(nullptr));
    return list;
  }();
  return all;
}

Description describe_model(const std::string& text, const std::string& subject) {
  std::vector<std::string> names;
  for (const Description& known : named_models()) {
    if (known.name == text) return known;
    names.push_back(known.name);
  }
  Sizes sizes;
  if (text.ends_with(".json")) {
    sizes.read(text);
    return description_of(sizes, text);
  }
  if (text.empty() || text.find_first_of("/,") == std::string::npos) {
    const std::string meant = nearest(text, names);
    throw mae::Error(subject, shown(text),
                     (meant.empty() ? "one of " + joined(names, ", ") : "a model; did you mean " + meant + "?") +
                         (meant.empty() ? ", a file vit.json, or sizes such as 3x64x64/8,192x6x3,96x2x3" : ""));
  }
  read_text(sizes, text, subject);
  return description_of(sizes, subject);
}

Costs costs_of(const Description& d) {
  const auto block = [](mae::Index D) { return 12 * D * D + 13 * D; };
  const mae::Index D = d.encoder.width, E = d.decoder.width, L = d.patches(), n = d.patch * d.patch * d.channels;
  const mae::Index V = d.visible(d.mask_ratio[0]);
  Costs costs{};
  costs.encoder = n * D + D + D + d.encoder.depth * block(D) + 2 * D + (L + 1) * D;
  costs.parameters = costs.encoder + D * E + E + E + d.decoder.depth * block(E) + 2 * E + E * n + n + (L + 1) * E;
  const auto blocks = [](const mae::TransformerSizes& size, double N) {
    const auto wide = static_cast<double>(size.width);
    return static_cast<double>(size.depth) * (24 * N * wide * wide + 4 * N * N * wide);
  };
  const auto real = [](mae::Index number) { return static_cast<double>(number); };
  const double embedding = 2 * real(L) * real(n) * real(D);
  costs.features = embedding + blocks(d.encoder, real(L + 1));
  costs.step = 3 * (embedding + 2 * real(V + 1) * real(D) * real(E) + blocks(d.encoder, real(V + 1)) +
                    blocks(d.decoder, real(L + 1)) + 2 * real(L + 1) * real(E) * real(n));
  const double bytes = d.mixed ? 2 : 4;
  costs.weights = 16 * real(costs.parameters);
  // Kept of a block for its backward pass: about 16 numbers for each token and each of its values.
  costs.activations = bytes * (16 * real(V + 1) * real(D) * real(d.encoder.depth) +
                               16 * real(L + 1) * real(E) * real(d.decoder.depth) + 3 * real(L) * real(n));
  return costs;
}

std::string in_words(const mae::TransformerSizes& size) {
  return std::to_string(size.width) + " wide, " + std::to_string(size.depth) + " blocks, " +
         std::to_string(size.heads) + " heads";
}

std::string with_prefix(double number) {
  const char* const prefixes[] = {"", " k", " M", " G", " T"};
  std::size_t at = 0;
  for (; number >= 1000 && at < 4; ++at) number /= 1000;
  return mae::decimal_text(number, at > 0 && number < 100 ? 1 : 0) + prefixes[at];
}

}  // namespace program
