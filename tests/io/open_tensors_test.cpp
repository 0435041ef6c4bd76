// What PyTorch, NumPy and Hugging Face's libraries write (weights_python.py) against what they hold.
#include <mae/io/tensors/open_tensors.hpp>

#include <doctest/doctest.h>

#include <support/temporary.hpp>

using mae::Index, mae::open_tensors, mae::SafetensorsFile, mae::TensorEntry, mae::TensorFile;
using test::contains, test::error_of;

namespace {

std::string python(const std::string& name) { return test::beside(__FILE__, "weights_python/" + name); }

// The bytes of a tensor, whatever its type.
bool same(const TensorFile& file, const std::string& name, const TensorFile& expected, const TensorEntry& entry) {
  const TensorEntry* const found = file.find(name);
  return found && found->dtype == entry.dtype && found->shape == entry.shape &&
         file.bytes(name) == expected.bytes(entry.name);
}

}  // namespace

TEST_CASE("every file that was written holds what was put into it") {
  const SafetensorsFile expected = SafetensorsFile::read(test::beside(__FILE__, "weights_python.safetensors"));
  CHECK(contains(expected.metadata("oracle"), "torch 2.15"));
  std::map<std::string, TensorFile> files;
  std::map<std::string, std::size_t> tensors;
  for (const TensorEntry& entry : expected.entries()) {
    CAPTURE(entry.name);
    const std::size_t colon = entry.name.find(':');
    const std::string name = entry.name.substr(0, colon);
    if (!files.contains(name)) files.emplace(name, open_tensors(python(name)));
    ++tensors[name];
    CHECK(same(files.at(name), entry.name.substr(colon + 1), expected, entry));
  }
  CHECK(files.size() == 24);
  for (const auto& opened : files) {
    const std::string& name = opened.first;
    CAPTURE(name);
    CHECK(opened.second.entries().size() == (name == "many.pth" ? 1100 : tensors[name]));
  }
  std::size_t settings = 0;
  for (const auto& setting : expected.metadata()) {
    const std::string& key = setting.first;
    const std::size_t colon = key.find(':');
    if (colon == key.npos) continue;
    CAPTURE(key);
    CHECK(files.at(key.substr(0, colon)).metadata(key.substr(colon + 1)) == setting.second);
    ++settings;
  }
  CHECK(settings > 30);
}

TEST_CASE("a byte that changed is seen, or no tensor has it") {
  const test::TemporaryDirectory folder;
  for (const char* const name : {"views.pth", "types.pth", "arrays.npz"}) {
    const TensorFile whole = open_tensors(python(name));
    const std::vector<char> bytes = mae::read_file<char>(python(name));
    std::size_t refused = 0, wrong = 0;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
      std::string damaged(bytes.begin(), bytes.end());
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
      test::put_text(folder / "x", damaged);
      bool told = false;
      try {
        const TensorFile file = open_tensors(folder / "x");
        for (const TensorEntry& entry : whole.entries()) wrong += same(file, entry.name, whole, entry) ? 0 : 1;
      } catch (const mae::Error&) { told = true; }
      refused += told ? 1 : 0;
    }
    CAPTURE(name);
    CHECK(wrong == 0);
    CHECK(refused > bytes.size() / 12);
  }
}

TEST_CASE("the container is told") {
  CHECK(open_tensors(python("plain.pth")).container() == "PyTorch (.pth)");
  CHECK(open_tensors(python("old.pth")).container() == "PyTorch before 1.6 (.pth)");
  CHECK(open_tensors(python("arrays.npz")).container() == "NumPy (.npz)");
  CHECK(open_tensors(python("one")).container() == "safetensors");
  CHECK(open_tensors(python("shards")).container() == "2 files by an index");
  CHECK(open_tensors(python("shards/model.safetensors.index.json")).container() == "2 files by an index");
}

TEST_CASE("what has no weights to be read says what it is") {
  for (const auto& row :
       std::map<std::string, std::string>{{"module.pth", "an object of __main__.Net instead of tensors"},
                                          {"module_inside.pth", "an object of __main__.Net instead of tensors"},
                                          {"optimizer.pth", "the state of an optimizer alone"},
                                          {"nothing.pth", "no tensors"},
                                          {"conjugated.pth", "a tensor that is to be negated or conjugated"},
                                          {"quantized.pth", "a storage of type 'torch.QInt8Storage'"},
                                          {"script.pth", "a program of TorchScript, expected"},
                                          {"packed.npz", "a packed entry (method 8)"},
                                          {"objects.npz", "objects of Python, type '|O'"}}) {
    const std::string error = error_of([&] { open_tensors(python(row.first)); });
    CAPTURE(error);
    CHECK(contains(error, python(row.first)));
    CHECK(contains(error, row.second));
  }
}

TEST_CASE("files in place of weights are named by what is in them, whatever they are called") {
  const test::TemporaryDirectory folder;
  const std::string padding(40, 'x');
  for (const auto& [text, message] : std::map<std::string, std::string>{
           {"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "a pointer of Git LFS"},
           {"<!DOCTYPE html><html><head><title>404", "a web page"},
           {"Entry not found", "a text that begins 'Entry not found'"},
           {"", "an empty file"},
           {"\x89HDF\r\n\x1a\n" + padding, "an HDF5 file"},
           {"GGUF\3" + padding, "a GGUF file"},
           {"\x82\xa6params\x81\xa5" + padding, "a MessagePack file"},
           {"\x80\4N." + padding, "a pickle of Python"},
           {std::string(257, 'x') + "ustar" + padding, "a tar archive"},
           {R"({"hidden_size": 3})", "no weight_map"}}) {
    test::put_text(folder / "mae_pretrain_vit_base.pth", text);
    const std::string error = error_of([&] { open_tensors(folder / "mae_pretrain_vit_base.pth"); });
    CAPTURE(error);
    CHECK(contains(error, "mae_pretrain_vit_base.pth: found " + message));
  }
  CHECK(contains(error_of([&] { open_tensors(folder / "none"); }), "No such file"));
  std::filesystem::copy(python("one/model.safetensors"), folder / "renamed.pth");
  CHECK(open_tensors(folder / "renamed.pth").container() == "safetensors");
}
