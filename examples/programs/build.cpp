// Compiles a program for one model into a file of its own, for machines without a compiler.
//
//   build --model 3x64x64/8,192x6x3,96x2x3 --out pretrain-mine
//   build --model vit.json --program finetune --out finetune-vit
//
// What it makes is that program, for that model alone: `pretrain-mine --model 3x64x64/8,192x6x3,96x2x3 --data photos`.
#include <mae/io/files/atomic_file.hpp>
#include <mae/io/files/input_file.hpp>

#include <sys/stat.h>

#include "framework/description.hpp"
#include "framework/display.hpp"
#include "framework/on_demand.hpp"
#include "framework/program.hpp"

namespace {

struct BuildSettings : program::Settings {
  BuildSettings() : program::Settings("build", "Compiles a program for one model into a file.") {}
  program::Text model{*this, "model", "", program::model_meaning().c_str()};
  program::Text program{*this, "program", "pretrain", "that is compiled",
                        program::one_of(program::programs_on_demand())};
  program::Text out{*this, "out", "", "file to write"};
};

}  // namespace

int program::command::build(int count, char** arguments) {
  return run<BuildSettings>(count, arguments, [](const BuildSettings& settings) {
    if (settings.model().empty()) throw settings.model.error("nothing", "a model");
    if (settings.out().empty()) throw settings.out.error("nothing", "a file to write");
    const Description model = describe_model(settings.model(), settings.model.subject());
    const Costs costs = costs_of(model);
    report("model", model.text());
    report("parameters", std::to_string(costs.parameters));
    report("operations", with_prefix(costs.step) + "FLOP a pre-training step for each image");
    const std::string compiled = compile_on_demand(settings.program(), model, settings.model.subject());
    const std::vector<char> bytes = mae::read_file<char>(compiled);
    mae::write_file(settings.out(), bytes.data(), static_cast<mae::Index>(bytes.size()));
    if (::chmod(settings.out().c_str(), 0755) != 0)
      throw mae::Error(settings.out(), "a file that cannot be made executable", "one that can");
    report("wrote", settings.out());
  });
}
