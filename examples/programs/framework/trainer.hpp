// Drives a training run to its end, or until it is told to stop: batches ahead, log, progress, evaluation, checkpoints.
//
// After every update: is the loss finite (the library throws and names the layer), is a line due, is a checkpoint due,
// was a signal received? After every epoch: held-out images, a line in the log, a checkpoint if it is the best so far.
// A run that was stopped goes on from its newest checkpoint to the bits of one that was not, and so does one that an
// error has ended, an image that cannot be read for example: what it had learnt is saved before.
#pragma once
#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>

#include <mae/checkpoint/rotation.hpp>
#include <mae/checkpoint/run_state.hpp>
#include <mae/data/prefetch.hpp>
#include <mae/eval/trivial_baseline.hpp>
#include <mae/optim/schedule.hpp>
#include <mae/train/interval.hpp>

#include "checkpoints.hpp"
#include "display.hpp"
#include "log.hpp"
#include "process.hpp"
#include "room.hpp"
#include "training.hpp"

namespace program {

/// What a program tells `Trainer`.
struct TrainerConfig {
  const Settings& all;
  const RunSettings& settings;
  mae::Metadata metadata;  ///< for every checkpoint
  std::string checkpoint;  ///< to resume from, or ""
  mae::Index loaders = 0;
  Metric metric;  ///< that says which checkpoint is best
  const char* metric_name;
  bool higher_is_better;
  double baseline = 0;            ///< the loss of knowing nothing; 0: not watched
  mae::Index baseline_steps = 0;  ///< updates after which a run that is still there is told; 0: a tenth of all
};

template <class Run>
class Trainer {
 public:
  using Geometry = typename Run::ImageShape;
  using T = typename Run::T;
  using Ahead = mae::Prefetch<Geometry, T, typename Run::Target>;

  Trainer(Run& run, const TrainerConfig& config)
      : run_(run),
        config_(config),
        ahead_(config.loaders > 0 ? std::make_unique<Ahead>(run.loader(), static_cast<int>(config.loaders)) : nullptr),
        folder_(config.settings.out(), {.keep = config.settings.keep_last(),
                                        .metric = config.metric_name,
                                        .higher_is_better = config.higher_is_better}),
        begun_(resumed(run, config)),
        log_(config.settings.out() + "/log.jsonl", begun_),
        display_(run.options().epochs * run.updates_per_epoch(), run.images_per_update(), begun_),
        save_(every(config.settings.checkpoint_epochs()), 60 * config.settings.checkpoint_minutes()),
        watch_(config.baseline, patience()),
        saved_(config.checkpoint),
        saved_at_(begun_) {
    resume_watch();
    if (ahead_) run.read_from(*ahead_);
  }

  /// Calls evaluate(record) for an epoch that is to be looked at: it sets what it finds. Calls draw() for images, at
  /// checkpoints but the last: it is for who calls, to draw once what counts is written. Returns false if the run was
  /// told to stop before its end.
  template <class Evaluate, class Draw>
  bool run(const Evaluate& evaluate, const Draw& draw) {
    stop_gently();
    memory_for("images on their way", "less --cache_megabytes, fewer --loaders or a smaller --batch needs less");
    bool stopped = false;
    try {
      if (begun_ > 0 && run_.at_epoch_end() && !told() && end_epoch(evaluate)) save(true);
      while (!run_.finished() && !stopped) {
        show(update());
        const bool best = run_.at_epoch_end() && end_epoch(evaluate);
        stopped = stop_signal() != 0;  // asked once an update: what is stopped is saved
        const bool now = save_.due(steps(), seconds()) || save_asked();
        if (!now && !best && !stopped && !run_.finished()) continue;
        save(best);
        if (run_.finished()) continue;
        draw_log();
        try_to(draw);
      }
    } catch (...) {
      rescue();
      throw;
    }
    if (run_.finished()) return draw_log(), true;
    display_.say("stopped after update " + std::to_string(steps()) + ", saved in " + saved_ +
                 "; to go on: " + config_.all.called() + " --resume --out " + config_.settings.out());
    return false;
  }
  /// Calls draw(). An image that cannot be drawn is told and is no reason to end a run; then it returns false.
  template <class Draw>
  bool try_to(const Draw& draw) {
    try {
      draw();
      return true;
    } catch (const std::exception& error) {
      display_.say(std::string("no image of how the model does: ") + error.what());
      return false;
    }
  }
  Display& display() { return display_; }

