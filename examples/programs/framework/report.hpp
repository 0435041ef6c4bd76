// What a training program prints before it begins: the model, the data, the plan of updates and of memory.
#pragma once
#include <mae/autograd/run/batch_step.hpp>
#include <mae/checkpoint/checkpoint.hpp>
#include <mae/optim/schedule.hpp>

#include "display.hpp"
#include "room.hpp"
#include "source.hpp"

namespace program {

template <class Model>
mae::Index parameter_count() {
  mae::Index count = 0;
  for (const mae::ParameterInfo& parameter : mae::parameters<Model>()) count += parameter.count;
  return count;
}
/// How many numbers a run's optimizer keeps for each weight.
template <class Run>
constexpr mae::Index states = Run::Rule::template Factors<double>::states;
/// Bytes of a checkpoint of a run: weights and the optimizer's states.
template <class Run>
constexpr mae::Index checkpoint_bytes = (1 + states<Run>)*mae::weights_size<typename Run::Model>* mae::Index{
    sizeof(typename Run::Policy::Parameter)};

template <class Model>
void report_model(const char* name) {
  const mae::Metadata metadata = mae::describe<Model>();
  report("model", std::string(name) + ", images of " + metadata.at("image") + ", patches of " + metadata.at("patch") +
                      " x " + metadata.at("patch"));
  report("encoder", metadata.at("encoder"));
  if constexpr (requires { Model::mask_ratio; }) {
    report("decoder", metadata.at("decoder") + ", predicts " + metadata.at("target"));
    report("hidden", std::to_string(Model::L - Model::V) + " of " + std::to_string(Model::L) + " patches");
  } else if constexpr (requires { Model::classes; }) {
    report("classes", std::to_string(Model::classes) + " at most");
  }
  report("parameters", std::to_string(parameter_count<Model>()));
}

inline void report_data(const Source& source, const mae::Normalization& normalization) {
  for (const std::string& line : source.describe()) report("data", line);
  auto list = [](const std::vector<double>& values) {
    std::string text;
    for (const double value : values) text += (text.empty() ? "" : ", ") + decimal(value, 4);
    return text;
  };
  report("statistics", "mean " + list(normalization.mean) + ", deviation " + list(normalization.deviation));
}

/// Bytes that `batch` images of a model take, with targets if they are of one size.
template <class Model, class Policy, class Target = mae::NoTarget>
double batch_bytes(mae::Index batch) {
  using Geometry = typename Model::ImageShape;
  double each = static_cast<double>(Geometry::values) * sizeof(typename Policy::Accumulator);
  if constexpr (requires { Target::template placed_bytes<Geometry>; })
    each += static_cast<double>(Target::template placed_bytes<Geometry>);
  return static_cast<double>(batch) * each;
}
/// Bytes that a look at images takes, by a program for inference on batches of `batch`.
template <class Program>
double look_bytes(mae::Index batch, int threads) {
  const auto session = static_cast<double>(mae::Session<Program>::bytes(batch, threads));
  return session + batch_bytes<typename Program::Model, typename Program::Policy>(batch);
}

/// Throws mae::Error if this process may not have `bytes` beside the images of `source`; tells if images, and what it
/// takes to decode them, `images` bytes in all, may not fit.
inline void check_memory(double bytes, double images, const Source& source) {
  const Room room = memory_room();
  const std::string given = memory(room.bytes) + ", which " + room.by + " leaves";
  if (bytes > room.bytes)
    throw mae::Error("memory", given,
                     "at least " + memory(bytes) + " beside images; a smaller --batch, fewer " +
                         "--threads or --loaders, or a smaller model need less");
  if (source.decodes() && bytes + images > room.bytes)
    report("memory", "that is more than the " + given + ": should the images not fit, take --cache_megabytes " +
                         std::to_string(static_cast<mae::Index>((room.bytes - bytes) / 2e6)));
  memory_for("weights, a step and batches", "a smaller --batch, fewer --loaders or a smaller model need less");
}

/// Bytes that curves take while they are drawn and written.
inline constexpr double drawing_bytes = 4e6;

/// What memory a `Run` will take, told before it is taken: `threads` compute on batches of `batch`
/// images; a look at images, held-out ones or for a panel, takes `look` bytes. Throws mae::Error if this process may
/// not have as much as it takes in any case; that there may be too little for decoded images is told.
template <class Run>
void report_memory(mae::Index batch, int threads, const Source& source, double look) {
  using Model = typename Run::Model;
  using Policy = typename Run::Policy;
  const double weights =
      static_cast<double>((2 + states<Run>)*mae::weights_size<Model>) * sizeof(typename Policy::Parameter);
  const auto step = static_cast<double>(Run::step_bytes(batch, threads));
  const double batches = batch_bytes<Model, Policy, typename Run::Target>((source.settings().loaders() + 3) * batch);
  const mae::Index decoders = threads + source.settings().loaders();
  const double images = source.bytes(), decoding = source.decoding_bytes(decoders);
  report("memory",
         "up to " + memory(weights + step + batches + images + decoding + look) +
             " beside the program: " + memory(weights) + " weights, gradients and what the optimizer keeps, " +
             memory(step) + " a step, " + memory(batches) + " batches, " + memory(images) + " images" +
             (decoding > 0 ? ", " + memory(decoding) + " to decode " + std::to_string(decoders) + " at a time" : "") +
             ", " + memory(look) + " a look at images" +
             (mae::runs_on_host<Policy> ? "" : "; weights and steps on the GPU, weights here too"));
  check_memory(weights + (mae::runs_on_host<Policy> ? step : 0) + batches + look, images + decoding, source);
}

/// How many updates the run will make.
template <class Run>
void report_updates(const Run& run) {
  const auto& options = run.options();
  const mae::Index epoch = run.updates_per_epoch(), update = run.images_per_update();
  report("updates", std::to_string(epoch * options.epochs) + ", " + std::to_string(epoch) + " an epoch, of " +
                        std::to_string(update) + " images; the rate rises to " +
                        decimal(mae::scaled_rate(options.base_learning_rate, update), 6));
}

}  // namespace program
