// Tells of models what they are, and what they cost: those with names, or any that can be described.
//
//   models
//   models --model vit-base-224 --batch 64
//   models --model 3x64x64/8,192x6x3,96x2x3
//
// Operations and parameters are counted, the memory of a step is estimated; `pretrain` tells that of a run exactly.
#include "framework/dispatch.hpp"
#include "framework/display.hpp"

#include <algorithm>

namespace {

struct ModelsSettings : program::Settings {
  ModelsSettings() : program::Settings("models", "Tells what models are and what they cost.") {}
  program::Text model{*this, "model", "", "a name, a file vit.json, or sizes; empty: all names"};
  program::Integer batch{*this, "batch", 64, "images in a step", program::between(1, 1e6)};
};

double step_memory(const program::Costs& costs, mae::Index batch) {
  return costs.weights + costs.activations * static_cast<double>(batch);
}

bool is_compiled(const program::Description& model) {
  const std::vector<program::Description> compiled = program::compiled_models();
  return std::any_of(compiled.begin(), compiled.end(), [&](const auto& one) { return one.same_sizes(model); });
}

void tell(const program::Description& model, mae::Index batch) {
  using program::report;
  const program::Costs costs = program::costs_of(model);
  report("model", model.text());
  report("encoder", program::in_words(model.encoder));
  report("decoder", program::in_words(model.decoder));
  report("patches", std::to_string(model.patches()) + ", of which " +
                        std::to_string(model.visible(model.mask_ratio[0])) + " are visible");
  report("parameters",
         std::to_string(costs.parameters) + ", of which " + std::to_string(costs.encoder) + " are the encoder's");
  report("operations", program::with_prefix(costs.step) + "FLOP a pre-training step for each image; " +
                           program::with_prefix(costs.features) + "FLOP the features of one");
  report("memory", "about " + program::memory(step_memory(costs, batch)) + " for a pre-training step of " +
                       std::to_string(batch) + " images");
  report("compiled", is_compiled(model) ? "yes" : "no: where it is asked for it is compiled, once");
}

}  // namespace

int program::command::models(int count, char** arguments) {
  return run<ModelsSettings>(count, arguments, [](const ModelsSettings& settings) {
    if (!settings.model().empty())
      return tell(describe_model(settings.model(), settings.model.subject()), settings.batch());
    std::printf("%-14s %-14s %5s  %-12s %-12s %11s %9s %8s  %s\n", "name", "images", "patch", "encoder", "decoder",
                "parameters", "FLOP", "memory", "compiled");
    for (const Description& model : named_models()) {
      using std::to_string;
      const Costs costs = costs_of(model);
      const auto size = [](const mae::TransformerSizes& s) {
        return to_string(s.width) + "x" + to_string(s.depth) + "x" + to_string(s.heads);
      };
      const std::string images =
          to_string(model.channels) + "x" + to_string(model.height) + "x" + to_string(model.width);
      std::printf("%-14s %-14s %5lld  %-12s %-12s %11s %9s %8s  %s\n", model.name.c_str(), images.c_str(),
                  static_cast<long long>(model.patch), size(model.encoder).c_str(), size(model.decoder).c_str(),
                  with_prefix(static_cast<double>(costs.parameters)).c_str(), with_prefix(costs.step).c_str(),
                  memory(step_memory(costs, settings.batch())).c_str(), is_compiled(model) ? "yes" : "no");
    }
    std::printf("FLOP: of a pre-training step for each image; memory: of a step of %lld images, about\n",
                static_cast<long long>(settings.batch()));
  });
}
