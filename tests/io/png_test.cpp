#include <mae/io/images/png.hpp>

#include <doctest/doctest.h>

#include <zlib.h>

#include <support/temporary.hpp>

using mae::Image, mae::Index, mae::read_png, mae::write_png;
using test::contains, test::error_of;

namespace {

// An image in which every byte differs from its neighbours.
Image pattern(Index channels, Index height, Index width) {
  Image image = mae::blank_image(channels, height, width);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(i * 37 + i / 256);
  return image;
}

std::string number(unsigned value) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift);
  return text;
}
std::string chunk(const std::string& name, const std::string& data) {
  const std::string sum = name + data;
  return number(static_cast<unsigned>(data.size())) + sum +
         number(static_cast<unsigned>(
             crc32(0, reinterpret_cast<const Bytef*>(sum.data()), static_cast<uInt>(sum.size()))));
}

Image python(const std::string& name) { return read_png(test::beside(__FILE__, "png_python/" + name)); }

// A file of these samples [height, width, channels] of `depth` bits; more chunks may stand before its pixels.
std::string encode(Index height, Index width, int depth, int colour, const std::vector<unsigned>& samples,
                   const std::string& chunks = "") {
  const std::size_t row = samples.size() / static_cast<std::size_t>(height);
  std::string pixels;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (i % row == 0) pixels += '\0';
    if (depth == 16) pixels += static_cast<char>(samples[i] >> 8);
    pixels += static_cast<char>(samples[i]);
  }
  std::string packed(pixels.size() + 100, '\0');
  uLongf size = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(pixels.data()),
           pixels.size());
  packed.resize(size);
  const std::string header = number(static_cast<unsigned>(width)) + number(static_cast<unsigned>(height)) +
                             static_cast<char>(depth) + static_cast<char>(colour) + std::string(3, '\0');
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + chunks + chunk("IDAT", packed) + chunk("IEND", "");
}
Image decode(const std::string& text, const mae::DecodeOptions& options = {}) {
  return mae::decode_png({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, "memory", options);
}

const Image grey{1, 3, 2, {0, 50, 100, 150, 200, 255}};
const Image rgb{3, 3, 2, {255, 0, 0, 10, 128, 255, 0, 255, 0, 20, 128, 255, 0, 0, 255, 30, 128, 255}};

}  // namespace

TEST_CASE("an image survives a round trip, grey and colour, whatever its extents") {
  const test::TemporaryDirectory folder;
  for (const Index channels : {1, 3})
    for (const auto& [height, width] : {std::pair<Index, Index>{1, 1}, {3, 2}, {17, 5}, {64, 200}}) {
      const Image image = pattern(channels, height, width);
      write_png(folder / "x.png", image);
      CHECK(read_png(folder / "x.png") == image);
    }
}

TEST_CASE("all kinds of PNG are read; transparent pixels are white, sixteen bits become eight") {
  CHECK(python("grey.png") == grey);
  CHECK(python("grey16.png") == grey);
  CHECK(python("rgb.png") == rgb);
  CHECK(python("rgb16.png") == rgb);
  CHECK(python("palette.png") == rgb);
  CHECK(python("bits.png") == Image{1, 3, 2, {0, 255, 255, 0, 255, 0}});
  CHECK(python("grey_alpha.png") == Image{1, 3, 2, {0, 255, 100, 150, 255, 255}});
  Image on_white = rgb;
  for (Index c = 0; c < 3; ++c) on_white.row(c, 0)[1] = on_white.row(c, 2)[0] = 255;
  CHECK(python("alpha.png") == on_white);
  CHECK(python("alpha16.png") == on_white);
  CHECK(python("palette_alpha.png") == on_white);
}

TEST_CASE("a transparent image lies on white or black, byte by byte, or loses its alpha") {
  const std::string file = encode(1, 4, 8, 6, {9, 9, 9, 0, 10, 11, 12, 128, 10, 11, 12, 254, 10, 11, 12, 255});
  const auto laid = [&](mae::Alpha alpha) {
    mae::DecodeOptions options;
    options.alpha = alpha;
    return decode(file, options);
  };
  CHECK(decode(file) == laid(mae::Alpha::white));
  CHECK(laid(mae::Alpha::white) == Image{3, 1, 4, {255, 132, 11, 10, 255, 133, 12, 11, 255, 133, 13, 12}});
  CHECK(laid(mae::Alpha::black) == Image{3, 1, 4, {0, 5, 10, 10, 0, 6, 11, 11, 0, 6, 12, 12}});
  CHECK(laid(mae::Alpha::drop) == Image{3, 1, 4, {9, 10, 10, 10, 9, 11, 11, 11, 9, 12, 12, 12}});
  // Every byte with every alpha, to the nearest level.
  int wrong = 0;
  for (unsigned colour = 0; colour < 256; ++colour)
    for (unsigned alpha = 0; alpha < 256; ++alpha) {
      const double exact = (colour * alpha + 255.0 * (255 - alpha)) / 255;
      wrong += mae::detail::on_paper(colour, alpha, 255, 255) != static_cast<int>(exact + 0.5) ? 1 : 0;
    }
  for (unsigned level = 0; level < 65536; ++level)
    wrong += mae::detail::narrowed(level) != (2 * 255 * level + 65535) / (2 * 65535) ? 1 : 0;
  CHECK(wrong == 0);
}

