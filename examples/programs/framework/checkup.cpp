#include "checkup.hpp"

#include <langinfo.h>
#include <locale.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <mae/backend/isa.hpp>
#include <mae/backend/threads.hpp>
#include <mae/core/number_text.hpp>
#include <mae/io/files/json_name.hpp>

#include "display.hpp"
#include "room.hpp"
#include "spawn.hpp"
#include "terminal.hpp"
#include "toolkit.hpp"

namespace program {
namespace {

using mae::detail::text_of;

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}
/// The value of a line "key : value" of a file of /proc.
std::string line_of(const std::string& path, const std::string& key) {
  for (std::string lines = text_of(path); !lines.empty();) {
    std::string line = mae::detail::take_until(lines, "\n");
    if (!line.starts_with(key)) continue;
    const std::size_t at = line.find_first_not_of(" \t:", key.size());
    return at == line.npos ? "" : line.substr(at);
  }
  return "";
}

}  // namespace

void Checkup::add(const char* state, const std::string& name, const std::string& text, const std::string& cure) {
  const std::string what = state;
  problems_ += what == "problem" ? 1 : 0, notes_ += what == "note" ? 1 : 0;
  nlohmann::ordered_json line{{"state", what}, {"name", name}, {"text", mae::json_name(text)}};
  if (!cure.empty()) line["cure"] = mae::json_name(cure);
  lines_.push_back(line);
  if (quiet_) return;
  std::printf("%-8s %-12s %s\n", state, name.c_str(), mae::printable(text).c_str());
  if (!cure.empty()) std::printf("%-8s %-12s -> %s\n", "", "", mae::printable(cure).c_str());
  std::fflush(stdout);
}
nlohmann::ordered_json Checkup::json() const { return {{"problems", problems_}, {"notes", notes_}, {"lines", lines_}}; }

void check_processor(Checkup& checkup) {
  const std::string model = line_of("/proc/cpuinfo", "model name");
  checkup.ok("processor", model.empty() ? "of a name that the system does not tell" : model);
  std::vector<std::string> sets{mae::isa::Baseline::name};
  if (!std::is_same_v<mae::isa::Avx2, mae::isa::Baseline>) {
    if (mae::isa::Avx2::supported()) sets.push_back(mae::isa::Avx2::name);
    if (mae::isa::Avx512::supported()) sets.push_back(mae::isa::Avx512::name);
    if (mae::isa::Avx512Bf16::supported()) sets.push_back(mae::isa::Avx512Bf16::name);
  }
  std::string chosen;
  mae::isa::dispatch<mae::isa::Best>([&](auto set) { chosen = decltype(set)::name; });
  const std::string text = chosen + " is chosen; there are " + joined(sets, ", ");
  if (std::is_same_v<mae::isa::Avx2, mae::isa::Baseline> || sets.size() > 1) checkup.ok("instructions", text);
  else
    checkup.note("instructions", text,
                 "training takes four times as long without AVX2: a virtual machine may hide it, which its host can "
                 "change");

  const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
  cpu_set_t set;
  const long affinity = ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : online;
  if (affinity < online)
    checkup.note("affinity", std::to_string(affinity) + " of " + std::to_string(online) + " processors may be used",
                 "taskset or a cpuset says so; mpirun binds each process to a core unless it has --bind-to none");
  else checkup.ok("affinity", "all " + std::to_string(online) + " processors may be used");
  const int quota = mae::detail::processor_quota();
  if (quota > 0 && quota < affinity)
    checkup.note("quota", "the control group grants the time of " + std::to_string(quota) + " processors",
                 "a container's limit (docker run --cpus): raise it, if more are yours");
  else
    checkup.ok("quota", quota > 0 ? "the control group grants " + std::to_string(quota) + " processors, which is all"
                                  : "no limit of processor time");
  using Threads = mae::DefaultThreads;
  if (std::is_same_v<Threads, mae::Serial>)
    checkup.note("threads", "one: this build has no OpenMP",
                 "build with a compiler that has it (libomp-dev for clang)");
  else if (Threads::count() > Threads::usable())
    checkup.note("threads",
                 std::to_string(Threads::count()) + " by OMP_NUM_THREADS, of which " +
                     std::to_string(Threads::usable()) + " may run at a time",
                 "unset OMP_NUM_THREADS, or make it " + std::to_string(Threads::usable()) +
                     ": more wait for each other at every step");
  else
    checkup.ok("threads", std::to_string(Threads::count()) + " compute, by OpenMP" +
                              (Threads::number_in_environment() ? ", as OMP_NUM_THREADS says" : ""));
  std::string loads = text_of("/proc/loadavg");
  const std::string load = mae::detail::take_until(loads, " ");
  if (load.empty()) return;
  const double busy = mae::number_in(load).value_or(0);
  if (busy > static_cast<double>(Threads::usable()) + 0.5)
    checkup.note("load", load + " processes want to run",
                 "others compute here too: all takes longer, and times tell little");
  else checkup.ok("load", load + " processes want to run");
}

