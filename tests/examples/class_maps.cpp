// class_maps FOLDER COUNT SEED [DISC [WIDTH]]: images of bright squares and dark discs on noise, and their class maps.
//
// Writes FOLDER/images/NNN.png, grey, of several sizes around 24 x 32 or WIDTH pixels wide, and FOLDER/masks/NNN.png:
// 0 background, 1 square, DISC disc, which is 2 if it is not given, 255 around the disc.
#include <mae/core/random.hpp>
#include <mae/io/annotations/class_map_png.hpp>
#include <mae/io/images/png.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

int main(int given, char** words) {
  using mae::Index;
  const std::string folder = words[1];
  const auto seed = static_cast<std::uint64_t>(std::atoi(words[3]));
  const auto disc = static_cast<std::uint8_t>(given > 4 ? std::atoi(words[4]) : 2);
  for (const char* const name : {"/images", "/masks"}) std::filesystem::create_directories(folder + name);
  for (int i = 0; i < std::atoi(words[2]); ++i) {
    const mae::RandomStream random(seed, mae::Purpose::probe, 0, static_cast<std::uint64_t>(i));
    std::uint32_t next = 0;
    const auto below = [&](Index most) { return Index{random.below(next++, static_cast<std::uint32_t>(most))}; };
    const Index height = 20 + below(9), width = given > 5 ? std::atoi(words[5]) : 28 + below(9);
    mae::Image image = mae::blank_image(1, height, width);
    std::vector<std::uint8_t> map(image.pixels.size());
    const Index side = 8 + below(5), top = below(height - side), left = below(width / 2 - side / 2);
    const double radius = 4 + double(below(3)), y0 = double(5 + below(height - 10)),
                 x0 = double(width / 2 + 4 + below(width / 2 - 8));
    for (Index y = 0; y < height; ++y)
      for (Index x = 0; x < width; ++x) {
        const auto at = static_cast<std::size_t>(y * width + x);
        const double far = std::hypot(double(y) - y0, double(x) - x0);
        const bool square = y >= top && y < top + side && x >= left && x < left + side;
        map[at] = far <= radius ? disc : far <= radius + 1 ? 255 : square ? 1 : 0;
        const Index level = map[at] == disc || map[at] == 255 ? 10 : map[at] == 1 ? 215 : 100;
        image.pixels[at] = static_cast<std::uint8_t>(level + below(40));
      }
    char name[16];
    std::snprintf(name, sizeof name, "/%03d.png", i);
    mae::write_png(folder + "/images" + name, image);
    mae::write_class_map_png(folder + "/masks" + name, {map.data(), height, width});
  }
}
