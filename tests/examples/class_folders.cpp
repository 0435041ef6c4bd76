// class_folders IMAGES FOLDER COUNT: the first COUNT digits of each of 0 to 6 in files of MNIST's format, as grey PNG
// files FOLDER/<name>/NNN.png, with names of classes that are no numbers. IMAGES is a path that ends in
// -images-idx3-ubyte.
#include <mae/io/images/idx.hpp>
#include <mae/io/images/png.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

int main(int, char** words) {
  const std::string images = words[1], folder = words[2];
  const int count = std::atoi(words[3]);
  const std::string labels = images.substr(0, images.rfind("-images")) + "-labels-idx1-ubyte";
  const mae::Dataset digits = mae::read_idx_dataset(images, labels);
  constexpr std::array<const char*, 7> names{"zero", "one", "two", "three", "four", "five, or V", "six"};
  std::array<int, 7> written{};
  for (mae::Index i = 0; i < digits.size(); ++i) {
    const auto label = static_cast<std::size_t>(digits.label(i));
    if (label >= names.size() || written[label] == count) continue;
    char name[16];
    std::snprintf(name, sizeof name, "/%03d.png", written[label]++);
    std::filesystem::create_directories(folder + "/" + names[label]);
    digits.with_image(i, [&](const mae::ImageView& image) {
      const auto size = static_cast<std::size_t>(image.height * image.width);
      mae::write_png(folder + "/" + names[label] + name,
                     {1, image.height, image.width, {image.pixels, image.pixels + size}});
    });
  }
}
