// Programs that work with any model of models.hpp.
//
//   struct Pretrain {                                        // pretrain.hpp
//     struct Settings : program::Settings { … };             // has a Text `model`, and settle()
//     template <class Model> static void run(Settings&);     // the work, with one model of models.hpp
//   };
//   int main(int count, char** arguments) { return program::main<Pretrain>(count, arguments); }       // pretrain.cpp
//
// `run` is compiled once for each line of models.hpp, in a file of its own that CMake writes from one_model.cpp.in: the
// compiler needs little memory for each, and as many of them work at a time as there are processors.
#pragma once
#include <utility>

#include "../models.hpp"
#include "program.hpp"

#include <compiled_models.hpp>

namespace program {

/// The work of a program with model `Number` of models.hpp; `settings` are settled.
template <class Job, std::size_t Number>
void work(typename Job::Settings& settings);

/// "digits-8", "mnist-28", …, after `first`.
inline std::vector<std::string> model_names(std::vector<std::string> first = {}) {
  [&]<std::size_t... Number>(std::index_sequence<Number...>) {
    (first.push_back(std::tuple_element_t<Number, Models>::name), ...);
  }(CompiledModels());
  return first;
}

/// Settles what settings mean together, and works with the model that they name.
template <class Job>
int main(int count, char** arguments) {
  return run<typename Job::Settings>(count, arguments, [](typename Job::Settings& settings) {
    settings.settle();
    [&]<std::size_t... Number>(std::index_sequence<Number...>) {
      if (((settings.model() == std::tuple_element_t<Number, Models>::name && (work<Job, Number>(settings), true)) ||
           ...))
        return;
      std::string names;
      for (const std::string& name : model_names()) names += (names.empty() ? "" : ", ") + name;
      throw settings.model.error(settings.model(), "one of " + names + ", as examples/models.hpp has");
    }(CompiledModels());
  });
}

}  // namespace program