TEST_CASE("sixteen bits of which the file fills a part: told, and spread over all levels as asked for") {
  const std::string file = encode(1, 4, 16, 0, {0, 8, 2048, 4095});
  std::vector<std::string> notes;
  mae::DecodeOptions options;
  options.report = [&](const std::string& text) { notes.push_back(text); };
  CHECK(decode(file, options) == Image{1, 1, 4, {0, 0, 8, 16}});
  REQUIRE(notes.size() == 1);
  CHECK(
      notes[0] ==
      "memory: found no level above 4095 of 65535 in 16 bits, so that 17 grey levels remain; if white is a lower one, "
      "sixteen_bit_white says which (12 bits: 4095)");
  options.sixteen_bit_white = 4095;
  CHECK(decode(file, options) == Image{1, 1, 4, {0, 0, 128, 255}});
  // Alpha is as deep as ever.
  CHECK(decode(encode(1, 2, 16, 4, {4095, 32768, 0, 65535}), options) == Image{1, 1, 2, {255, 0}});
  CHECK(decode(encode(1, 1, 16, 4, {0, 32768}), options) == Image{1, 1, 1, {127}});
  CHECK(notes.size() == 1);
  CHECK(contains(error_of([&] {
                   decode(encode(1, 1, 16, 2, {0, 4096, 0}), options);
                 }),
                 "memory: found the level 4096 of 16 bits, expected at most 4095, which is sixteen_bit_white"));
  options.sixteen_bit_white = 65535;
  decode(encode(1, 2, 16, 0, {0, 0}), options);      // black is black
  decode(encode(1, 2, 16, 0, {1, 16384}), options);  // a dark image
  decode(encode(1, 2, 8, 0, {1, 2}), options);
  CHECK(notes.size() == 1);
}

TEST_CASE("a deflate window that the file's header makes too small does no harm") {
  std::vector<unsigned> samples;
  for (unsigned i = 0; i < 40000; ++i) samples.push_back(i % 9000 * 2654435761u >> 24);  // repeats after 9000 bytes
  std::string file = encode(200, 200, 8, 0, samples);
  const Image read = decode(file);
  const auto data = file.find("IDAT") + 4;
  file[data] = 0x18;  // a window of 512 bytes, and the check bits that belong to it
  file[data + 1] = 0x19;
  const std::size_t length = file.size() - 16 - data;
  file.replace(file.size() - 16, 4,
               number(static_cast<unsigned>(
                   crc32(0, reinterpret_cast<const Bytef*>(&file[data - 4]), static_cast<uInt>(length + 4)))));
  CHECK(decode(file) == read);
}

TEST_CASE("an image of more pixels than asked for is refused by its header") {
  mae::DecodeOptions options;
  options.max_pixels = 5;
  CHECK(contains(error_of([&] {
                   decode(encode(2, 3, 8, 0, {1, 2, 3, 4, 5, 6}), options);
                 }),
                 "memory: found 2 x 3 pixels, expected at most 5, which is max_pixels"));
  options.max_pixels = 6;
  CHECK(decode(encode(2, 3, 8, 0, {1, 2, 3, 4, 5, 6}), options) == Image{1, 2, 3, {1, 2, 3, 4, 5, 6}});
  // The file of some kilobytes that would take a gigabyte.
  const std::string huge = encode(1, 1, 8, 0, {1});
  std::string header = number(16384) + number(16384) + huge.substr(24, 5);
  CHECK(contains(error_of([&] { decode(huge.substr(0, 8) + chunk("IHDR", header) + huge.substr(33)); }),
                 "memory: found 16384 x 16384 pixels, expected at most 178956970, which is max_pixels"));
  for (const Index wrong : {Index{0}, (Index{1} << 40) + 1}) {
    options.max_pixels = wrong;
    CHECK(contains(error_of([&] { decode(huge, options); }), "max_pixels: found " + std::to_string(wrong)));
  }
  for (const Index wrong : {0, 65536}) {
    options = {};
    options.sixteen_bit_white = wrong;
    CHECK(contains(error_of([&] { decode(huge, options); }), "sixteen_bit_white: found " + std::to_string(wrong)));
  }
}