 private:
  static constexpr const char* watch_key = "baseline_watch";
  static constexpr double nan = std::numeric_limits<double>::quiet_NaN();

  /// Makes the folder, or puts the run where its checkpoint was. Returns the updates made.
  static mae::Index resumed(Run& run, const TrainerConfig& config) {
    if (!config.checkpoint.empty()) resume(run, config);
    make_folder(config.settings, config.checkpoint);
    const std::string text = config.all.text() + "\n";
    mae::write_file(settings_file(config.settings.out()), text.data(), static_cast<mae::Index>(text.size()));
    return run.optimizer().steps();
  }
  /// With another number of epochs than before the rate follows a longer or a shorter cosine from here on: that is
  /// told.
  static void resume(Run& run, const TrainerConfig& config) {
    const auto& options = run.options();
    const mae::SafetensorsFile file = mae::SafetensorsFile::read(config.checkpoint);
    const mae::Index steps = mae::detail::recorded_progress(file).steps, epoch = run.updates_per_epoch();
    if (steps > options.epochs * epoch)
      throw mae::Error("--epochs", std::to_string(options.epochs),
                       "at least " + std::to_string((steps + epoch - 1) / epoch) +
                           ", as many as the run that is resumed has made or begun");
    mae::load_run(config.checkpoint, run, {.other_length = true});
    const std::string before = file.metadata("run.epochs");
    if (before == std::to_string(options.epochs)) return;
    const double peak = mae::scaled_rate(options.base_learning_rate, run.images_per_update());
    auto rate = [&](mae::Index epochs) {
      const mae::CosineSchedule schedule{peak, options.min_learning_rate, options.warmup, static_cast<double>(epochs)};
      return decimal(schedule.at(static_cast<double>(steps) / static_cast<double>(epoch)), 6);
    };
    report("length", std::to_string(options.epochs) + " epochs instead of " + before + ", of which " +
                         decimal(static_cast<double>(steps) / static_cast<double>(epoch), 1) +
                         " are made: the rate follows a cosine over the new length and goes on at " +
                         rate(options.epochs) + ", where it was " + rate(std::atoll(before.c_str())));
  }
  void draw_log() { log_.draw(config_.settings.out(), config_.all.program()); }
  mae::Index patience() const {
    if (config_.baseline_steps > 0) return config_.baseline_steps;
    return std::max<mae::Index>(100, run_.options().epochs * run_.updates_per_epoch() / 10);
  }
  /// What a checkpoint says beside the run: also what the watch has seen.
  mae::Metadata facts() const {
    mae::Metadata metadata = config_.metadata;
    const mae::BaselineWatch::State& state = watch_.state();
    if (config_.baseline > 0) metadata[watch_key] = nlohmann::json::array({state.sum, state.count, state.left}).dump();
    return metadata;
  }
  /// Puts the watch where it was; it begins anew if the checkpoint does not say.
  void resume_watch() {
    if (config_.checkpoint.empty()) return;
    const mae::SafetensorsFile file = mae::SafetensorsFile::read(config_.checkpoint);
    if (!file.metadata().contains(watch_key)) return;
    const auto state = nlohmann::json::parse(file.metadata(watch_key), nullptr, false);
    if (!state.is_array() || state.size() != 3 || !state[0].is_number() || !state[1].is_number_integer() ||
        !state[2].is_boolean())
      throw mae::Error(config_.checkpoint + ": " + watch_key, state.dump(), "a sum, a count, and true or false");
    watch_.resume({state[0].get<double>(), state[1].get<mae::Index>(), state[2].get<bool>()});
  }
  mae::Index every(double epochs) const {
    if (epochs <= 0) return 0;
    return std::max<mae::Index>(1, std::llround(epochs * static_cast<double>(run_.updates_per_epoch())));
  }
  mae::Index steps() const { return run_.optimizer().steps(); }
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