void check_memory_of_machine(Checkup& checkup) {
  const auto kilobytes = [](const char* key) {
    std::string line = line_of("/proc/meminfo", key);  // "24000000 kB"
    return 1024 * mae::number_in(mae::detail::take_until(line, " ")).value_or(0);
  };
  const double total = kilobytes("MemTotal"), free = kilobytes("MemAvailable"), swap = kilobytes("SwapTotal");
  const Room room = memory_room();
  const bool limited = room.by != "this machine";
  const double most = std::min(room.bytes, free > 0 ? free : room.bytes);
  const std::string text = memory(free) + " free of " + memory(total) +
                           (swap > 0 ? ", " + memory(swap) + " swap" : "") +
                           (limited ? "; " + room.by + " leaves " + memory(room.bytes) : "");
  const std::string cure = limited ? "raise the limit of " + room.by : "end other programs, or take a smaller --batch";
  if (most < 64e6) checkup.problem("memory", text, cure);
  else if (most < 1e9) checkup.note("memory", text, "little for models of photographs: " + cure);
  else checkup.ok("memory", text);
}

void check_compilers(Checkup& checkup) {
  const std::string source =
      "#include <bit>\n#include <concepts>\n#include <span>\n#include <tuple>\n"
      "template <std::size_t N> struct Text { char text[N]{}; };\n"
      "template <Text<2> T> struct Named {};\n"
      "template <class T> concept Real = std::floating_point<T>;\n"
      "consteval int two() { return 2; }\n"
      "static_assert(Real<float> && two() == 2 && std::endian::native == std::endian::little);\n"
      "auto f = []<class T>(T x) requires Real<T> { return x; };\n";
  struct Compiler {
    std::string names, version;
    bool takes;
  };
  Toolkit kit;
  try {
    kit = find_toolkit();
  } catch (const mae::Error& error) { checkup.problem("toolkit", std::string(error.what()).substr(5), "build anew"); }
  std::vector<Compiler> found;
  const std::string asked = variable("CXX");
  bool compiles = false;  // the one that is taken on demand, which is the first
  for (const std::vector<std::string>& words : compilers(kit)) {
    const std::string name = joined(words);
    std::vector<std::string> version = words, compile = words;
    version.push_back("--version");
    for (const char* const word : {"-std=c++20", "-fsyntax-only", "-x", "c++", "-"}) compile.emplace_back(word);
    const Ended told = run_program(version, {.seconds = 20});
    if (!told.well()) {
      if (name == asked)
        checkup.problem("compiler",
                        "CXX is " + name + ", which " + (told.found ? "does not tell its version" : "is not found"),
                        "set CXX to a compiler that is there, or unset it");
      continue;
    }
    const bool takes = run_program(compile, {.input = source, .seconds = 60}).well();
    if (found.empty()) compiles = takes;
    bool known = false;
    // c++ is another name of g++, whose version begins with the name it was called by.
    const auto number = [](const std::string& line) { return line.substr(std::min(line.find(' '), line.size())); };
    for (Compiler& other : found)
      if (number(other.version) == number(told.first_line()) && other.takes == takes)
        other.names += ", " + name, known = true;
    if (!known) found.push_back({name, told.first_line(), takes});
  }
  bool any = false;
  for (const Compiler& one : found) {
    any = any || one.takes;
    if (one.takes) checkup.ok("compiler", one.names + ": " + one.version + ", takes C++20");
    else
      checkup.note("compiler", one.names + ": " + one.version + ", does not take -std=c++20",
                   "g++ 12 or clang 14 and newer do");
  }
  const char* const built_in = "only the models that are compiled in can be used: ";
  if (!any)
    return checkup.note("compiler", "none that takes C++20 among CXX, c++, g++ and clang++",
                        std::string(built_in) + "apt install g++");
  const std::string by = joined(find_compiler(kit));
  if (kit.path.empty())
    checkup.note("toolkit", "no toolkit.json beside this program, to compile other models with",
                 std::string(built_in) + "run the program where it was built or installed");
  else if (const std::string missing = kit.missing(); !missing.empty())
    checkup.note("toolkit", kit.path + " has the path " + missing + ", which is not there",
                 std::string(built_in) + "build anew or install");
  else if (!compiles)
    checkup.note("toolkit", by + ", which models are compiled with on demand, does not take C++20",
                 std::string(built_in) + "remove it, or build with another compiler");
  else checkup.ok("toolkit", "models of any size are compiled on demand by " + by + ", as " + kit.path + " says");
}

