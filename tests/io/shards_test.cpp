#include <mae/io/tensors/shards.hpp>

#include <doctest/doctest.h>

#include <mae/io/tensors/safetensors.hpp>
#include <support/temporary.hpp>

using mae::SafetensorsFile, mae::tensor_bytes, mae::TensorFile;
using test::contains, test::error_of, test::put_text;

namespace {

const float values[] = {1, 2, 3, 4};

TensorFile open_one(const std::string& path) { return SafetensorsFile::read(path); }

// A folder with two files and their index.
struct Divided {
  explicit Divided(const std::string& map = R"("a": "one", "b": "one", "c": "two")") {
    mae::write_safetensors(folder / "one", {tensor_bytes("a", {2}, values), tensor_bytes("b", {}, values + 2)});
    mae::write_safetensors(folder / "two", {tensor_bytes("c", {1}, values + 3)}, {{"format", "pt"}});
    put_text(index(), R"({"metadata": {"total_size": 16}, "weight_map": {)" + map + "}}");
  }
  std::string index() const { return folder / "model.safetensors.index.json"; }
  std::string error() const {
    return error_of([&] { mae::read_shards(index(), open_one); });
  }
  test::TemporaryDirectory folder;
};

}  // namespace

TEST_CASE("tensors from each file, and what the index and the files tell") {
  const Divided divided;
  const TensorFile file = mae::read_shards(divided.index(), open_one);
  CHECK(file.values<float>("a") == std::vector<float>{1, 2});
  CHECK(file.values<float>("b") == std::vector<float>{3});
  CHECK(file.values<float>("c") == std::vector<float>{4});
  CHECK(file.metadata("metadata.total_size") == "16");
  CHECK(file.metadata("format") == "pt");
  CHECK(contains(file.subject("c"), "/two: tensor 'c'"));
}

TEST_CASE("a file that is missing, a tensor that is elsewhere, a name that leaves the folder") {
  const std::vector<std::pair<std::string, std::string>> rows{
      {R"("a": "one", "b": "one", "c": "three")", "no file 'three' beside it, expected all 2 files"},
      {R"("a": "one", "b": "one", "c": "one")", "tensor 'c': found no such tensor"},
      {R"("a": "one", "b": "two", "c": "two")", "tensor 'b': found a tensor that the index has elsewhere"},
      {R"("a": "one", "c": "two")", "tensor 'b': found a tensor that the index has elsewhere"},
      {R"("a": "one", "a": "two")", "the key 'weight_map.a' twice"},
      {R"("a": "../one")", "the file '../one', expected the plain name of a file"},
      {R"("a": "/etc/passwd")", "the plain name of a file"},
      {R"("a": "..")", "the plain name of a file"},
      {R"("a": "")", "the plain name of a file"},
      {R"("a": "x\\one")", "the plain name of a file"},
      {"", "no weight_map"},
  };
  for (const auto& [map, message] : rows) {
    const std::string error = Divided(map).error();
    CAPTURE(error);
    CHECK(contains(error, message));
  }
  std::string many;
  for (int i = 0; i < 201; ++i) many += (i ? ", \"" : "\"") + std::to_string(i) + "\": \"f" + std::to_string(i) + "\"";
  CHECK(contains(Divided(many).error(), "201 files, expected at most 200"));
}

TEST_CASE("one name in two files") {
  const Divided divided;
  mae::write_safetensors(divided.folder / "two", {tensor_bytes("c", {}, values), tensor_bytes("a", {}, values)});
  CHECK(contains(divided.error(), "tensor 'a': found a tensor that the index has elsewhere"));
}

TEST_CASE("a folder: mean and deviation of images, where they are numbers of 0 to 1 that are normalised") {
  const Divided divided;
  const auto said = [&](const std::string& settings) {
    put_text(divided.folder / "preprocessor_config.json", settings);
    const auto metadata = mae::read_config(divided.folder / ".");
    return metadata.contains("mean") ? metadata.at("mean") + " " + metadata.at("deviation") : "nothing";
  };
  const std::string numbers = R"("image_mean": [0.5, 0.25], "image_std": [0.5, 1])";
  CHECK(said("{" + numbers + "}") == "[0.5, 0.25] [0.5, 1]");
  CHECK(said("{" + numbers + R"(, "do_normalize": true, "do_rescale": true, "rescale_factor": 0.00392156862745098})") !=
        "nothing");
  for (const char* const other : {R"("do_normalize": false)", R"("do_rescale": false)", R"("rescale_factor": 0.0078)",
                                  R"("rescale_factor": "x")"})
    CHECK(said("{" + numbers + ", " + other + "}") == "nothing");
  CHECK(said(R"({"image_mean": [0.5, 0.25]})") == "nothing");
  CHECK(contains(error_of([&] { said("[1]"); }), "preprocessor_config.json"));
}

TEST_CASE("a folder: one file before an index, weights of other frameworks, none") {
  const Divided divided;
  put_text(divided.folder / "config.json", R"({"hidden_size": 768})");
  CHECK(mae::read_weights_folder(divided.folder.path, open_one).entries().size() == 3);
  mae::write_safetensors(divided.folder / "model.safetensors", {tensor_bytes("x", {}, values)});
  const TensorFile whole = mae::read_weights_folder(divided.folder.path, open_one);
  CHECK(whole.names() == std::vector<std::string>{"x"});
  CHECK(whole.metadata("config.hidden_size") == "768");
  const test::TemporaryDirectory other;
  const auto error = [&] { return error_of([&] { mae::read_weights_folder(other.path, open_one); }); };
  CHECK(contains(error(), other.path + ": found a folder without weights, expected model.safetensors"));
  put_text(other / "tf_model.h5", "\x89HDF\r\n\x1a\n");
  CHECK(contains(error(), "tf_model.h5 alone, weights of another framework"));
  put_text(divided.folder / "config.json", R"({"a": 1, "a": 2})");
  CHECK(contains(error_of([&] { mae::read_weights_folder(divided.folder.path, open_one); }),
                 "config.json: found the key 'a'"));
}
