#include <mae/data/rand_augment.hpp>

#include <algorithm>

#include <doctest/doctest.h>

#include <mae/io/tensors/safetensors.hpp>

#include "data/test_images.hpp"
#include "support/source_folder.hpp"

using namespace test;

namespace {

const RandAugmentOperation& operation(std::string_view name) {
  const auto* const found = std::find_if(std::begin(rand_augment_operations), std::end(rand_augment_operations),
                                         [&](const RandAugmentOperation& one) { return one.name == name; });
  REQUIRE(found != std::end(rand_augment_operations));
  return *found;
}

Image image_of(const SafetensorsFile& file, const std::string& name) {
  const auto& shape = file.at(name).shape;
  return {shape[0], shape[1], shape[2], file.values<std::uint8_t>(name)};
}

/// Parts of a text between slashes.
std::vector<std::string> parts(std::string text) {
  std::vector<std::string> found;
  for (std::size_t end = 0; end != std::string::npos; text.erase(0, end + 1)) {
    end = text.find('/');
    found.push_back(text.substr(0, end));
    if (end == std::string::npos) break;
  }
  return found;
}

Draws draws_of(std::uint64_t sample) { return {RandomStream(7, Purpose::augment, 1, sample), 43, RandAugment::draws}; }

}  // namespace

TEST_CASE("every operation gives the bytes of Pillow, at every magnitude and sign") {
  const SafetensorsFile file = SafetensorsFile::read(source_folder() + "/tests/golden/rand_augment.safetensors");
  INFO("Pillow ", file.metadata("pillow"));
  std::vector<int> compared(std::size(rand_augment_operations));
  for (const std::string& name : file.names()) {
    const std::vector<std::string> part = parts(name);
    if (part.size() != 4) continue;
    INFO(name);
    Image image = image_of(file, part[0]);
    const Image expected = image_of(file, name);
    const std::uint8_t colours[] = {124, 116, 104}, grey[] = {117};
    const RandAugmentOperation& one = operation(part[1]);
    one.apply(image, number_in(part[2]).value() / 10, part[3] == "-", image.channels == 3 ? colours : grey);
    int different = 0;
    for (std::size_t i = 0; i < image.pixels.size(); ++i) different += image.pixels[i] != expected.pixels[i];
    CHECK(different == 0);
    ++compared[static_cast<std::size_t>(&one - rand_augment_operations)];
  }
  for (const int count : compared) CHECK(count >= 2);
}

TEST_CASE("two of fifteen operations, each in half of the cases, at magnitudes around nine") {
  int solarized = 0, unchanged = 0, samples = 3000;
  double sum = 0, squares = 0;
  for (int sample = 0; sample < samples; ++sample) {
    const Draws random = draws_of(static_cast<std::uint64_t>(sample));
    solarized += rand_augment_operations[random.below(0, 15)].name == "SolarizeAdd";
    Image image{1, 1, 1, {77}};
    RandAugment{.operations = 1}.apply(random, image, image.pixels.data());
    unchanged += double(random.uniform(1)) >= 0.5;
    if (double(random.uniform(1)) >= 0.5) CHECK(image.pixels[0] == 77);
    const double drawn = 9 + 0.5 * random.normal(2);
    sum += drawn, squares += drawn * drawn;
  }
  CHECK(std::abs(solarized - samples / 15) < 50);
  CHECK(std::abs(unchanged - samples / 2) < 110);
  CHECK(std::fabs(sum / samples - 9) < 0.04);
  CHECK(std::fabs(std::sqrt(squares / samples - sum / samples * sum / samples) - 0.5) < 0.03);

  // The whole is its operations one after the other.
  const std::uint8_t fill[] = {9};
  for (std::uint64_t sample = 0; sample < 200; ++sample) {
    const Draws random = draws_of(sample);
    Image found{1, 5, 7, {}};
    for (int i = 0; i < 35; ++i) found.pixels.push_back(static_cast<std::uint8_t>(i * i % 251));
    Image expected = found;
    RandAugment{}.apply(random, found, fill);
    for (const std::uint32_t at : {0u, 5u}) {
      if (double(random.uniform(at + 1)) >= 0.5) continue;
      const double strength = std::clamp(9 + 0.5 * random.normal(at + 2), 0.0, 10.0) / 10;
      rand_augment_operations[random.below(at, 15)].apply(expected, strength, random.below(at + 4, 2) == 1, fill);
    }
    CHECK(found == expected);
  }
  Image same{1, 1, 2, {3, 4}};
  RandAugment{.probability = 0}.apply(draws_of(1), same, fill);
  CHECK(same.pixels == std::vector<std::uint8_t>{3, 4});
  RandAugment{.operations = 0}.apply(draws_of(1), same, fill);
  CHECK(same.pixels == std::vector<std::uint8_t>{3, 4});
}

