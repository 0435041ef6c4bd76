// Loading: the one way from a file of any dialect into the weights of a model, or into those of its encoder.
#pragma once
#include <mae/checkpoint/load_weights.hpp>
#include <mae/model/encoder_parameters.hpp>
#include <mae/model/masked_autoencoder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The sizes of `Model` that a checkpoint records and that loading compares, where both sides know them.
template <class Model>
Metadata describe() {
  using Pixels = typename Model::ImageShape;
  using E = typename Model::EncoderShape;
  auto text = [](Index n) { return std::to_string(n); };
  Metadata metadata{{"image", text(Pixels::channels) + " x " + text(Pixels::height) + " x " + text(Pixels::width)},
                    {"patch", text(Pixels::patch)},
                    {"encoder", text(E::width) + " wide, " + text(E::depth) + " blocks, " + text(E::heads) + " heads"}};
  if constexpr (requires { typename Model::DecoderShape; }) {
    using D = typename Model::DecoderShape;
    metadata["decoder"] = text(D::width) + " wide, " + text(D::depth) + " blocks, " + text(D::heads) + " heads";
    metadata["target"] = Model::target == Target::normalized_pixels ? "normalized pixels" : "pixels";
  }
  if constexpr (requires { Model::Levels::all; })
    for (const auto& level : Model::Levels::all) {
      std::string& levels = metadata["levels"];
      levels += (levels.empty() ? "stride " : ", ") + text(level.stride);
    }
  if constexpr (requires { Model::window; }) metadata["window"] = text(Model::window);
  return metadata;
}

