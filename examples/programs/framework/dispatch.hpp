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
// processors.
#pragma once
#include <utility>

#include "../models.hpp"
#include "checkpoints.hpp"
#include "device.hpp"
#include "machine.hpp"
#include "program.hpp"

#include <compiled_models.hpp>

namespace program {

/// The work of a program with model `Number` of models.hpp on a device; `settings` are resolved.
template <class App, std::size_t Number, class Device>
void run_app(typename App::Settings& settings);

/// "digits-8", "mnist-28", …, after `first`.
inline std::vector<std::string> model_names(std::vector<std::string> first = {}) {
  [&]<std::size_t... Number>(std::index_sequence<Number...>) {
    (first.push_back(std::tuple_element_t<Number, Models>::name), ...);
  }
  (CompiledModels());
  return first;
}

/// The models that this build has, for resolve_model.
inline std::vector<KnownModel> known_models() {
  std::vector<KnownModel> all;
  [&]<std::size_t... Number>(std::index_sequence<Number...>) {
    (all.push_back({std::tuple_element_t<Number, Models>::name,
                    mae::describe<typename std::tuple_element_t<Number, Models>::Encoder>(),
                    std::tuple_element_t<Number, Models>::EncoderShape::heads}),
     ...);
  }
  (CompiledModels());
  return all;
}

/// Works with the model that the settings name, on `Device`.
template <class App, class Device, std::size_t... Number>
void dispatch(typename App::Settings& settings, std::index_sequence<Number...>) {
  if (((settings.model() == std::tuple_element_t<Number, Models>::name &&
        (run_app<App, Number, Device>(settings), true)) ||
       ...))
    return;
  std::string names;
  for (const std::string& name : model_names()) names += (names.empty() ? "" : ", ") + name;
  throw settings.model.error(settings.model(), "one of " + names + ", as examples/programs/models.hpp has");
}

/// Works on the device that is wanted. Throws mae::Error if this build has it not.
template <class App>
void on_device(typename App::Settings& settings, const Text& wanted) {
  [&]<class... Device>(Devices<Device...>) {
    if (((wanted() != Device::name) && ...))
      throw wanted.error(wanted(), "cpu, which is all that this build has; one with -D MAE_CUDA=ON has cuda");
    static_cast<void>(((wanted() == Device::name && (dispatch<App, Device>(settings, CompiledModels()), true)) || ...));
  }(CompiledDevices());
}

/// Resolves what settings mean together, and works with the model and on the device that they name.
template <class App>
int main(int count, char** arguments) {
  return run<typename App::Settings>(count, arguments, [](typename App::Settings& settings) {
    const Text& wanted = machine_of(settings).device;
    settings.resolve();
    on_device<App>(settings, wanted);
  });
}

}  // namespace program
