// Weights written for others: files that their own code loads strictly and without a warning.
//
//   save_as(dialects::original, "vit.safetensors", run);       // timm, DeiT, the original code
//   save_as(dialects::hugging_face, "folder", run);            // transformers: from_pretrained("folder")
//
// The names are the dialect's (dialects.hpp), the numbers ours. For transformers a folder with model.safetensors,
// config.json and, with the normalisation of images, preprocessor_config.json is written: a whole model as
// ViTMAEForPreTraining, an encoder as ViTMAEModel, a classifier by the class token as ViTForImageClassification.
// transformers 4 and 5 read its names of before 5, so these are written.
#pragma once
#include <sys/stat.h>
#include <cerrno>

#include <mae/checkpoint/checkpoint.hpp>
#include <mae/eval/pretrained.hpp>
#include <mae/io/files/atomic_file.hpp>
#include <mae/model/classifier.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {

template <class Model>
inline constexpr bool has_decoder = requires {
  typename Model::DecoderShape;
};
template <class Model>
inline constexpr bool has_classes = requires {
  Model::classes;
};

/// config.json of transformers for `Model`.
template <class Model>
std::string hugging_face_config() {
  using Pixels = typename Model::ImageShape;
  using E = typename Model::EncoderShape;
  nlohmann::ordered_json config;
  const char* const architecture = has_decoder<Model>   ? "ViTMAEForPreTraining"
                                   : has_classes<Model> ? "ViTForImageClassification"
                                                        : "ViTMAEModel";
  config["architectures"] = {architecture};
  config["model_type"] = has_classes<Model> ? "vit" : "vit_mae";
  config["hidden_act"] = "gelu";
  config["hidden_size"] = E::width;
  config["num_hidden_layers"] = E::depth;
  config["num_attention_heads"] = E::heads;
  config["intermediate_size"] = E::hidden;
  config["layer_norm_eps"] = 1e-6;
  if constexpr (Pixels::height == Pixels::width) config["image_size"] = Pixels::height;
  else config["image_size"] = {Pixels::height, Pixels::width};
  config["patch_size"] = Pixels::patch;
  config["num_channels"] = Pixels::channels;
  config["qkv_bias"] = true;
  if constexpr (has_decoder<Model>) {
    using D = typename Model::DecoderShape;
    config["decoder_hidden_size"] = D::width;
    config["decoder_num_hidden_layers"] = D::depth;
    config["decoder_num_attention_heads"] = D::heads;
    config["decoder_intermediate_size"] = D::hidden;
    config["mask_ratio"] = Model::mask_ratio;
    config["norm_pix_loss"] = Model::target == Target::normalized_pixels;
  }
  if constexpr (has_classes<Model>) {
    for (Index k = 0; k < Model::classes; ++k) {
      config["id2label"][std::to_string(k)] = "LABEL_" + std::to_string(k);
      config["label2id"]["LABEL_" + std::to_string(k)] = k;
    }
  }
  return config.dump(2) + "\n";
}

/// preprocessor_config.json of transformers: how images are made ready for `Model`.
template <class Model>
std::string hugging_face_images(const Normalization& normalization) {
  using Pixels = typename Model::ImageShape;
  nlohmann::ordered_json config;
  config["image_processor_type"] = "ViTImageProcessor";
  config["do_resize"] = true;
  config["size"] = {{"height", Pixels::height}, {"width", Pixels::width}};
  config["resample"] = 3;  // bicubic
  config["do_rescale"] = true;
  config["rescale_factor"] = 1 / 255.0;
  config["do_normalize"] = true;
  config["image_mean"] = normalization.mean;
  config["image_std"] = normalization.deviation;
  return config.dump(2) + "\n";
}
inline void write_text(const std::string& path, const std::string& text) {
  AtomicFile out(path);
  out.write(text.data(), static_cast<Index>(text.size()));
  out.commit();
}

/// Whether some rule of the dialect is about our parameter `name`; the original repository has none and all of ours.
inline bool has_name(const Dialect& dialect, const std::string& name) {
  if (dialect.names.empty()) return true;
  std::string number;
  const std::size_t start = block_part(name, number);
  if (start > 0) {
    const std::string before = name.substr(0, start - number.size() - 1) + "#.";
    for (const NameRule& rule : dialect.blocks)
      if (rest_of(rule.ours, before)) return true;
    return false;
  }
  for (const auto& rules : {dialect.blocks, dialect.names})
    for (const NameRule& rule : rules)
      if (rest_of(rule.ours, name)) return true;
  return false;
}

}  // namespace detail

/// Writes the model under the names of `dialect` to the file `path`, or to the folder `path` for transformers, where
/// `normalization`, of the images, goes to preprocessor_config.json: without it there is none. Throws mae::Error if the
/// dialect has no name for a parameter, keeps it in another layout, or a number is not finite, or if the file cannot be
/// written.
template <class Model, class Policy>
void save_as(const Dialect& dialect, const std::string& path, const Weights<Model, Policy>& weights,
             const Normalization* normalization = nullptr) {
  const bool folder = &dialect == &dialects::hugging_face;
  const std::string file = folder ? path + "/model.safetensors" : path;
  // An encoder alone is what transformers' ViTMAEModel is; others have a name for the encoder of a model.
  const bool alone = !detail::has_decoder<Model> && !detail::has_classes<Model>;
  const std::string encoder = folder && alone ? "" : std::string(dialect.encoder);
  detail::CheckpointTensors<typename Policy::Parameter> tensors(file);
  std::int64_t batches = 0;
  std::vector<TensorBytes> all;
  bool probe = false;
  for (const ParameterInfo& parameter : weights.parameters()) {
    const TheirName theirs = their_name(dialect, parameter.name, encoder);
    if (!detail::has_name(dialect, parameter.name))
      throw Error(path, "the parameter " + parameter.name, std::string("one that ") + dialect.name + " has a name for");
    if (!theirs.axes.empty())
      throw Error(path, std::string("the layout of ") + dialect.name, "names of PyTorch's files");
    tensors.add(theirs.tensors, parameter, weights.at(parameter));
    probe = probe || parameter.name == "head.0.running_var";
  }
  all = tensors.list();
  // What a batch norm of PyTorch counts, a strict load wants: nothing was counted here.
  if (probe) {
    const std::string counter = their_name(dialect, "head.0.num_batches_tracked", encoder).tensors.front();
    all.insert(all.begin(), tensor_bytes(counter, {}, &batches));
  }
  if (folder && ::mkdir(path.c_str(), 0777) != 0 && errno != EEXIST)
    detail::fail_with_errno(path, "creating the folder", "a folder for model.safetensors and config.json");
  write_safetensors(file, all, {{"format", "pt"}});
  if (!folder) return;
  detail::write_text(path + "/config.json", detail::hugging_face_config<Model>());
  const std::string images = path + "/preprocessor_config.json";
  if (normalization != nullptr) detail::write_text(images, detail::hugging_face_images<Model>(*normalization));
  else ::unlink(images.c_str());  // of another model
}
/// The same of an encoder or model that came out of a file, or of a run.
template <class Model, class Policy>
void save_as(const Dialect& dialect, const std::string& path, const Pretrained<Model, Policy>& model) {
  save_as(dialect, path, model.weights, &model.normalization);
}
template <TrainingRun Run>
void save_as(const Dialect& dialect, const std::string& path, const Run& run) {
  const Normalization& normalization = run.normalization();
  save_as(dialect, path, run.weights(), &normalization);
}

}  // namespace mae
MAE_PRECISE_END