namespace detail {

/// Throws mae::Error if a size that both know, the model (`ours`) and the file at `path`, is another.
inline void ensure_same_sizes(const std::string& path, const Metadata& ours, const Metadata& theirs) {
  for (const auto& [key, value] : ours) {
    const auto found = theirs.find(key);
    if (found != theirs.end() && found->second != value)
      throw Error(path + ": " + key, found->second, value + ", as the model has");
  }
}

/// What is loaded: all parameters of a model, or those of its encoder.
enum class Wants { model, encoder };

/// Throws mae::Error if the sizes of a file are not those of `Model`; says what it does not tell. Returns what it does.
template <class Model>
Metadata check_sizes(const TensorFile& file, const Recognised& names, bool encoder, const LoadOptions& options,
                     LoadReport& report) {
  Metadata ours = mae::describe<Model>();
  constexpr Index heads = Model::EncoderShape::heads, width = Model::EncoderShape::width;
  Index decoder_heads = 0;
  if constexpr (requires { typename Model::DecoderShape; }) decoder_heads = Model::DecoderShape::heads;
  const Metadata theirs = describe(file, names, heads, decoder_heads);
  if (encoder) ours.erase("decoder"), ours.erase("levels"), ours.erase("window");
  if (encoder || options.any_target) ours.erase("target");
  if (options.resize) ours.erase("image"), ours.erase("patch");
  ensure_same_sizes(file.path(), ours, theirs);
  if (!names.dialect) return theirs;
  const FileSizes sizes = sizes_of(file, names);
  if (!file.metadata().contains("encoder") && sizes.encoder.heads == 0) {
    const Index usual = usual_heads(sizes.encoder.width);
    if (usual != 0 && usual != heads && !options.any_heads)
      throw Error(file.path(),
                  "a width of " + std::to_string(width) + ", which published encoders have with " +
                      std::to_string(usual) + " heads",
                  std::to_string(heads) + ", as the model has");
    report.assumed.push_back(std::to_string(heads) + " heads, as the model has: the file does not say");
  }
  const auto said = [&](const char* key) {
    const auto found = file.metadata().find(key);
    return found == file.metadata().end() ? std::string() : found->second;
  };
  const std::string epsilon = said("config.layer_norm_eps"), activation = said("config.hidden_act");
  if (!activation.empty() && activation != "gelu")
    throw Error(file.path(), "the activation " + quoted(activation), "gelu, by the error function");
  if (const std::optional<double> number = number_in(epsilon); !number)
    report.assumed.push_back("norms with an epsilon of 1e-6, GELU by the error function: the file does not say");
  else if (*number != 1e-6)
    report.assumed.push_back("norms with an epsilon of 1e-6, as the paper's code; the file says " + epsilon);
  if (ours.contains("target") && !theirs.contains("target"))
    report.assumed.push_back("predictions of " + ours["target"] + ", as the model has: the file does not say");
  return theirs;
}

/// Says which parameters have their numbers from one place of the file, under several names: a tensor that was tied to
/// another, or a mistake.
inline void report_shared(const TensorFile& file, const std::vector<Source>& plan, LoadReport& report) {
  std::map<std::tuple<std::size_t, Index, Index, std::vector<Index>>, std::string> known;
  for (const Source& source : plan)
    for (const std::string& tensor : source.tensors) {
      if (tensor.empty()) continue;
      const TensorEntry& entry = file.at(tensor);
      if (entry.begin == entry.end) continue;
      const auto [first, fresh] = known.emplace(std::tuple(entry.part, entry.begin, entry.end, entry.strides), tensor);
      if (!fresh)
        report.suspicious.push_back(source.parameter->name + ": the bytes that are " + first->second + " too");
    }
}

/// Loads what is wanted of a file into `weights`, and says what was done. Throws mae::Error, and changes nothing, if
/// the file is not of this model, or not good: it is read twice, to check it, then into place. Once, if options say so.
template <class Model, class Policy>
LoadReport load_into(const TensorFile& file, Weights<Model, Policy>& weights, Wants wants, const LoadOptions& options) {
  using Element = typename Policy::Parameter;
  const bool encoder = wants == Wants::encoder;
  const std::vector<ParameterInfo> part = encoder ? encoder_parameters<Model>() : weights.parameters();
  const Recognised names = recognise(file, part.front().name, options);
  LoadReport report{file.path(), file.container(), names.dialect ? names.dialect->name : "", names.prefix};
  const Metadata shown = check_sizes<Model>(file, names, encoder, options, report);
  std::vector<Wanted> wanted;
  for (const ParameterInfo& parameter : weights.parameters())
    wanted.push_back({&parameter, encoder ? name_in_encoder(part, parameter) : parameter.name});
  const std::vector<Source> plan = plan_loading(file, names, wanted, encoder, options, report);
  const SourceReader reader(file, shown, geometry_of<typename Model::ImageShape>(), options.resize);
  Index largest = 0;
  for (const Source& source : plan) {
    reader.ensure_readable(source);
    largest = (std::max)(largest, source.parameter->count);
  }
  if (!options.once) {
    std::vector<Element> values(static_cast<std::size_t>(largest));
    for (const Source& source : plan)
      if (!source.tensors.empty()) reader.read(source, values.data());
  }
  for (const Source& source : plan) {
    if (source.tensors.empty()) continue;
    const ParameterInfo& parameter = *source.parameter;
    Element* const values = weights.at(parameter);
    const std::string how = reader.read(source, values);
    report.loaded.push_back(parameter.name);
    report.numbers += parameter.count;
    if (!how.empty()) report.converted.push_back({parameter.name, how});
    if (source.tensors[0].empty()) continue;
    const bool zero = all_zero(values, parameter.count);
    if (zero && !source.name.ends_with("bias") && !source.name.ends_with("running_mean"))
      report.suspicious.push_back(parameter.name + ": all zero");
    if (!zero && names.dialect && source.name.ends_with("pos_embed"))
      report.assumed.push_back(parameter.name + ": " + positions_text(parameter, values));
  }
  report_shared(file, plan, report);
  return report;
}

}  // namespace detail
}  // namespace mae
MAE_PRECISE_END