TEST_CASE("notes that are no Exif leave the image as it is stored, and chunks that must be known are refused") {
  const auto with = [](const std::string& chunks) { return encode(1, 2, 8, 0, {1, 2}, chunks); };
  const Image stored{1, 1, 2, {1, 2}}, upright{1, 2, 1, {1, 2}};
  const std::string entry("\x01\x12\0\3\0\0\0\1\0\6\0\0", 12), exif = std::string("MM\0*\0\0\0\x8\0\1", 10) + entry;
  CHECK(decode(with(chunk("eXIf", exif))) == upright);
  CHECK(decode(with(chunk("eXIf", std::string("Exif\0\0", 6) + exif))) == upright);
  for (std::size_t length = 0; length < exif.size(); ++length)
    CHECK(decode(with(chunk("eXIf", exif.substr(0, length)))) == stored);
  for (const std::string& text :
       {std::string(), std::string("\n"), std::string("\nexif\n 22\n4d4"), std::string("\n\n\nxyz")})
    CHECK(decode(with(chunk("tEXt", std::string("Raw profile type exif\0", 22) + text))) == stored);
  CHECK(decode(with(chunk("zTXt", std::string("Raw profile type exif\0\0damaged", 30)))) == stored);
  CHECK(decode(with(chunk("abCd", "what nobody knows"))) == stored);
  const std::string file = with("");
  CHECK(contains(error_of([&] { decode(file.substr(0, 8) + chunk("eXIf", exif) + file.substr(8)); }),
                 "memory: found another chunk where the header should be, expected a PNG file"));
  CHECK(contains(error_of([&] { decode(with(chunk("AbCd", "what must be known"))); }), "memory: found \""));
}

TEST_CASE("a file cut at any byte is refused") {
  const test::TemporaryDirectory folder;
  write_png(folder / "x.png", pattern(3, 6, 7));
  const std::string whole = test::read_text(folder / "x.png");
  std::size_t refused = 0;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    test::write_text(folder / "cut.png", whole.substr(0, length));
    refused += contains(error_of([&] { read_png(folder / "cut.png"); }), "/cut.png: found ") ? 1 : 0;
  }
  CHECK(refused == whole.size());
}

TEST_CASE("a damaged byte gives an error or an image, never a crash; damaged pixels give an error") {
  const test::TemporaryDirectory folder;
  const Image image = pattern(3, 6, 7);
  write_png(folder / "x.png", image);
  const std::string whole = test::read_text(folder / "x.png");
  std::size_t wrong = 0;
  for (std::size_t place = 0; place < whole.size(); ++place)
    for (const int flip : {1, 0x40, 0xff}) {
      std::string text = whole;
      text[place] = static_cast<char>(text[place] ^ flip);
      test::write_text(folder / "bad.png", text);
      Image read = image;
      const std::string error = error_of([&] { read = read_png(folder / "bad.png"); });
      wrong += error.empty() && read != image ? 1 : 0;
    }
  CHECK(wrong == 0);
}

TEST_CASE("a chunk that claims more than the file has is refused before memory is taken for it") {
  const test::TemporaryDirectory folder;
  write_png(folder / "x.png", pattern(1, 1, 1));
  std::string claims = test::read_text(folder / "x.png");
  claims.insert(33, std::string("\x06\x74\0\0eXIf", 8));  // a chunk of 108 MB after the header
  test::write_text(folder / "claims.png", claims);
  CHECK(contains(error_of([&] { read_png(folder / "claims.png"); }),
                 "/claims.png: found a file that ends within a chunk, expected a whole PNG file"));
}

TEST_CASE("what is no image is named") {
  const test::TemporaryDirectory folder;
  test::write_text(folder / "text.png", "not an image at all");
  CHECK(contains(error_of([&] { read_png(folder / "text.png"); }),
                 "/text.png: found no PNG signature, expected a PNG file"));
  CHECK(contains(error_of([&] { read_png(folder / "none.png"); }), "No such file or directory"));
  CHECK(contains(error_of([&] { read_png(folder.path); }), "found a directory"));
  write_png(folder / "x.png", pattern(1, 1, 1));
  // The header says 40,000 x 40,000 pixels, with the right checksum.
  std::string huge = test::read_text(folder / "x.png");
  huge.replace(16, 8, std::string("\0\0\x9c\x40\0\0\x9c\x40", 8));
  huge.replace(29, 4, "\x74\x67\x51\xd9");
  test::write_text(folder / "huge.png", huge);
  CHECK(contains(error_of([&] { read_png(folder / "huge.png"); }), "found 40000 x 40000 pixels, expected at most"));
}

TEST_CASE("what cannot be a PNG is not written") {
  const test::TemporaryDirectory folder;
  const auto writing = [&](const Image& image) { return error_of([&] { write_png(folder / "x.png", image); }); };
  CHECK(contains(writing(pattern(2, 3, 3)), "found an image of 2 x 3 x 3 in 18 bytes, expected 1 or 3 channels"));
  CHECK(contains(writing(pattern(3, 0, 3)), "found an image of 3 x 0 x 3"));
  CHECK(contains(writing({3, 2, 2, {1, 2, 3}}), "in 3 bytes"));
  CHECK(folder.entries() == 0);
  CHECK(contains(error_of([&] { write_png(folder / "none/x.png", grey); }), "No such file or directory"));
}
