// mae::io brings along what mae/io needs: the program compiles, links, and reads what it wrote.
#include <cstdio>

#include <mae/io/images/png.hpp>
#include <mae/io/tensors/safetensors.hpp>

int main() {
  const mae::Image written = mae::blank_image(3, 4, 5, 77);
  mae::write_png("consumer.png", written);
  const float values[] = {1, 2, 3};
  mae::write_safetensors("consumer.safetensors", {mae::tensor_bytes("x", {3}, values)}, {{"version", mae::version}});
  const auto file = mae::SafetensorsFile::read("consumer.safetensors");
  std::printf("mae %s\n", file.metadata("version").c_str());
  return mae::read_png("consumer.png") != written || file.values<float>("x")[2] != 3;
}
