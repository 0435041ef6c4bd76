// The program `reconstruct`: what can be chosen, and its work with one model of models.hpp.
#pragma once
#include <algorithm>
#include <cmath>
#include <optional>

#include <mae/checkpoint/prediction_files.hpp>
#include <mae/core/number_text.hpp>
#include <mae/io/images/image_file.hpp>
#include <mae/io/tensors/npy.hpp>
#include <mae/model/mask_strategies.hpp>
#include <mae/plot/panel.hpp>

#include <image_formats.hpp>

#include "framework/checkpoints.hpp"
#include "framework/dispatch.hpp"
#include "framework/report.hpp"
#include "framework/source.hpp"

struct Reconstruct {
  struct Settings : program::Settings {
    Settings() : program::Settings("reconstruct", "Shows what a pre-trained model makes of images.") {}
    program::Heading subject{*this, "Model and images"};
    program::Text checkpoint{*this, "checkpoint", "", "weights: a file of pretrain, or a published one with its decoder"};
    program::Text model{*this, "model", "auto", program::model_meaning("the checkpoint's").c_str()};
    program::LoadingSettings loading{*this};
    program::Text target{*this, "target", "auto",
                         "what the model predicts; auto: what the checkpoint says or, if it does not, what fits the images "
                         "better",
                         program::one_of({"auto", "pixels", "normalized_pixels"})};
    program::OptionalNumber mask_ratio{
        *this, "mask_ratio", {}, "share of patches hidden; open: as in pre-training", program::inside(0, 1)};
    program::Text masking{*this, "masking", "auto", "how hidden patches are chosen; auto: as in pre-training",
                          program::one_of(mae::mask_strategy_names({"auto"}))};
    program::Texts files{*this, "files", {}, "PNG or JPEG files, instead of data"};
    program::Integer images{*this, "images", 6, "so many images of data", program::between(1, 1000)};
    program::Heading shown{*this, "What is shown"};
    program::Text statistics{*this, "statistics", "oracle",
                             "mean and contrast of hidden patches, where the model predicts neither: their own, or "
                             "estimated from visible ones",
                             program::one_of({"oracle", "visible"})};
    program::Switch whole{*this, "whole", true, "rebuild the whole image by complementary masks, and map its errors"};
    program::Integer seed{*this, "seed", 0, "of the masks", program::at_least(0)};
    program::Text noise{*this, "noise", "",
                        "a .npy file [images, patches] that says what is hidden: the largest numbers"};
    program::Integer scale{*this, "scale", 0, "screen pixels for a pixel; 0: as many as make a readable image",
                           program::between(0, 64)};
    program::Text out{*this, "out", "reconstructed", "folder for panel.png"};
    program::Text out_npy{*this, "out-npy", "", "folder for pred.npy, mask.npy and ids_restore.npy"};
    program::MachineSettings machine{*this};
    program::DataSettings data{*this};

    void resolve() {
      if (checkpoint().empty()) throw checkpoint.error("nothing", "the file model.safetensors that pretrain wrote");
      if (!files().empty() && !data.data().empty()) throw data.data.error("files beside data", "one of the two");
      if (!noise().empty() && masking() != "auto") throw masking.error("a strategy beside noise", "one of the two");
      data.check_statistics();
      data.refuse_division("images are taken from all of data");
      resolve_model(model, checkpoint(), loading, program::compiled_models());
    }
    /// The mask ratio that is asked for or recorded.
    std::optional<double> wanted_ratio() const {
      return mask_ratio() ? mask_ratio() : program::recorded_ratio(checkpoint());
    }
  };

  /// Works with the mask ratio that is asked for or recorded, among those that were compiled.
  template <class Preset, class Device>
  static void run(const Settings& settings) {
    const double wanted = settings.wanted_ratio().value_or(std::tuple_element_t<0, typename Preset::Ratios>::value);
    [&]<class... Ratio>(std::tuple<Ratio...>*) {
      auto is_wanted = [&](double ratio) { return std::fabs(ratio - wanted) < 1e-6; };
      if (((is_wanted(Ratio::value) && (show<Preset, Ratio, Device>(settings), true)) || ...)) return;
      throw settings.mask_ratio.error(program::decimal(wanted, 6),
                                      std::string("one that was compiled for ") + Preset::name);
    }(static_cast<typename Preset::Ratios*>(nullptr));
  }

 private:
  static mae::Masking masking_of(const Settings& settings) {
    if (settings.masking() != "auto") return mae::mask_strategy(settings.masking());
    const std::string& path = settings.checkpoint();
    return mae::mask_strategy(mae::recorded_masking(mae::open_tensors(path)), path + ": masking");
  }

  /// Images of any sizes in memory, as a collection.
  struct NamedImages {
    std::vector<mae::Image> images;
    mae::Index size() const { return static_cast<mae::Index>(images.size()); }
    mae::Index channel_count() const { return images.front().channels; }
    mae::Index class_count() const { return 0; }
    std::int32_t label(mae::Index) const { return -1; }
    template <class Use>
    void with_image(mae::Index i, const Use& use) const {
      const mae::Image& image = images[static_cast<std::size_t>(i)];
      use(mae::ImageView{image.pixels.data(), image.channels, image.height, image.width, i});
    }
    friend void validate(const NamedImages&, const std::string&) {}
  };

