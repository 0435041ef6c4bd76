// Programs that work with any model of models.hpp.
//
//   struct Pretrain {                                        // pretrain.hpp
//     struct Settings : program::Settings { … };             // has a Text `model`, and resolve()
//     template <class Model, class Device>                   // the work, with one model of models.hpp, on one of
//     static void run(Settings&);                            // the devices of device.hpp
//   };
//   int main(int count, char** arguments) { return program::main<Pretrain>(count, arguments); }       // pretrain.cpp
//
// `run` is compiled once for each line of models.hpp and each device, in a file of its own that CMake writes from
// one_model.cpp.in: the compiler needs little memory for each, and as many of them work at a time as there are
// processors. A model that is not among them is compiled on demand (on_demand.hpp).
#pragma once
#include <utility>

#include "../models.hpp"
#include "checkpoints.hpp"
#include "description.hpp"
#include "device.hpp"
#include "machine.hpp"
#include "on_demand.hpp"
#include "program.hpp"
#include "spawn.hpp"

#include <compiled_models.hpp>

namespace program {

/// The work of a program with the model of a line of models.hpp on a device; `settings` are resolved.
template <class App, class Line, class Device>
void run_app(typename App::Settings& settings);

/// The models that this program was built with.
inline std::vector<Description> compiled_models() {
  return []<class... Line>(std::tuple<Line...>*) {
    return std::vector<Description>{description_of<Line>()...};
  }(static_cast<CompiledModels*>(nullptr));
}

/// A line whose name is given when the program runs.
template <class Line>
concept NamedLater = requires {
  Line::name = "";
};
/// Whether this program was compiled on demand: it knows that model, and compiles no other.
template <class... Line>
constexpr bool on_demand(std::tuple<Line...>*) {
  return (NamedLater<Line> || ...);
}

/// What `--model` says, in the words that stay true when a file of sizes is gone: a name, or all sizes.
template <class S>
void name_model(S& settings) {
  if (!settings.model.given() || settings.model() == "auto") return;
  const Description wanted = describe_model(settings.model(), settings.model.subject());
  for (const Description& named : named_models())
    if (named.name == settings.model()) return;
  settings.model.set(wanted.text(), settings.model.origin());
}

/// The model that the settings describe, with the mask ratio that they ask for.
template <class S>
Description model_of(const S& settings) {
  Description wanted = describe_model(settings.model(), settings.model.subject());
  if constexpr (requires { settings.wanted_ratio(); })
    if (const std::optional<double> ratio = settings.wanted_ratio()) wanted.take_ratio(*ratio, "--mask_ratio");
  return wanted;
}

/// Works with the model that the settings describe, on `Device`; one that is not compiled is compiled, and this process
/// becomes it.
template <class App, class Device, class... Line>
void dispatch(typename App::Settings& settings, std::tuple<Line...>* compiled) {
  const Description wanted = model_of(settings);
  const auto is_it = [&]<class L>(std::type_identity<L>) {
    if (!wanted.same_sizes(description_of<L>())) return false;
    if constexpr (NamedLater<L>) L::name = wanted.name.c_str();
    run_app<App, L, Device>(settings);
    return true;
  };
  if ((is_it(std::type_identity<Line>()) || ...)) return;
  const std::string subject = settings.model.subject();
  if constexpr (on_demand(static_cast<std::tuple<Line...>*>(nullptr)))
    throw mae::Error(subject, wanted.numbers(), compiled_models()[0].numbers() + ", which this program was made for");
  else {
    static_cast<void>(compiled);
    if (std::string(Device::name) != "cpu")
      throw mae::Error(subject, wanted.name + ", which is not compiled for " + Device::name,
                       "a model of this build, or --device cpu, for which others are compiled on demand");
    const Costs costs = costs_of(wanted);
    report("model", wanted.text());
    report("costs", with_prefix(static_cast<double>(costs.parameters)) + " parameters, " + with_prefix(costs.step) +
                        "FLOP a pre-training step for each image, about " + memory(costs.weights) + " and " +
                        memory(costs.activations) + " for each image of a batch");
    become(compile_on_demand(settings.program(), wanted, subject), settings.arguments());
  }
}

/// Works on the device that is wanted. Throws mae::Error if this build has it not.
template <class App>
void on_device(typename App::Settings& settings, const Text& wanted) {
  [&]<class... Device>(Devices<Device...>) {
    if (((wanted() != Device::name) && ...))
      throw wanted.error(wanted(), "cpu, which is all that this build has; one with -D MAE_CUDA=ON has cuda");
    static_cast<void>(((wanted() == Device::name && (dispatch<App, Device>(settings, static_cast<CompiledModels*>(nullptr)), true)) || ...));
  }(CompiledDevices());
}

/// Resolves what settings mean together, and works with the model and on the device that they name.
template <class App>
int main(int count, char** arguments) {
  return run<typename App::Settings>(count, arguments, [](typename App::Settings& settings) {
    const Text& wanted = machine_of(settings).device;
    name_model(settings);
    settings.resolve();
    on_device<App>(settings, wanted);
  });
}

}  // namespace program
