// Weights divided among several files ("shards"), and folders of weights, as Hugging Face hands them out:
//
//   config.json                                            how the model is made
//   preprocessor_config.json                               how its images are
//   model.safetensors, or pytorch_model.bin                all weights, or
//   model.safetensors.index.json, pytorch_model.bin.index.json
//       {"metadata": {...}, "weight_map": {"vit.layernorm.weight": "model-00001-of-00002.safetensors", ...}}
//
// The index and the files must agree: a tensor lies in the file that the index names for it, and in no other.
#pragma once
#include <mae/core/math.hpp>
#include <mae/core/number_text.hpp>
#include <mae/io/files/flat_json.hpp>
#include <mae/io/tensors/tensor_file.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {

inline constexpr std::size_t most_shards = 200;  // all are open at once

inline bool has_file(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0;
}
inline std::string folder_part(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? "" : path.substr(0, slash + 1);
}

}  // namespace detail

/// Opens the weights that the index at `path` refers to, each file by `open(path)`. Throws `Error` if a file is missing
/// or no plain name, or a tensor is not where the index says.
template <class Open>
TensorFile read_shards(const std::string& path, const Open& open) {
  constexpr std::string_view map = "weight_map.";
  std::map<std::string, std::string> values = read_flat_json(InputFile(path)), metadata;
  std::map<std::string, std::vector<std::string>> tensors;  // of each file
  for (const auto& [key, value] : values) {
    if (!key.starts_with(map)) metadata.emplace(key, value);
    else tensors[value].push_back(key.substr(map.size()));
  }
  if (tensors.empty()) throw Error(path, "no weight_map", "an index of weights");
  if (tensors.size() > detail::most_shards)
    throw Error(path, std::to_string(tensors.size()) + " files", "at most " + std::to_string(detail::most_shards));
  for (const auto& [name, all] : tensors)
    if (name.empty() || name.front() == '.' || name.find_first_of("/\\") != name.npos || name.size() > 200)
      throw Error(path, "the file " + detail::quoted(name), "the plain name of a file beside the index");
  TensorFile whole(path, std::to_string(tensors.size()) + " files by an index", {}, {}, std::move(metadata));
  for (const auto& [name, all] : tensors) {
    const std::string shard = detail::folder_part(path) + name;
    if (!detail::has_file(shard))
      throw Error(path, "no file " + detail::quoted(name) + " beside it",
                  "all " + std::to_string(tensors.size()) + " files that it names");
    TensorFile part = open(shard);
    for (const std::string& tensor : all)
      if (!part.find(tensor)) throw Error(part.subject(tensor), "no such tensor", "one, as the index says");
    for (const TensorEntry& entry : part.entries())
      if (const auto told = values.find(std::string(map) + entry.name); told == values.end() || told->second != name)
        throw Error(part.subject(entry.name), "a tensor that the index has elsewhere or not at all",
                    "all by the index");
    whole.append(std::move(part));
  }
  return whole;
}

/// What the config.json of a folder says, each value under "config." and its name, and the mean and deviation of the
/// images that preprocessor_config.json normalises; nothing where there is none.
inline std::map<std::string, std::string> read_config(const std::string& folder) {
  std::map<std::string, std::string> config;
  if (detail::has_file(folder + "/config.json"))
    for (const auto& [key, value] : read_flat_json(InputFile(folder + "/config.json"))) config["config." + key] = value;
  if (!detail::has_file(folder + "/preprocessor_config.json")) return config;
  const std::map<std::string, std::string> images = read_flat_json(InputFile(folder + "/preprocessor_config.json"));
  const auto said = [&](const char* key, const char* otherwise) {
    const auto found = images.find(key);
    return found == images.end() ? std::string(otherwise) : found->second;
  };
  const std::optional<double> scale = number_in(said("rescale_factor", "0.00392156862745098"));
  const bool usual = said("do_normalize", "true") == "true" && said("do_rescale", "true") == "true" && scale &&
                     math::fabs(*scale * 255 - 1) < 1e-6;
  if (!usual || !images.contains("image_mean") || !images.contains("image_std")) return config;
  config["mean"] = images.at("image_mean");
  config["deviation"] = images.at("image_std");
  return config;
}

/// Opens the weights in a folder, each file by `open(path)`, with what its settings say as metadata.
template <class Open>
TensorFile read_weights_folder(const std::string& folder, const Open& open) {
  for (const char* name :
       {"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"}) {
    const std::string path = folder + "/" + name;
    if (!detail::has_file(path)) continue;
    TensorFile file = std::string_view(name).ends_with(".json") ? read_shards(path, open) : open(path);
    file.add_metadata(read_config(folder));
    return file;
  }
  std::string other;
  for (const char* name : {"tf_model.h5", "flax_model.msgpack"})
    if (detail::has_file(folder + "/" + name)) other = name;
  throw Error(folder, other.empty() ? "a folder without weights" : other + " alone, weights of another framework",
              "model.safetensors or pytorch_model.bin, or their index");
}

}  // namespace mae
MAE_PRECISE_END
