#include <mae/io/files/file_kind.hpp>

#include <doctest/doctest.h>

#include <mae/io/tensors/safetensors.hpp>

#include <support/temporary.hpp>

using mae::SafetensorsFile;
using test::contains, test::error_of;

namespace {

std::string zip_of(const std::string& name) {
  return "PK\3\4" + std::string(22, '\0') + static_cast<char>(name.size()) + std::string(3, '\0') + name;
}
std::string padded(std::string text, std::size_t size) {
  text.resize(size, '\0');
  return text;
}

struct Row {
  std::string bytes, name, advice;
};
// The usual things that are given in place of weights.
const std::vector<Row> rows{
    {zip_of("archive/data.pkl") + "\x80\2", "weights of PyTorch (a ZIP archive with a pickle)", "torch.load"},
    {padded("PK\3\4", 204), "a ZIP archive, as PyTorch writes weights (.pth)", "safetensors.torch.save_file"},
    {"\x80\2\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.\x80\2M\xe9\3.", "weights of PyTorch (a pickle)", "torch.load"},
    {"\x80\4\x95" + std::string(60, 'x'), "a pickle of Python", "torch.load"},
    {zip_of("x_train.npy"), "an archive of NumPy (.npz)", "np.save"},
    {"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "a pointer of Git LFS, not the file",
     "git lfs pull fetches the file"},
    {R"({"metadata": {"total_size": 8}, "weight_map": {"cls_token": "model-00001-of-00002.safetensors"}})",
     "an index of weights that are divided among several files", "save_file"},
    {R"({"architectures": ["ViTMAEModel"]})", "a text in JSON", ""},
    {"\n<!DOCTYPE html><html><head><title>404</title>", "a web page", "download the file again"},
    {"<HTML>\n<body>Access denied", "a web page", "download the file again"},
    {"Entry not found", "a text that begins 'Entry not found'", ""},
    {"\x1f\x8b\x08" + std::string(20, '\1'), "a file packed with gzip", "gunzip"},
    {"\x89HDF\r\n\x1a\n" + std::string(20, '\0'), "an HDF5 file", "h5py.File"},
    {"\x08\x07\x12\x07pytorch\x1a\x05" + std::string("1.13:"), "an ONNX model", ""},
    {"\x82\xa6params\x81\xa5" + std::string(40, 'x'), "a MessagePack file, as Flax writes weights", ""},
    {"lmgg" + std::string(20, '\1'), "a GGML file", ""},
    {"GGUF\3" + std::string(20, '\0'), "a GGUF file", ""},
    {"\x93NUMPY\1" + std::string(20, '\0'), "an array of NumPy (.npy)", ""},
    {"\x89PNG\r\n\x1a\n" + std::string(20, '\0'), "a PNG image", ""},
    {padded("folder/", 257) + "ustar" + std::string(20, ' '), "a tar archive", "tar -xf"},
    {std::string("\0\0\x08\3\0\0\0\1\0\0\0\1\0\0\0\1x", 17), "an IDX file, as those of MNIST", ""},
    {"", "an empty file", "copy or download it again"}};

}  // namespace

TEST_CASE("files of other kinds that are given for weights are named, with what to do") {
  const test::TemporaryDirectory folder;
  for (const Row& row : rows) {
    CAPTURE(row.name);
    test::write_text(folder / "x", row.bytes);
    const mae::FileKind kind = mae::file_kind(mae::InputFile(folder / "x"));
    CHECK(contains(kind.name, row.name));
    CHECK((row.advice.empty() ? kind.advice.empty() : contains(kind.advice, row.advice)));
    const std::string error = error_of([&] { SafetensorsFile::read(folder / "x"); });
    CHECK(contains(error, "/x: found " + kind.name + ", expected a safetensors file"));
    CHECK(contains(error, kind.advice));
    CHECK_FALSE(contains(error, "\n"));
  }
}

TEST_CASE("what is not known is not named, and a safetensors file is") {
  const test::TemporaryDirectory folder;
  const auto kind = [&](const std::string& bytes) {
    test::write_text(folder / "x", bytes);
    return mae::file_kind(mae::InputFile(folder / "x")).name;
  };
  CHECK(kind("\1\2\3\4 and more").empty());
  CHECK(kind(std::string("\xff\xfe\0\0", 4)).empty());
  CHECK(kind("a\n").empty());
  const float one = 1;
  mae::write_safetensors(folder / "weights", {mae::tensor_bytes("w", {1}, &one)});
  const std::string whole = test::read_text(folder / "weights");
  CHECK(kind(whole) == "a safetensors file");
  test::write_text(folder / "cut", whole.substr(0, 40));
  CHECK(contains(error_of([&] { SafetensorsFile::read(folder / "cut"); }),
                 ": its header is cut, as a download or copy that stopped"));
  test::write_text(folder / "cut", whole.substr(0, whole.size() - 1));
  CHECK(contains(error_of([&] { SafetensorsFile::read(folder / "cut"); }), "the file was cut or is damaged"));
  test::write_text(folder / "noise", std::string(7, '\1') + "\x7f\1\2\3");
  CHECK(contains(
      error_of([&] { SafetensorsFile::read(folder / "noise"); }),
      "/noise: found a header of 9151597021616996609 bytes, more than 100000000, expected a safetensors file"));
  CHECK(contains(error_of([&] { SafetensorsFile::read(folder.path); }), "found a directory, expected a file"));
}
