#include "on_demand.hpp"

#include "cache.hpp"
#include "display.hpp"
#include "settings.hpp"
#include "spawn.hpp"
#include "toolkit.hpp"

#include <mae/io/files/atomic_file.hpp>
#include <mae/io/files/checksum.hpp>
#include <mae/io/files/input_file.hpp>

#include <algorithm>
#include <filesystem>

namespace program {
namespace {

namespace fs = std::filesystem;

/// A checksum of all files that a compiled program is made of.
std::string checksum_of(const Toolkit& kit) {
  std::vector<std::string> files = kit.libraries;
  for (const std::string& folder : kit.headers)
    for (const fs::directory_entry& file : fs::recursive_directory_iterator(folder))
      if (file.is_regular_file()) files.push_back(file.path().string());
  std::sort(files.begin(), files.end());
  mae::Checksum sum;
  for (const std::string& path : files) {
    const std::vector<char> bytes = mae::read_file<char>(path);
    sum.add(fs::path(path).filename().string());
    sum.add(bytes.data(), static_cast<mae::Index>(bytes.size()));
  }
  return sum.text();
}

/// The model as a type: whole numbers, and names from fixed lists.
std::string models_source(const Description& d) {
  const auto list = [](std::initializer_list<mae::Index> numbers) {
    std::string text;
    for (const mae::Index number : numbers) text += (text.empty() ? "" : ", ") + std::to_string(number);
    return text;
  };
  const auto transformer = [&](const mae::TransformerSizes& size) {
    return "mae::Transformer<" + list({size.width, size.depth, size.heads}) + ">";
  };
  std::string ratios;
  for (const double ratio : d.mask_ratio)
    ratios += ", mae::MaskRatio<" + std::to_string(static_cast<mae::Index>(ratio * 10000 + 0.5)) + ", 10000>";
  return std::string("// Written by mae.\n#pragma once\n#include <framework/device.hpp>\n#include <models.hpp>\n\n") +
         "using CompiledModels = std::tuple<" +
         (d.window > 0 ? "program::Windows<" + list({d.window}) + ", " : std::string()) +
         "program::Described<mae::ImageShape<" + list({d.channels, d.height, d.width, d.patch}) + ">, " +
         transformer(d.encoder) + ", " + transformer(d.decoder) +
         ", mae::Target::" + (d.target == mae::Target::pixels ? "pixels" : "normalized_pixels") + ", mae::Classes<" +
         list({d.classes}) + ">, " + (d.mixed ? "mae::bf16" : "float") + ratios + (d.window > 0 ? ">" : "") + ">>;\n" +
         "using CompiledDevices = program::Devices<program::OnCpu>;\n";
}
/// The program: `name` is one of a fixed list.
std::string program_source(const std::string& name) {
  const std::string trained = "#include <framework/trained/";
  return "// Written by mae.\n#include <mae/backend/cpu/compiled.hpp>\n#include <mae/mae.hpp>\n\n#include <" + name +
         ".cpp>\n#include <framework/run_app.hpp>\n" +
         (name == "predict" || name == "evaluate"
              ? trained + "classifiers.cpp>\n" + trained + "detectors.cpp>\n" + trained + "segmenters.cpp>\n"
              : "") +
         "\n" + "int main(int count, char** arguments) { return program::command::" + name + "(count, arguments); }\n";
}

void write_text(const std::string& path, const std::string& text) {
  mae::write_file(path, text.data(), static_cast<mae::Index>(text.size()));
}
std::string read_text(const std::string& path) {
  const std::vector<char> text = mae::read_file<char>(path);
  return {text.begin(), text.end()};
}
/// The first line of a log that tells an error, else its last one.
std::string first_error(const std::string& log) {
  std::string last = "nothing";
  for (std::size_t begin = 0; begin < log.size();) {
    const std::size_t end = std::min(log.find('\n', begin), log.size());
    const std::string line = log.substr(begin, end - begin);
    if (line.find("error:") != std::string::npos) return line;
    if (!line.empty()) last = line;
    begin = end + 1;
  }
  return last;
}

/// All about one compilation.
struct Work {
  std::vector<std::string> compiler;
  std::string program, models, source, key_text, key;
};

Work work_for(const Toolkit& kit, const std::string& program, const Description& model, const std::string& folder,
              const std::string& subject) {
  Work work{find_compiler(kit), program, models_source(model), program_source(program), "", ""};
  if (work.compiler.empty())
    throw mae::Error(subject, "no C++20 compiler (tried " + kit.compiler + ", $CXX, c++, g++, clang++)",
                     "one, or a model that is compiled, which mae models tells; install g++, or bring a program that "
                     "mae build made elsewhere");
  std::vector<std::string> version = work.compiler;
  version.push_back("--version");
  const Ended told = run_program(version, {.temporary = folder, .seconds = 60});
  if (!told.well()) throw mae::Error(joined(work.compiler), "no answer to --version", "a C++20 compiler");
  if (const std::string missing = kit.missing(); !missing.empty())
    throw mae::Error(kit.path, "the path " + missing + ", which is not there", "what the programs were built with");
  work.key_text = program + " " + model.numbers() + "\n" + work.models + work.source + checksum_of(kit) + "\n" +
                  joined(work.compiler) + "\n" + told.output;
  for (const auto* list : {&kit.flags, &kit.includes, &kit.libraries, &kit.link})
    for (const std::string& one : *list) work.key_text += one + "\n";
  mae::Checksum once, twice;  // 128 bits; the text itself is compared too
  once.add(work.key_text), twice.add(once.text()), twice.add(work.key_text);
  work.key = once.text() + twice.text();
  return work;
}

bool is_there(const std::string& folder, const Work& work) {
  const std::string place = folder + "/" + work.key;
  if (::access((place + "/program").c_str(), X_OK) != 0) return false;
  try {
    return read_text(place + "/key.txt") == work.key_text;
  } catch (const mae::Error&) { return false; }
}

/// Throws mae::Error if the disk of the cache is full.
void ensure_room(const std::string& folder) {
  constexpr std::uintmax_t needed = 32'000'000;  // a program of some megabytes, and what the compiler writes on its way
  std::error_code unknown;
  const fs::space_info space = fs::space(folder, unknown);
  if (!unknown && space.available < needed)
    throw mae::Error(folder, memory(static_cast<double>(space.available)) + " free on its disk",
                     "at least " + memory(static_cast<double>(needed)) + " to compile a model");
}

/// Compiles in a folder of its own, and gives that its name when it is whole. The lock of the key is held.
void compile(const Toolkit& kit, const Work& work, const std::string& folder, const std::string& subject) {
  const std::string place = folder + "/" + work.key, log = place + ".log";
  std::error_code error;
  remove_remains(folder, work.key);
  ensure_room(folder);
  const std::string temporary = place + "." + std::to_string(::getpid()) + ".tmp";
  if (::mkdir(temporary.c_str(), 0700) != 0)
    mae::detail::fail_with_errno(temporary, "making it", "a folder that can be made");
  const struct Removed {
    const std::string& path;
    ~Removed() {
      std::error_code unknown;
      fs::remove_all(path, unknown);
    }
  } removed{temporary};
  write_text(temporary + "/compiled_models.hpp", work.models);
  write_text(temporary + "/program.cpp", work.source);
  write_text(temporary + "/key.txt", work.key_text);
  std::vector<std::string> command = work.compiler;
  command.insert(command.end(), kit.flags.begin(), kit.flags.end());
  command.push_back("-I" + temporary);
  for (const std::string& include : kit.includes) command.push_back("-I" + include);
  command.insert(command.end(), {temporary + "/program.cpp", "-o", temporary + "/program"});
  command.insert(command.end(), kit.libraries.begin(), kit.libraries.end());
  command.insert(command.end(), kit.link.begin(), kit.link.end());
  const Ended ended = run_program(command, {.log = log, .temporary = temporary});
  if (ended.signal != 0)
    throw mae::Error(subject, "that the compiler was killed by signal " + std::to_string(ended.signal),
                     "it to end by itself, which takes about 1 GB of memory; its output is in " + log);
  if (ended.status != 0) ensure_room(folder);
  if (ended.status != 0)
    throw mae::Error(subject, "that the compiler says: " + first_error(read_text(log)),
                     "a program; the full output is in " + log);
  if (::access((temporary + "/program").c_str(), X_OK) != 0)
    throw mae::Error(subject, "no program after " + joined(work.compiler) + " had ended well", "a C++20 compiler");
  ::unlink(log.c_str());
  fs::remove_all(place, error);  // what stands there has another text, or lacks something
  if (::rename(temporary.c_str(), place.c_str()) != 0 && errno != ENOTEMPTY && errno != EEXIST)
    mae::detail::fail_with_errno(place, "renaming", "a folder that can be renamed");
}

}  // namespace

std::vector<std::string> programs_on_demand() { return find_toolkit().programs; }

std::string compile_on_demand(const std::string& program, const Description& model, const std::string& subject) {
  const Toolkit kit = find_toolkit();
  if (std::find(kit.programs.begin(), kit.programs.end(), program) == kit.programs.end())
    throw mae::Error(subject, model.text() + ", which " + program + " was not built with",
                     "one of its models, which mae models tells: there is no toolkit.json to compile others with");
  const std::string folder = cache_folder();
  const Work work = work_for(kit, program, model, folder, subject);
  static std::vector<CacheLock> held;  // until this process ends, or becomes what it has found
  held.emplace_back(folder, work.key);
  CacheLock& lock = held.back();
  for (int round = 0; round < 3; ++round) {
    if (!lock.take(CacheLock::Kind::shared, false)) {
      report("waiting", "another process compiles this model");
      lock.take(CacheLock::Kind::shared, true);
    }
    if (is_there(folder, work)) {
      note_use(folder, work.key);
      return folder + "/" + work.key + "/program";
    }
    if (!lock.take(CacheLock::Kind::alone, false)) {
      report("waiting", "another process compiles this model");
      lock.take(CacheLock::Kind::alone, true);
    }
    if (is_there(folder, work)) continue;
    report("compiling", program + " for " + model.name + " once, about half a minute");
    compile(kit, work, folder, subject);
    evict(folder, work.key);
  }
  throw mae::Error(folder, "that what was compiled goes again", "a folder that nobody else clears");
}

}  // namespace program
