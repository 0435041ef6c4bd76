// foreign make GOLDEN FOLDER            writes the files of other projects that tests/golden/foreign.py lists
// foreign compare GOLDEN KEY ARRAY.npy   whether a program computes what those projects do
//
// GOLDEN is tests/golden/foreign. Weights follow from names, as there.
#include <mae/io/tensors/npy.hpp>
#include <mae/io/tensors/safetensors.hpp>

#include <zlib.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "../support/archive.hpp"

namespace {

using mae::Index;

struct Tensor {
  std::string name;
  std::vector<Index> shape;
  std::vector<float> values;
};

float number_of(const Tensor& tensor, std::uint32_t begin, std::uint32_t i, double bound) {
  std::uint32_t x = begin + i * 0x9E3779B9u;
  x = (x ^ x >> 16) * 0x85EBCA6Bu;
  x = (x ^ x >> 13) * 0xC2B2AE35u;
  const double u = 2 * ((x ^ x >> 16) / 4294967296.0) - 1;
  const bool weight = tensor.name.ends_with("weight");
  if (weight && tensor.name.find("norm") != std::string::npos) return static_cast<float>(1 + 0.4 * u);
  return static_cast<float>((weight ? bound : tensor.name.ends_with("bias") ? 0.3 : 0.5) * u);
}

std::vector<Tensor> listed(const std::string& golden, const std::string& file) {
  std::ifstream in(golden + "/" + file + ".txt");
  if (!in) throw mae::Error(golden + "/" + file + ".txt", "no such file", "a list of tensors");
  std::vector<Tensor> all;
  for (std::string line; std::getline(in, line);) {
    Tensor tensor;
    std::istringstream words(line);
    words >> tensor.name;
    Index count = 1;
    for (Index extent = 0; words >> extent; count *= extent) tensor.shape.push_back(extent);
    const Index rows = tensor.shape.front();
    const double bound = std::sqrt(6.0 / static_cast<double>(rows + count / rows));
    const auto* const letters = reinterpret_cast<const unsigned char*>(tensor.name.data());
    const auto begin = static_cast<std::uint32_t>(::crc32(0, letters, static_cast<unsigned>(tensor.name.size())));
    for (Index i = 0; i < count; ++i)
      tensor.values.push_back(number_of(tensor, begin, static_cast<std::uint32_t>(i), bound));
    all.push_back(std::move(tensor));
  }
  return all;
}

void write_safetensors(const std::string& path, const std::vector<Tensor>& tensors) {
  std::vector<mae::TensorBytes> all;
  for (const Tensor& tensor : tensors)
    all.push_back(mae::tensor_bytes(tensor.name, tensor.shape, tensor.values.data()));
  mae::write_safetensors(path, all, {{"format", "pt"}});
}

/// A folder of transformers'; `images` is its preprocessor_config.json, if there is one.
void write_folder(const std::string& golden, const std::string& file, const std::string& folder,
                  const std::string& images) {
  std::filesystem::create_directory(folder);
  write_safetensors(folder + "/model.safetensors", listed(golden, file));
  std::filesystem::copy_file(golden + "/" + file + ".json", folder + "/config.json");
  if (!images.empty()) std::ofstream(folder + "/preprocessor_config.json") << images;
}

/// A file of torch.save: the tensors, or with `run` those of a run of the original code under "model", beside its
/// arguments and the state of its optimizer.
void write_pth(const std::string& path, const std::vector<Tensor>& tensors, bool run) {
  std::vector<std::string> state;
  std::vector<test::ZipMember> members(1);
  for (const Tensor& tensor : tensors) {
    const std::string key = std::to_string(members.size());
    const auto count = static_cast<std::int64_t>(tensor.values.size());
    std::vector<std::int64_t> strides(tensor.shape.size(), 1);
    for (std::size_t k = strides.size(); k-- > 1;) strides[k - 1] = strides[k] * tensor.shape[k];
    state.push_back(test::text(tensor.name));
    state.push_back(test::tensor(test::storage(key, count), 0, {tensor.shape.begin(), tensor.shape.end()}, strides));
    const auto* const bytes = reinterpret_cast<const char*>(tensor.values.data());
    members.push_back({.name = "archive/data/" + key, .data = std::string(bytes, tensor.values.size() * 4)});
  }
  std::string object = test::dict(state);
  const std::string arguments = test::global("argparse", "Namespace") + ")\x81" +
                                test::dict({test::text("model"), test::text("mae_vit_tiny")}) + "b";
  const std::string moment = test::dict({test::whole(0), test::dict({test::text("exp_avg"), state.at(1)})});
  if (run)
    object =
        test::dict({test::text("model"), object, test::text("optimizer"), test::dict({test::text("state"), moment}),
                    test::text("epoch"), test::whole(799), test::text("args"), arguments});
  members[0] = {.name = "archive/data.pkl", .data = test::pickle(object)};
  for (test::ZipMember& member : members) member.summed = true;
  const std::string bytes = test::zip(members, {.wide = true});
  mae::write_file(path, bytes.data(), static_cast<Index>(bytes.size()));
}

void make(const std::string& golden, const std::string& folder) {
  write_safetensors(folder + "/timm.safetensors", listed(golden, "timm"));
  write_pth(folder + "/timm_large.pth", listed(golden, "timm_large"), false);
  write_pth(folder + "/original.pth", listed(golden, "original"), true);
  write_folder(golden, "transformers", folder + "/transformers", R"({"image_mean": [0.25], "image_std": [0.75]})");
  write_folder(golden, "transformers_large", folder + "/transformers_large", "");
  const auto expected = mae::SafetensorsFile::read(golden + "/expected.safetensors");
  mae::write_npy(folder + "/noise.npy", expected.at("noise").shape, expected.values<float>("noise"));
}

/// How far the rows of an array are from those that are expected, against the largest of these.
double distance(const std::string& golden, const std::string& key, const std::string& path) {
  const auto expected = mae::SafetensorsFile::read(golden + "/expected.safetensors").values<float>(key);
  const auto found = mae::read_npy<float>(path).values;
  if (found.size() < expected.size()) throw mae::Error(path, std::to_string(found.size()) + " numbers", "more");
  double off = 0, largest = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    off = std::fmax(off, std::fabs(double(found[i]) - double(expected[i])));
    largest = std::fmax(largest, std::fabs(double(expected[i])));
  }
  return off / largest;
}

}  // namespace

int main(int count, char** words) {
  try {
    if (count == 4 && words[1] == std::string("make")) return make(words[2], words[3]), 0;
    if (count != 5 || words[1] != std::string("compare")) return std::fputs("foreign make|compare ...\n", stderr), 2;
    const double off = distance(words[2], words[3], words[4]);
    std::printf("%s: off by %.2g of the largest\n", words[3], off);
    return off < 2e-5 ? 0 : 1;
  } catch (const std::exception& error) { return std::fprintf(stderr, "%s\n", error.what()), 1; }
}