  double update() {
    try {
      return run_.update();
    } catch (const mae::DivergenceError&) {
      diverged_ = true;
      throw;
    }
  }
  void save(bool best) {
    saved_ = folder_.save(run_, facts(), best ? metric_of(log_.records().back()) : nan);
    saved_at_ = steps();
  }
  /// After an error: saves what was learnt since the last checkpoint, unless that is what the error is about.
  void rescue() {
    if (!diverged_ && steps() > 0) {
      try {
        if (steps() > saved_at_) save(false);
        return display_.say("saved before the error: " + saved_ + ", after update " + std::to_string(steps()) +
                            "; to go on: " + config_.all.called() + " --resume --out " + config_.settings.out());
      } catch (const std::exception& error) {
        display_.say(std::string("what was learnt since the last checkpoint could not be saved: ") + error.what());
      }
    }
    display_.say("the last good checkpoint: " + (saved_.empty() ? std::string("none yet") : saved_));
  }

  void show(double loss) {
    const mae::TrainingEpoch epoch = run_.epoch_so_far();
    const std::string place = "epoch " + std::to_string(epoch.epoch) + "/" + std::to_string(run_.options().epochs);
    display_.step(steps(), place + "  loss " + decimal(epoch.loss, 4));
    const bool warm = static_cast<double>(epoch.epoch) > run_.options().warmup;
    if (config_.baseline > 0 && warm && watch_.stuck(loss))
      display_.say("still at the baseline after " + std::to_string(steps()) +
                   " updates: the loss is that of predicting the mean; try another learning rate");
    const mae::Index every = config_.settings.log_every();
    if (every == 0 || steps() % every != 0) return;
    const double epochs = static_cast<double>(steps()) / static_cast<double>(run_.updates_per_epoch());
    log_.write({false, steps(), epochs, loss, epoch.rate, display_.recent_speed(steps())});
    if (!display_.terminal() && !run_.at_epoch_end())
      display_.say(place + "  update " + std::to_string(steps()) + "  loss " + decimal(loss, 4) + speed_and_time());
  }
  std::string speed_and_time() {
    return "  " + images_a_second(display_.speed(steps())) + "  " + time_left(display_.seconds_left(steps()));
  }

  /// True if the log has the line of the epoch that has just ended: a run that an error ended there goes on without.
  bool told() const {
    for (const Record& record : log_.records())
      if (record.epoch_ends && record.step == steps()) return true;
    return false;
  }
  /// Returns true if the epoch is the best so far.
  template <class Evaluate>
  bool end_epoch(const Evaluate& evaluate) {
    const mae::TrainingEpoch epoch = run_.epoch_so_far();
    const auto number = static_cast<double>(epoch.epoch);
    Record record{true, steps(), number, epoch.loss, epoch.rate, display_.recent_speed(steps())};
    if (epoch.epoch % config_.settings.evaluate_epochs() == 0 || run_.finished()) evaluate(record);
    display_.say("epoch " + std::to_string(epoch.epoch) + "/" + std::to_string(run_.options().epochs) + "  loss " +
                 decimal(epoch.loss, 4) + in_words(record) + speed_and_time());
    const bool best = is_best(record);
    log_.write(record);
    return best;
  }
  double metric_of(const Record& record) const { return (record.*config_.metric).value_or(nan); }
  bool is_best(const Record& record) const {
    if (!(record.*config_.metric)) return false;
    for (const Record& earlier : log_.records())
      if (earlier.*config_.metric && (config_.higher_is_better ? metric_of(earlier) >= metric_of(record)
                                                               : metric_of(earlier) <= metric_of(record)))
        return false;
    return true;
  }

  Run& run_;
  TrainerConfig config_;
  std::unique_ptr<Ahead> ahead_;  // before the folder: if there is no memory for batches, nothing is left behind
  mae::CheckpointFolder folder_;
  mae::Index begun_;
  Log log_;
  Display display_;
  mae::Interval save_;
  mae::BaselineWatch watch_;
  std::string saved_;  // the newest checkpoint, and after which update it was
  mae::Index saved_at_;
  bool diverged_ = false;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace program
