// The options of a training run, all in one list: what they are by default, what they may be, and their names in files.
//
// `Defaults` are those of a kind of run (`PretrainingDefaults`, `FinetuningDefaults`, ...), and say which of the
// options it has that not every run has. A new option is a member here and its line in `each_option`; then it is
// checked, recorded in checkpoints and compared when a run goes on.
#pragma once
#include <mae/core/math.hpp>
#include <mae/core/option.hpp>
#include <mae/data/augment.hpp>
#include <mae/optim/adamw.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The type of an option that a kind of run does not have: to set it does not compile.
struct NoOption {};
/// Whether an option of this type is one.
template <class T>
inline constexpr bool is_option = !std::is_same_v<std::remove_cvref_t<T>, NoOption>;

/// What the defaults of a kind of run begin from.
struct TrainingDefaults {
  template <class OptimizerOptions>
  static constexpr OptimizerOptions optimizer() {
    return {};
  }
  static constexpr NoOption layer_decay{}, drop_path{}, label_smoothing{}, trained_blocks{};
  using Masking = NoOption;
};

/// The options of a run with these `Defaults`, whose optimizer is `Rule`.
template <class Rule, class Defaults>
struct TrainingOptions {
  Index batch = Defaults::batch;  ///< images in one forward and backward pass
  Index accumulation = 1;         ///< passes in one update
  Index epochs = Defaults::epochs;
  double warmup = Defaults::warmup;                          ///< epochs, at most all
  double base_learning_rate = Defaults::base_learning_rate;  ///< learning rate for 256 images in one update
  double min_learning_rate = Defaults::min_learning_rate;
  typename Rule::Options optimizer = Defaults::template optimizer<typename Rule::Options>();
  std::remove_const_t<decltype(Defaults::layer_decay)> layer_decay = Defaults::layer_decay;  ///< 1: one rate for all
  std::remove_const_t<decltype(Defaults::drop_path)> drop_path = Defaults::drop_path;        ///< of the deepest block
  std::remove_const_t<decltype(Defaults::label_smoothing)> label_smoothing = Defaults::label_smoothing;
  /// Of the encoder: the last so many blocks and what follows them; -1: everything.
  std::remove_const_t<decltype(Defaults::trained_blocks)> trained_blocks = Defaults::trained_blocks;
  Augmentation augmentation{};
  std::uint64_t seed = 0;
  typename Defaults::Masking masking{};  ///< which patches are hidden: by model/mask_strategies.hpp

  /// Calls visit(name, value, range) for every option that is a number, but for those of augmentation.
  template <class Options, class Visit>
  static void each(Options& options, const Visit& visit) {
    auto& [batch, accumulation, epochs, warmup, base_learning_rate, min_learning_rate, optimizer, layer_decay,
           drop_path, label_smoothing, trained_blocks, augmentation, seed, masking] =
        options;  // all there are, or this does not compile
    const auto if_any = [&](const char* name, auto& value, const OptionRange& range) {
      if constexpr (is_option<decltype(value)>) visit(name, value, range);
    };
    visit("batch", batch, OptionRange::from_one());
    visit("accumulation", accumulation, OptionRange::from_one());
    visit("epochs", epochs, OptionRange::from_one());
    visit("warmup", warmup, OptionRange::from_zero());
    visit("base_learning_rate", base_learning_rate, OptionRange::from_zero());
    visit("min_learning_rate", min_learning_rate, OptionRange::from_zero());
    Rule::Options::each(optimizer, visit);
    if_any("layer_decay", layer_decay, OptionRange::from_zero());
    if_any("drop_path", drop_path, OptionRange::below_one());
    if_any("label_smoothing", label_smoothing, OptionRange::below_one());
    if_any("trained_blocks", trained_blocks, OptionRange{"a number of blocks, or -1 for everything", -1});
    visit("seed", seed, OptionRange{});
    static_cast<void>(augmentation), static_cast<void>(masking);
  }
};

/// Calls visit(name, value) for every option of a run, those of optimizer and augmentation among them. `value` is a
/// reference to a whole number, double or bool: options can be written out, compared, and read in.
template <class Options, class Visit>
void each_option(Options& options, const Visit& visit) {
  Options::each(options, [&](const char* name, auto& value, const auto&...) { visit(name, value); });
  each_option(options.augmentation, visit);
}

/// Throws mae::Error that names the option which is out of its range. A warm-up longer than the run never comes to the
/// rate that was asked for.
template <class Rule, class Defaults>
void validate(const TrainingOptions<Rule, Defaults>& options) {
  options.each(options, CheckOption{});
  if (const auto whole = static_cast<Index>(math::fmin(options.warmup, 1e15));
      options.warmup > static_cast<double>(options.epochs))
    throw Error("warmup",
                (static_cast<double>(whole) < options.warmup ? "more than " : "") + std::to_string(whole) + " epochs",
                "at most the " + std::to_string(options.epochs) + " of the run");
  validate(options.augmentation);
}

}  // namespace mae
MAE_PRECISE_END
