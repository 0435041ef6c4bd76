// Writes the corpora that no test's files serve for: seeds FOLDER. They are committed; run it when a format changes.
#include <mae/io/files/gzip.hpp>
#include <mae/io/tensors/npy.hpp>

#include <filesystem>

#include <mae/checkpoint/run_state.hpp>

#include "../support/archive.hpp"
#include "run.hpp"

namespace {

std::string folder;

std::string place(const std::string& target, const std::string& name) {
  std::filesystem::create_directories(folder + "/" + target);
  return folder + "/" + target + "/" + name;
}
void write(const std::string& target, const std::string& name, const std::string& text) {
  mae::write_file(place(target, name), text.data(), static_cast<mae::Index>(text.size()));
}
void write_packed(const std::string& target, const std::string& name, const std::string& text) {
  const gzFile file = gzopen(place(target, name).c_str(), "wb9");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
}
std::string of_bytes(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text += static_cast<char>(byte);
  return text;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return std::fputs("seeds FOLDER\n", stderr), 1;
  folder = arguments[1];

  const std::string images = of_bytes({0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3}) + "abcdef";
  const std::string labels = of_bytes({0, 0, 8, 1, 0, 0, 0, 2, 1, 0});
  write("idx", "images", images);
  write("idx", "labels", labels);
  write_packed("idx", "images.gz", images);
  write_packed("idx", "labels.gz", labels);

  write("cifar", "ten", of_bytes({3}) + "abcdefghijkl" + of_bytes({9}) + "mnopqrstuvwx");
  write("cifar", "hundred", of_bytes({1, 99}) + "abcdefghijkl");
  write("cifar", "names", "airplane\r\nautomobile\n\nbird\n");
  write("names", "names", "[\"cat\",\"caf\\u00e9\",\"a\xEF\x9F\xA9\xEF\x9E\x80\\n\"]");

  const float reals[] = {1, -2, 0.5f, 4, 5, 6};
  const std::uint8_t bytes[] = {1, 2, 3, 4};
  const std::int64_t wide[] = {-7};
  mae::write_safetensors(place("safetensors", "three"),
                         {mae::tensor_bytes("wide", {}, wide), mae::tensor_bytes("reals", {2, 3}, reals),
                          mae::tensor_bytes("bytes", {4}, bytes)},
                         {{"format", "mae"}});
  mae::write_safetensors(place("safetensors", "nothing"), {});

  const fuzz::Weights weights;
  mae::save_checkpoint(place("checkpoint", "model"), weights,
                       {{"mean", "[0.5]"},
                        {"deviation", "[0.25]"},
                        {"run.steps", "3"},
                        {"run.epoch_images", "4"},
                        {"run.epoch_loss", "0.5"}});

  fuzz::Run run(fuzz::images(), fuzz::options(), fuzz::normalization());
  mae::save_run(place("run", "begin"), run);
  run.train_epoch();
  run.update();
  mae::save_run(place("run", "middle"), run);

  write("log", "whole",
        "{\"event\":\"step\",\"step\":10,\"epoch\":0.5,\"loss\":0.9,\"rate\":0.001,\"images_per_second\":100}\n"
        "{\"event\":\"epoch\",\"step\":20,\"epoch\":1,\"loss\":0.8,\"rate\":0.001,\"images_per_second\":100,"
        "\"validation_loss\":0.7,\"knn\":0.5,\"accuracy\":0.25}\n"
        "{\"event\":\"epoch\",\"step\":40,\"epoch\":2,\"loss\":0.7,\"rate\":0,\"images_per_second\":100}\n");
  write("log", "cut",
        "{\"event\":\"epoch\",\"step\":2000,\"epoch\":1,\"loss\":1e9,\"rate\":0,\"images_per_second\":0}\n"
        "{\"event\":\"epoch\",\"step\":3");
  mae::write_npy(place("noise", "two_images"), {2, 3}, std::vector<float>{0.5f, 1, 2, -1, 0, 3});

  // One image of each kind of chunk, segment and code that the tests' own files do not have.
  const auto image_files = mae::SafetensorsFile::read(MAE_SOURCE_DIR "/tests/golden/image_files.safetensors");
  const auto write_image = [&](const std::string& target, const std::string& name) {
    const auto bytes = image_files.values<std::uint8_t>(name);
    write(target, name, {bytes.begin(), bytes.end()});
  };
  for (const char* name :
       {"rgb16_interlaced.png", "grey16_trns.png", "palette4_interlaced_trns.png", "gamma_100000_rgb_alpha8.png",
        "gamma_55556_rgb16.png", "profile_rgb16.png", "notes_long_MM_6_late.png", "notes_xmp_element_6_late.png",
        "notes_raw_profile_6.png", "notes_exif_of_three_elsewhere_late.png"})
    write_image("png", name);
  for (const char* name : {"ycck.jpg", "cmyk_arithmetic.jpg", "s420_arithmetic_progressive.jpg", "restart.jpg",
                           "notes_long_MM_6.jpg", "notes_xmp_element_6.jpg", "notes_segments_cut_anywhere.jpg"})
    write_image("jpeg", name);

  const auto words = [](std::initializer_list<std::int32_t> numbers) {
    return std::string(reinterpret_cast<const char*>(numbers.begin()), 4 * numbers.size());
  };
  const auto reals_of = [](std::initializer_list<float> numbers) {
    return std::string(reinterpret_cast<const char*>(numbers.begin()), 4 * numbers.size());
  };
  write("run_length", "text", words({8, 8}) + "945O1O1Od0");
  write("run_length", "long", words({46340, 46340}) + "Paf_h01OlQRWG");
  write("run_length", "counts", words({3, 4, 1, 2, 0, 3, 6}));
  write("polygon", "one", of_bytes({9, 12, 0}) + reals_of({1, 1, 8.5f, 2.3f, 8, 7, -3, 5.1f}));
  write("polygon", "two", of_bytes({60, 50, 8}) + reals_of({-5, 3, 30, -8.1f, 70, 55, 3, 62, 10, 10, 10, 40, 11, 10}));

  using namespace test;
  const std::string twelve = storage("0", 12), one = storage("1", 1), w = tensor(twelve, 1, {2, 3}, {1, 4});
  const std::vector<std::string> objects{
      dict({text("model"), dict({text("w"), w, text("n"), tensor(one, 0, {}, {})}), text("epoch"), whole(3)}),
      dict({text("w"), global("torch._utils", "_rebuild_parameter") + tuple({w, "\x88", "N"}) + "R"}),
      dict({text("args"), global("argparse", "Namespace") + ")\x81" + dict({text("rate"), "G12345678"}) + "b",
            text("l"), "]" + w + "a", text("o"), global("os", "system") + tuple({text("ls")}) + "R"}),
      dict({text("e"), tensor(twelve, 0, {3, 12}, {0, 1}), text("s"), tensor(twelve, 3, {0, 4}, {4, 1})})};
  for (std::size_t i = 0; i < objects.size(); ++i) {
    write("pickle", std::to_string(i), pickle(objects[i]));
    write("pth", std::to_string(i), pth(objects[i]));
  }
  write("pickle", "protocol4", std::string("\x80\4\x95\5\0\0\0\0\0\0\0}\x94\x8c\1a\x94\x8f(K\1\x90s.", 23));
  for (const bool zip64 : {false, true})
    write("zip", zip64 ? "wide" : "narrow",
          zip({{.name = "a/x", .data = "1", .extra = 7, .wide = zip64},
               {"a/y", "23", 8, 0, "", 0, ~0ull, ~0ull, zip64, std::string(16, 'd')}},
              {.wide = zip64}));
  const auto array = [](const char* type, const char* order, const char* shape, const std::string& elements) {
    const std::string header =
        std::string("{'descr': '") + type + "', 'fortran_order': " + order + ", 'shape': " + shape + "}\n";
    return "\x93NUMPY" + number(1, 2) + number(header.size(), 2) + header + elements;
  };
  write("npz", "two",
        zip({{"a.npy", array("<f4", "False", "(2,)", "12345678")},
             {"b/c.npy", array(">f2", "True", "(2, 2)", "12345678")}}));
  write("shards", "one", R"({"metadata": {"total_size": 8}, "weight_map": {"a0": "0", "b0": "0"}})");
  write("shards", "two", R"({"weight_map": {"a0": "0", "b0": "0", "a1": "1", "b1": "1"}})");
  write(
      "config", "all",
      R"({"hidden_size": 768, "layer_norm_eps": 1e-12, "image_size": [224, [1, "x"], {"y": 2}], "bias": true, "deep": {"a": {"b": null}}, "name": "\u00e9"})");
  write("config", "twice", R"({"a": 1, "a": -2})");

  write("settings", "all",
        "{\"epochs\": 3, \"rate\": 0.25, \"data\": \"a\\u00e9\", \"mode\": \"skip\", \"flip\": false, "
        "\"mean\": [0.5, 1e-3], \"clip\": null}");
  write("settings", "misspelt", "{\"epoch\": 3}");
  write("settings", "twice", "{\"clip\": 3,\n \"clip\": 4}");
  return 0;
}
