// Linear probing: how much a frozen encoder knows, read out by one linear layer (He et al., 2021, appendix A.2).
//
//   const auto encoder = load_encoder<Encoder<ImageShape, Size>>(path);
//   Finetuning<LinearProbe<ImageShape, Size, 10>> run(training_set, probing_options(), encoder);
//   probe(run);                                               // or probe(run, [](const TrainingEpoch& e) { ... });
//
// The features are standardised by their statistics over the training images, in place of the paper's batch norm
// without parameters: the same thing for a batch of everything, and independent of batches afterwards. Then the head
// is trained; the encoder's backward pass does not exist in the program (`LinearProbe` stops the gradient).
#pragma once
#include <cmath>

#include <mae/train/finetune.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// What probing changes in the options of supervised training: no decay, no drop path, no smoothing, one rate.
inline FinetuningOptions probing_options(Index epochs = 90, double base_learning_rate = 0.05) {
  FinetuningOptions options;
  options.epochs = epochs;
  options.warmup = static_cast<double>(epochs) / 10;
  options.base_learning_rate = base_learning_rate;
  options.min_learning_rate = 0;
  options.optimizer = {.beta2 = 0.999, .weight_decay = 0};
  options.layer_decay = 1;
  options.drop_path = 0;
  options.label_smoothing = 0;
  return options;
}

/// Sets `head.0.running_mean` and `head.0.running_var` to the mean and variance of the encoder's features over `data`.
template <class Model, class Policy>
void set_feature_statistics(Weights<Model, Policy>& weights, const Images& data, const Normalization& normalization,
                            Index batch = 64) {
  using Features = Program<ProbeFeatures<Model>, Policy, Inference>;
  constexpr Index D = width_of<typename Features::Result>;
  std::vector<double> sum(D), squares(D);
  for_each_result<Features>(weights, data, normalization, batch, [&](const auto& images, const auto& features) {
    for (Index b = 0; b < images.count(); ++b)
      for (Index c = 0; c < D; ++c) {
        const double value = static_cast<double>(features(b, c));
        sum[static_cast<std::size_t>(c)] += value;
        squares[static_cast<std::size_t>(c)] += value * value;
      }
  });
  auto* const mean = weights.at(*weights.find("head.0.running_mean"));
  auto* const variance = weights.at(*weights.find("head.0.running_var"));
  for (Index c = 0; c < D; ++c) {
    const double n = static_cast<double>(data.size()), m = sum[static_cast<std::size_t>(c)] / n;
    mean[c] = typename Policy::Parameter(m);
    variance[c] = typename Policy::Parameter(std::fmax(squares[static_cast<std::size_t>(c)] / n - m * m, 0));
  }
}

/// Lets `run` train the head alone. This is all that a run needs whose checkpoint is then loaded: the statistics are
/// among its weights.
template <class... Choices>
void freeze_encoder(Finetuning<Choices...>& run) {
  // The encoder has no gradient, but weight decay would shrink it.
  const std::vector<ParameterInfo> encoder = encoder_parameters<typename Finetuning<Choices...>::Model>();
  run.optimizer().set_scale([&](const ParameterInfo& p) { return name_in_encoder(encoder, p).empty() ? 1.0 : 0.0; });
}

/// Prepares `run`, whose weights hold an encoder, to train the head alone.
template <class... Choices>
void prepare_probe(Finetuning<Choices...>& run) {
  set_feature_statistics(run.weights(), run.images(), run.normalization());
  freeze_encoder(run);
}

/// Trains the head on top of the encoder weights that `run.weights()` holds, calling report(TrainingEpoch) after each
/// epoch.
template <class... Choices, class Report>
void probe(Finetuning<Choices...>& run, const Report& report) {
  prepare_probe(run);
  run.train(report);
}
/// The same without a report.
template <class... Choices>
void probe(Finetuning<Choices...>& run) {
  prepare_probe(run);
  run.train();
}

}  // namespace mae
MAE_PRECISE_END
