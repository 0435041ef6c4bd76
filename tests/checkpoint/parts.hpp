// A safetensors file taken apart, to be changed and written again.
#pragma once
#include <string>
#include <vector>

#include <mae/checkpoint/checkpoint.hpp>
#include <mae/io/files/checksum.hpp>

namespace test {

struct Parts {
  struct Tensor {
    std::string name, dtype;
    std::vector<mae::Index> shape;
    std::vector<std::byte> bytes;
  };
  std::vector<Tensor> tensors;
  mae::Metadata metadata;

  explicit Parts(const std::string& path) {
    const mae::SafetensorsFile file = mae::SafetensorsFile::read(path);
    metadata = file.metadata();
    for (const mae::TensorEntry& e : file.entries()) tensors.push_back({e.name, e.dtype, e.shape, file.bytes(e.name)});
  }
  Tensor& operator[](const std::string& name) {
    for (Tensor& t : tensors)
      if (t.name == name) return t;
    throw mae::Error("no tensor " + name);
  }
  void write(const std::string& path) const {
    std::vector<mae::TensorBytes> all;
    for (const Tensor& t : tensors) all.push_back({t.name, t.dtype, t.shape, t.bytes.data()});
    mae::write_safetensors(path, all, metadata);
  }
  /// As the file of a run, with the right checksum.
  void write_run(const std::string& path) {
    mae::Checksum sum;
    for (const auto& [key, value] : metadata)
      if (key != "run.checksum") sum.add(key), sum.add(value);
    for (const Tensor& t : tensors) sum.add(t.bytes.data(), static_cast<mae::Index>(t.bytes.size()));
    metadata["run.checksum"] = sum.text();
    write(path);
  }
};

}  // namespace test