  template <class Preset, class Ratio, class Device>
  static void show(const Settings& settings) {
    using Model = typename Preset::template Autoencoder<Ratio>;
    using Policy = typename Device::template Policy<float>;
    program::use_threads(settings.machine.threads());
    program::check_folder(settings.out.subject(), settings.out());
    if (!settings.out_npy().empty()) program::check_folder(settings.out_npy.subject(), settings.out_npy());
    mae::Weights<Model, Policy> weights;
    const std::optional<mae::Target> target = load<Model>(settings, weights);
    program::report_model<Model>(Preset::name);
    if (settings.files().empty()) {
      const program::Source source(settings.data, Model::ImageShape::channels, program::Use::everything);
      const program::Subset images = source.training().some(settings.images());
      draw(settings, weights, target, images, source.normalization(settings.checkpoint()), source.files(images));
    } else {
      NamedImages images;
      for (const std::string& path : settings.files())
        images.images.push_back(
            mae::read_image<ImageFormats>(path, Model::ImageShape::channels, 0, settings.data.decode_options()));
      draw(settings, weights, target, images, program::normalization_of(settings.data, images, settings.checkpoint()),
           settings.files());
    }
  }

  /// Loads the weights, tells what was loaded, and returns what they predict, if that is asked for or known.
  template <class Model, class Policy>
  static std::optional<mae::Target> load(const Settings& settings, mae::Weights<Model, Policy>& weights) {
    mae::LoadOptions options = settings.loading.options();
    const mae::TensorFile file = mae::open_tensors(settings.checkpoint());
    const mae::Recognised names = mae::recognise(file, "cls_token", options);
    options.any_target = names.dialect || settings.target() != "auto";
    settings.loading.tell(mae::load_checkpoint(file, weights, options));
    if (settings.target() != "auto")
      return settings.target() == "pixels" ? mae::Target::pixels : mae::Target::normalized_pixels;
    if (!names.dialect) return Model::target;
    const mae::Metadata shown = mae::describe(file, names);
    if (!shown.contains("target")) return {};
    return shown.at("target") == "pixels" ? mae::Target::pixels : mae::Target::normalized_pixels;
  }

  /// What the weights predict: that of which the loss is the lower on one of the images.
  template <class Model, class Policy>
  static mae::Target likely_target(const mae::Weights<Model, Policy>& weights, const mae::Images& images,
                                   const mae::Normalization& normalization, const mae::PanelOptions& options) {
    const mae::PanelRow row = [&] {
      mae::Rebuilder<Model, Policy> rebuilder(weights);
      mae::PanelOptions one = options;
      one.whole = false;
      return mae::reconstruct(rebuilder, images, 0, normalization, one);
    }();
    auto loss = [&](mae::Target target) { return mae::hidden_mean(mae::patch_losses(row.masked, target), row.masked); };
    const double pixels = loss(mae::Target::pixels), normalized = loss(mae::Target::normalized_pixels);
    program::report("target", std::string(pixels <= normalized ? "pixels" : "normalized pixels") +
                                  ", which fits the first image better: loss " + program::decimal(pixels, 3) +
                                  " in pixels, " + program::decimal(normalized, 3) +
                                  " in normalized pixels; the file does not say");
    return pixels <= normalized ? mae::Target::pixels : mae::Target::normalized_pixels;
  }

  template <class Model, class Policy>
  static void draw(const Settings& settings, const mae::Weights<Model, Policy>& weights,
                   const std::optional<mae::Target>& known, const mae::Images& images,
                   const mae::Normalization& normalization, const std::vector<std::string>& files) {
    const bool oracle = settings.statistics() == "oracle";
    const mae::Index readable =
        std::max<mae::Index>(1, 192 / std::max(Model::ImageShape::height, Model::ImageShape::width));
    mae::PanelOptions options{.seed = static_cast<std::uint64_t>(settings.seed()),
                              .scale = settings.scale() > 0 ? settings.scale() : readable,
                              .statistics = oracle ? mae::HiddenStatistics::oracle : mae::HiddenStatistics::visible,
                              .whole = settings.whole(),
                              .masking = masking_of(settings)};
    std::vector<float> noise;
    if (!settings.noise().empty()) noise = mae::read_noise(settings.noise(), images.size(), Model::L);
    options.noise = noise;
    program::report("masking", noise.empty() ? options.masking.name() : settings.noise());
    options.target = known ? *known : likely_target(weights, images, normalization, options);
    const mae::PanelSheet sheet = mae::make_panel(weights, images, normalization, options);
    report_rows(sheet, *options.target, normalization);
    for (const std::string& note : sheet.notes) program::report("note", note);
    program::make_folder(settings.out.subject(), settings.out());
    mae::write_png(settings.out() + "/panel.png", mae::draw_panel(sheet, options.scale));
    program::report("wrote", settings.out() + "/panel.png");
    if (settings.out_npy().empty()) return;
    program::make_folder(settings.out_npy.subject(), settings.out_npy());
    mae::write_predictions(settings.out_npy(), sheet.rows);
    program::write_or_remove(settings.out_npy() + "/files.json", files);
    program::report("wrote", settings.out_npy() + "/pred.npy, mask.npy and ids_restore.npy" +
                                 (files.empty() ? "" : ", files.json"));
  }

  /// The loss on hidden patches, and how far their pixels are from the image's.
  static void report_rows(const mae::PanelSheet& sheet, mae::Target target, const mae::Normalization& normalization) {
    for (std::size_t i = 0; i < sheet.rows.size(); ++i) {
      const mae::PanelRow& row = sheet.rows[i];
      const double loss = mae::hidden_mean(mae::patch_losses(row.masked, target), row.masked);
      const double error = mae::hidden_mean(mae::patch_errors(row.masked, normalization), row.masked);
      std::string line = std::to_string(i) + ": loss " + program::decimal(loss, 4) + ", hidden patches " +
                         program::decimal(error, 1) + " grey levels off";
      if (!row.errors.empty()) line += ", whole image " + program::decimal(mae::hidden_mean(row.errors, row.whole), 1);
      program::report("image", line);
    }
  }
};