void check_others(Checkup& checkup, bool cuda) {
  const Ended mpi = run_program({"mpirun", "--version"}, {.seconds = 20});
  if (mpi.well()) checkup.ok("MPI", mpi.first_line());
  else if (mpi.found)
    checkup.note("MPI",
                 "mpirun is there but " + std::string(mpi.in_time ? "fails: " + mpi.first_line() : "does not answer"),
                 "work on one machine needs none");
  else checkup.ok("MPI", "no mpirun; work on one machine needs none");
  const Ended gpu = run_program({"nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"},
                                {.seconds = 20});
  const std::string build = cuda ? "this build computes on GPUs too" : "this build computes on the processor alone";
  if (gpu.well() && !gpu.first_line().empty()) {
    if (cuda) checkup.ok("GPU", gpu.first_line() + "; " + build);
    else
      checkup.note("GPU", gpu.first_line() + "; " + build,
                   "to use it: configure with -D MAE_CUDA=ON, which needs CUDA's compiler, and build again");
  } else if (gpu.found) {
    checkup.note("GPU", "nvidia-smi " + (gpu.in_time ? "fails: " + gpu.first_line() : "does not answer"),
                 "its driver needs repair before a GPU can be used; the processor does without");
  } else if (cuda) {
    checkup.note("GPU", "none that nvidia-smi shows; " + build, "train with --device cpu here");
  } else {
    checkup.ok("GPU", "none that nvidia-smi shows; " + build);
  }
}

void check_terminal(Checkup& checkup) {
  std::string asked;
  for (const char* const name : {"LC_ALL", "LC_CTYPE", "LANG"})
    if (asked.empty()) asked = variable(name);
  const locale_t users = ::newlocale(LC_CTYPE_MASK, "", nullptr);
  const bool known = users != nullptr;
  const std::string letters = known ? ::nl_langinfo_l(CODESET, users) : "";
  if (known) ::freelocale(users);
  const std::string text = (asked.empty() ? "none is set" : asked) + ", letters in " + letters;
  if (!known)
    checkup.note("locale", asked + " is not installed here",
                 "export LC_ALL=C.UTF-8, or install it (dpkg-reconfigure locales)");
  else if (letters != "UTF-8" && ::isatty(STDOUT_FILENO) == 1)
    checkup.note("locale", text, "names of files are shown in UTF-8: export LC_ALL=C.UTF-8");
  else checkup.ok("locale", text + "; numbers are written with a point in any");
  if (can_redraw()) checkup.ok("terminal", std::to_string(columns()) + " columns, " + variable("TERM"));
  else checkup.ok("terminal", "none that lines can be drawn over: progress comes in plain lines");
}

}  // namespace program
