// The program `features`: what can be chosen, and its work with one model of models.hpp.
#pragma once
#include <mae/eval/metrics.hpp>
#include <mae/io/tensors/npy.hpp>
#include <mae/model/encode.hpp>
#include <mae/ops/pool.hpp>

#include "framework/checkpoints.hpp"
#include "framework/dispatch.hpp"
#include "framework/report.hpp"
#include "framework/source.hpp"

struct Features {
  struct Settings : program::Settings {
    Settings() : program::Settings("features", "Writes the features that an encoder gives to images, for NumPy.") {}
    program::DataSettings data{*this};
    program::Heading heading{*this, "Features"};
    program::Text encoder{*this, "encoder", "", "weights: a file of pretrain, or a published one"};
    program::Text model{*this, "model", "auto", program::model_meaning("the encoder's").c_str()};
    program::LoadingSettings loading{*this};
    program::Text tokens{*this, "tokens", "mean",
                         "mean of the patches, the class token, or all: [images, tokens, width]",
                         program::one_of({"mean", "class", "all"})};
    program::Integer batch{*this, "batch", 64, "images at a time", program::between(1, 1e6)};
    program::Text classes{*this, "classes", "", "a classes.json: labels are numbered as there"};
    program::Text out{*this, "out", "features", "folder for features.npy, labels.npy, files.json and classes.json"};
    program::MachineSettings machine{*this};

    void resolve() {
      if (encoder().empty()) throw encoder.error("nothing", "the file encoder.safetensors that pretrain wrote");
      data.check_statistics();
      data.refuse_division("features are those of all images of data, in their order");
      if (data.bad_images() == "skip") throw data.bad_images.error("skip", "stop: each row is that of its image");
      resolve_model(model, encoder(), loading, program::compiled_models());
      program::check_folder(out.subject(), out());
    }
  };

  template <class Preset, class Device>
  static void run(const Settings& settings) {
    using Encoder = typename Preset::Encoder;
    using Policy = typename Device::template Policy<float>;
    constexpr mae::Index D = Preset::EncoderShape::width, L = Preset::ImageShape::patches;
    program::check_sizes<Preset>(settings.encoder(), settings.loading.options());
    program::use_threads(settings.machine.threads());
    const auto classes = settings.classes().empty() ? std::vector<std::string>{} : mae::read_names(settings.classes());
    const program::Source source(settings.data, Preset::ImageShape::channels, program::Use::everything, classes);
    const program::Subset& images = source.training();
    const auto normalization = source.normalization(settings.encoder());
    program::report_model<Encoder>(Preset::name);
    program::report_data(source, normalization);
    mae::Weights<Encoder, Policy> weights;
    program::begin_from(settings.encoder(), weights, normalization, settings.loading);

    const bool all = settings.tokens() == "all";
    const mae::Index rows = all ? L + 1 : 1;
    program::check_folder(settings.out.subject(), settings.out(), images.size() * rows * D * 4);
    std::vector<float> features;
    std::vector<std::int64_t> labels;
    features.reserve(static_cast<std::size_t>(images.size() * rows * D));
    using Program = mae::Program<mae::Features<Encoder>, Policy, mae::Inference>;
    auto keep = [&](const auto& batch, const auto& tokens) {
      for (mae::Index b = 0; b < batch.count(); ++b) {
        append(features, &tokens(b, 0, 0), settings.tokens(), L, D);
        labels.push_back(images.label(batch.numbers[static_cast<std::size_t>(b)]));
      }
    };
    {
      program::Progress progress("features", images.size());
      const program::Counted counted{images, progress};
      mae::for_each_result<Program>(weights, counted, normalization, settings.batch(), keep);
    }
    program::make_folder(settings.out.subject(), settings.out());
    const std::vector<mae::Index> shape = all ? std::vector{images.size(), L + 1, D} : std::vector{images.size(), D};
    mae::write_npy(settings.out() + "/features.npy", shape, features);
    // What an earlier start left there would be of other rows.
    const std::vector<std::string> files = source.files(images);
    std::string wrote = settings.out() + "/features.npy";
    if (images.class_count() > 0) mae::write_npy(settings.out() + "/labels.npy", {images.size()}, labels);
    else std::remove((settings.out() + "/labels.npy").c_str());
    if (images.class_count() > 0) wrote += ", labels.npy";
    if (program::write_or_remove(settings.out() + "/files.json", files)) wrote += ", files.json";
    if (program::write_or_remove(settings.out() + "/classes.json", source.class_names())) wrote += ", classes.json";
    program::report("wrote", wrote);
  }

 private:
  /// One image's features [L + 1, D], class token first, as they are wanted.
  static void append(std::vector<float>& to, const float* tokens, const std::string& kind, mae::Index L, mae::Index D) {
    if (kind == "class") return void(to.insert(to.end(), tokens, tokens + D));
    if (kind == "all") return void(to.insert(to.end(), tokens, tokens + (L + 1) * D));
    for (mae::Index d = 0; d < D; ++d) {
      double sum = 0;
      for (mae::Index l = 1; l <= L; ++l) sum += double(tokens[l * D + d]);
      to.push_back(static_cast<float>(sum / static_cast<double>(L)));
    }
  }
};
