// Every kind of PNG and JPEG file, compared with Pillow. Where the files come from: tests/golden/image_files.py.
#include <mae/io/images/jpeg.hpp>
#include <mae/io/images/png.hpp>
#include <mae/io/tensors/safetensors.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <support/temporary.hpp>
#include "support/source_folder.hpp"

using mae::Image, mae::Index;

namespace {

// MAE_IMAGE_FILES names another collection, such as of random files.
std::string collection() {
  const char* const other = std::getenv("MAE_IMAGE_FILES");
  return other ? other : test::source_folder() + "/tests/golden/image_files.safetensors";
}

std::vector<std::uint8_t> bytes_of(const mae::SafetensorsFile& file, const std::string& name) {
  return file.values<std::uint8_t>(name);
}

// The largest difference of two images' bytes; 256 if their extents differ.
int difference(const Image& a, const Image& b) {
  if (a.channels != b.channels || a.height != b.height || a.width != b.width) return 256;
  int largest = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) largest = std::max(largest, std::abs(a.pixels[i] - b.pixels[i]));
  return largest;
}

struct Count {
  int files = 0, same = 0, nearly = 0, wrong = 0;
};

}  // namespace

// JPEG's standard leaves the last bits of the transform and the filter of reduced colours to the decoder, and another
// libjpeg than Pillow's may choose otherwise. Nothing is left open in PNG.
TEST_CASE("images of every kind are those that Pillow reads") {
  const auto file = mae::SafetensorsFile::read(collection());
  Count png, jpeg;
  for (const mae::TensorEntry& entry : file.entries()) {
    const auto colon = entry.name.find(':');
    if (colon == entry.name.npos) continue;
    const std::string name = entry.name.substr(0, colon), paper = entry.name.substr(colon + 1);
    CAPTURE(entry.name);
    const Image expected{entry.shape[0], entry.shape[1], entry.shape[2], bytes_of(file, entry.name)};
    const std::vector<std::uint8_t> bytes = bytes_of(file, name);
    const mae::DecodeOptions options{.alpha = paper == "drop"    ? mae::Alpha::drop
                                               : paper == "black" ? mae::Alpha::black
                                                                  : mae::Alpha::white};
    const bool is_png = name.ends_with(".png");
    Image read;
    const std::string error = test::error_of(
        [&] { read = is_png ? mae::decode_png(bytes, name, options) : mae::decode_jpeg(bytes, name, 0, options); });
    CHECK(error == "");
    const int apart = difference(read, expected);
    CHECK(apart <= (is_png ? 0 : 2));
    Count& count = is_png ? png : jpeg;
    ++(apart == 0 ? count.same : apart <= 2 ? count.nearly : count.wrong);
    ++count.files;
  }
  const auto told = [](const char* format, const Count& count) {
    return std::string(format) + ": " + std::to_string(count.files) + " images, " + std::to_string(count.same) +
           " the same to the byte, " + std::to_string(count.nearly) + " within two levels";
  };
  MESSAGE(told("PNG", png) << "; " << told("JPEG", jpeg) << "; Pillow " << file.metadata("pillow"));
  CHECK(png.files > 0);
  CHECK(jpeg.files > 0);
}

TEST_CASE("the header tells how much memory decoding takes, at least what the image takes") {
  const auto file = mae::SafetensorsFile::read(test::source_folder() + "/tests/golden/image_files.safetensors");
  for (const mae::TensorEntry& entry : file.entries()) {
    if (entry.name.find(':') != entry.name.npos) continue;
    CAPTURE(entry.name);
    const std::vector<std::uint8_t> bytes = bytes_of(file, entry.name);
    const bool is_png = entry.name.ends_with(".png");
    const Image read = is_png ? mae::decode_png(bytes, "x") : mae::decode_jpeg(bytes, "x");
    const Index told =
        is_png ? mae::Png::decoding_bytes(bytes, "x", 0, {}) : mae::Jpeg::decoding_bytes(bytes, "x", 0, {});
    CHECK(told >= 2 * static_cast<Index>(read.pixels.size()));
    CHECK(told <= 20 * (read.height + 15) * (read.width + 15));
  }
}