TEST_CASE("as a transform it works on bytes of the placed image and fills with the mean") {
  const Dataset set = random_images(40);
  const Normalization normalization{{0.4, 0.3}, {0.5, 0.2}};
  Augmentation augmentation{.flip = true};
  const auto plainly = [&](Index i) { return loaded(set, i, augmentation, 3, 2, normalization); };
  for (Index i = 0; i < set.size(); ++i) {
    augmentation.transforms = {};
    std::vector<float> expected = plainly(i);
    augmentation.transforms = {RandAugment{}};
    const std::vector<float> found = plainly(i);
    Image image{2, 6, 9, {}};
    const auto level = [&](std::size_t k) { return k < 54 ? std::pair(0.4, 0.5) : std::pair(0.3, 0.2); };
    for (std::size_t k = 0; k < expected.size(); ++k) {
      const auto [mean, deviation] = level(k);
      image.pixels.push_back(static_cast<std::uint8_t>(std::lround(255 * (double(expected[k]) * deviation + mean))));
    }
    const std::uint8_t fill[] = {102, 77};  // 255 · 0.4, 255 · 0.3 = 76.5
    RandAugment{}.apply({RandomStream(3, Purpose::augment, 2, static_cast<std::uint64_t>(i)), 43, 80}, image, fill);
    for (std::size_t k = 0; k < expected.size(); ++k) {
      const auto [mean, deviation] = level(k);
      expected[k] = static_cast<float>((double(image.pixels[k]) / 255 - mean) / deviation);
    }
    check_close(found, expected, 1e-5);
  }
  CHECK(Transform(RandAugment{}).moves_pixels());
}

TEST_CASE("timm's text for it, and what is none") {
  const RandAugment found = rand_augment_from("rand-m9-mstd0.5-inc1");
  CHECK(found.magnitude == 9);
  CHECK(found.deviation == 0.5);
  CHECK(found.operations == 2);
  CHECK(found.probability == 0.5);
  const RandAugment other = rand_augment_from("rand-n3-inc1-p0.7");
  CHECK(other.magnitude == 10);
  CHECK(other.deviation == 0);
  CHECK(other.operations == 3);
  CHECK(other.probability == 0.7);
  for (const char* const wrong : {"", "rand", "rand-m9", "rand-m9-inc0", "m9-inc1", "rand-m-inc1", "rand-x2-inc1", "-",
                                  "rand-m9-inc1-", "rand--m9-inc1", "rand-n2.5-inc1", "rand-rand-inc1", "augmix-inc1"})
    CHECK(error_of([&] { rand_augment_from(wrong, "--rand_augment"); }).find("mae: --rand_augment: found ") == 0);
  CHECK(error_of([&] { rand_augment_from("rand-m11-inc1"); }) ==
        "mae: rand_augment: magnitude: found 11, expected a number from 0 to 10");
  CHECK(error_of([&] { rand_augment_from("rand-n17-inc1"); }) ==
        "mae: rand_augment: operations: found 17, expected a whole number from 0 to 16");
}
