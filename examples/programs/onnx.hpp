// The program `onnx`: what can be chosen, and its work with one model of models.hpp.
#pragma once
#include <cmath>

#include <nlohmann/json.hpp>

#include <mae/checkpoint/save_onnx.hpp>

#include "framework/checkpoints.hpp"
#include "framework/dispatch.hpp"
#include "framework/report.hpp"

struct Onnx {
  struct Settings : program::Settings {
    Settings() : program::Settings("onnx", "Writes a trained model as ONNX.") {}
    program::Heading heading{*this, "Export"};
    program::Text checkpoint{*this, "checkpoint", "", "weights: a file of pretrain, finetune or probe, or a published one"};
    program::Text model{*this, "model", "auto", program::model_meaning("the checkpoint's").c_str()};
    program::LoadingSettings loading{*this};
    program::Text part{*this, "part", "auto",
                       "encoder: images to features; classifier: images to logits; mae: images and noise to predictions; "
                       "auto: the classifier, if there is one, else the encoder",
                       program::one_of({"auto", "encoder", "classifier", "mae"})};
    program::Numbers mean{*this, "mean", {}, "of each channel, for pixels from 0 to 1, if the checkpoint has none"};
    program::Numbers deviation{*this, "deviation", {}, "of each channel, if the checkpoint has none", program::above(0)};
    program::Integer external_data_above{*this, "external_data_above", mae::OnnxOptions{}.external_data_above,
                                       "bytes of weights from which on they have a file of their own",
                                       program::at_least(0)};
    program::Text out{*this, "out", "model.onnx", "file to write"};

    void resolve() {
      if (checkpoint().empty()) throw checkpoint.error("nothing", "a file that pretrain, finetune or probe wrote");
      if (mean().empty() != deviation().empty())
        throw (mean().empty() ? deviation : mean).error("one of mean and deviation", "both, or those of the checkpoint");
      program::resolve_model(model, checkpoint(), loading, program::compiled_models());
    }
    /// The mask ratio that is recorded, if it matters.
    std::optional<double> wanted_ratio() const {
      return part() == "mae" ? program::recorded_ratio(checkpoint()) : std::nullopt;
    }
  };

  template <class Preset, class Device>
  static void run(const Settings& settings) {
    using Image = typename Preset::ImageShape;
    using Size = typename Preset::EncoderShape;
    program::check_sizes<Preset>(settings.checkpoint(), settings.loading.options());
    const mae::TensorFile file = mae::open_tensors(settings.checkpoint());
    const mae::Recognised names = mae::recognise(file, "cls_token", settings.loading.options());
    const auto has = [&](const char* name) { return mae::detail::find_parameter(file, names, name) != nullptr; };
    const bool probe = has("head.1.weight"), classifier = probe || has("head.weight");
    const std::string part = settings.part() != "auto" ? settings.part() : classifier ? "classifier" : "encoder";
    if (part == "mae") return write_autoencoder<Preset, Device>(settings, file);
    if (part == "encoder") return write<Preset, typename Preset::Encoder, Device>(settings, file);
    if (!classifier) throw settings.part.error("classifier", "encoder or mae: the checkpoint has no head");
    using mae::Classifier, mae::LinearProbe, mae::Pool;
    constexpr mae::Index most = Preset::classes;
    if (probe && takes_class_token(file))
      return write<Preset, LinearProbe<Image, Size, most, Pool::class_token>, Device>(settings, file);
    if (probe) return write<Preset, LinearProbe<Image, Size, most, Pool::mean>, Device>(settings, file);
    if (has("fc_norm.weight")) return write<Preset, Classifier<Image, Size, most>, Device>(settings, file);
    write<Preset, Classifier<Image, Size, most, Pool::class_token>, Device>(settings, file);
  }

 private:
  /// Whether a probe sees the class token, as the paper's does, or the mean of the patches: its weights do not show it.
  static bool takes_class_token(const mae::TensorFile& file) {
    const auto found = file.metadata().find("settings");
    if (found == file.metadata().end()) return true;
    const auto recorded = nlohmann::json::parse(found->second, nullptr, false);
    return !recorded.is_object() || !recorded.contains("recipe") || recorded["recipe"] == "paper";
  }

  /// With the mask ratio that is recorded, among those that were compiled, or with the first.
  template <class Preset, class Device>
  static void write_autoencoder(const Settings& settings, const mae::TensorFile& file) {
    [&]<class... Ratio>(std::tuple<Ratio...>*) {
      const double wanted = settings.wanted_ratio().value_or(std::tuple_element_t<0, typename Preset::Ratios>::value);
      const auto try_ratio = [&]<class R>(std::type_identity<R>) {
        if (std::fabs(R::value - wanted) > 1e-6) return false;
        write<Preset, typename Preset::template Autoencoder<R>, Device>(settings, file);
        return true;
      };
      if ((try_ratio(std::type_identity<Ratio>()) || ...)) return;
      throw mae::Error(file.path() + ": mask_ratio", program::decimal(wanted, 6),
                       std::string("one that was compiled for ") + Preset::name);
    }(static_cast<typename Preset::Ratios*>(nullptr));
  }

  template <class Preset, class Model, class Device>
  static void write(const Settings& settings, const mae::TensorFile& file) {
    mae::Normalization normalization{settings.mean(), settings.deviation()};
    normalization = settings.mean().empty()
                        ? program::normalization_of_file(file.path(), Preset::ImageShape::channels)
                        : mae::detail::normalization_of(file, &normalization);
    mae::Weights<Model, typename Device::template Policy<float>> weights;
    if constexpr (std::is_same_v<Model, typename Preset::Encoder>)
      program::begin_from(file.path(), weights, normalization, settings.loading);
    else settings.loading.tell(mae::load_checkpoint(file, weights, settings.loading.options()));
    program::report_model<Model>(Preset::name);
    mae::OnnxOptions options{.external_data_above = settings.external_data_above()};
    if (file.metadata().contains(program::class_names_key))
      options.metadata[program::class_names_key] = file.metadata(program::class_names_key);
    std::string wrote;
    for (const std::string& path : mae::save_onnx(settings.out(), weights, normalization, options))
      wrote += (wrote.empty() ? "" : ", ") + path;
    program::report("wrote", wrote);
  }
};
