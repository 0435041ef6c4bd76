// Tells whether a machine is fit to train on: compiler, processor, memory, disks, and whether it computes rightly.
//
//   doctor             a line for each, OK, a note or a problem with its cure, and a test of about ten seconds
//   doctor --quick     without that test
//
// The status is 1 if there is a problem; a note is none. `doctor --help` lists all settings.
#include <mae/mae.hpp>

#include <mae/backend/cpu/peak.hpp>
#include <mae/core/number_text.hpp>

#include <compiled_models.hpp>

#include "framework/checkup.hpp"
#include "framework/display.hpp"
#include "framework/program.hpp"

#include <algorithm>
#include <cstring>

namespace {

using mae::Index;
using Policy = mae::Cpu<float>;
using Kernels = mae::Kernels<Policy>;

struct Settings : program::Settings {
  Settings() : program::Settings("doctor", "Tells whether this machine is fit to train on.") {}
  program::Switch quick{*this, "quick", false, "leave out the test of the processor", program::Scope::invocation};
  program::Switch json{*this, "json", false, "print an object of JSON", program::Scope::invocation};
};

template <class... Device>
constexpr bool has_cuda(program::Devices<Device...>) {
  return (std::is_same_v<Device, program::OnCuda> || ...);
}

/// `work` by one thread.
template <class Work>
auto by_one(const Work& work) {
  const int threads = mae::DefaultThreads::count();
  mae::DefaultThreads::limit(1);
  auto result = work();
  mae::DefaultThreads::limit(threads);
  return result;
}

std::vector<float> some_numbers(Index count, std::uint64_t seed) {
  const mae::RandomStream stream(seed, mae::Purpose::probe);
  std::vector<float> numbers;
  for (Index i = 0; i < count; ++i)
    numbers.push_back(static_cast<float>(stream.below(static_cast<std::uint32_t>(i), 2001)) / 1000 - 1);
  return numbers;
}

/// A product x wᵀ of [rows, in] and [out, in], and the two of its gradients.
struct Products {
  Index rows, in, out;
  std::vector<float> x = some_numbers(rows * in, 1), w = some_numbers(out * in, 2), y{}, dx{}, dw{};
  std::vector<char> workspace{};

  void multiply() {
    const int threads = mae::DefaultThreads::count();
    const mae::WorkspaceSize size = Kernels::linear_workspace(in, out) | Kernels::linear_workspace(out, in);
    workspace.resize(static_cast<std::size_t>(mae::Workspace::bytes(size, threads) + mae::alignment));
    const auto start = reinterpret_cast<std::uintptr_t>(workspace.data());
    char* const base =
        workspace.data() + (mae::alignment - static_cast<Index>(start % mae::alignment)) % mae::alignment;
    const mae::Workspace ws{base, size, threads};
    y.assign(static_cast<std::size_t>(rows * out), 0), dx.assign(x.size(), 0), dw.assign(w.size(), 0);
    const std::vector<float> bias(static_cast<std::size_t>(out), 0);
    Kernels::linear(rows, in, out, x.data(), w.data(), bias.data(), y.data(), ws);
    Kernels::linear_input_gradient(rows, in, out, y.data(), w.data(), dx.data(), false, ws);
    Kernels::linear_weight_gradient(rows, in, out, y.data(), x.data(), dw.data(), static_cast<float*>(nullptr), ws);
  }
  /// The largest difference from plain loops in double, as a share of the largest number.
  double error() const {
    const auto a = [](const std::vector<float>& of, Index i) { return double(of[static_cast<std::size_t>(i)]); };
    double worst = 0;
    const auto compare = [&](const std::vector<float>& found, Index M, Index N, Index K, const auto& left,
                             const auto& right) {
      double most = 1e-30, off = 0;
      for (Index m = 0; m < M; ++m)
        for (Index n = 0; n < N; ++n) {
          double sum = 0;
          for (Index k = 0; k < K; ++k) sum += left(m, k) * right(k, n);
          most = std::max(most, std::abs(sum));
          const double difference = std::abs(sum - a(found, m * N + n));
          off = difference <= off ? off : difference;  // what is no number is no less
        }
      worst = off / most <= worst ? worst : off / most;
    };
    compare(
        y, rows, out, in, [&](Index m, Index k) { return a(x, m * in + k); },
        [&](Index k, Index n) { return a(w, n * in + k); });
    compare(
        dx, rows, in, out, [&](Index m, Index k) { return a(y, m * out + k); },
        [&](Index k, Index n) { return a(w, k * in + n); });
    compare(
        dw, out, in, rows, [&](Index m, Index k) { return a(y, k * out + m); },
        [&](Index k, Index n) { return a(x, k * in + n); });
    return worst;
  }
};

void test_products(program::Checkup& checkup) {
  double worst = 0;
  bool same = true;
  for (const auto& [rows, in, out] :
       {std::tuple<Index, Index, Index>{1, 3, 5}, {17, 33, 65}, {197, 192, 130}, {640, 96, 384}}) {
    Products all{rows, in, out}, one{rows, in, out};
    all.multiply();
    by_one([&] { return one.multiply(), 0; });
    const double error = all.error();
    worst = error <= worst ? worst : error;
    same = same && all.y == one.y && all.dx == one.dx && all.dw == one.dw;
  }
  const std::string text =
      "12 products against plain loops: off by " + mae::short_text(worst, 2) + " of the largest number at most";
  const char* const cure =
      "do not train here: processor, memory or the flags of the build are at fault; build anew, and test the memory";
  if (!(worst < 1e-4)) checkup.problem("products", text, cure);
  else if (!same) checkup.problem("products", "one thread and all give other bits", cure);
  else checkup.ok("products", text + "; the same bits by any number of threads");
}

/// Bars of four directions, grey, 8 x 8.
mae::Dataset bars() {
  mae::Dataset set{1, 8, 8, {}, {}, 0};
  for (int i = 0; i < 64; ++i)
    for (int y = 0; y < 8; ++y)
      for (int x = 0; x < 8; ++x) {
        const int along[] = {y, x, x + y, x - y + 8};
        set.pixels.push_back(static_cast<std::uint8_t>((along[i % 4] + i / 4) % 4 < 2 ? 180 + i : 10 + i));
      }
  return set;
}

using Image = mae::ImageShape<1, 8, 8, 2>;
using Model = mae::MaskedAutoencoder<Image, mae::Transformer<32, 2, 2>, mae::Transformer<16, 1, 2>>;

/// The loss of each of eight updates, and the weights that come of them.
struct Trained {
  std::vector<double> losses;
  std::vector<float> weights;
};
Trained train() {
  const mae::Dataset images = bars();
  mae::PretrainingOptions options;
  options.batch = 32, options.epochs = 4, options.warmup = 0, options.base_learning_rate = 2e-2;
  mae::Pretraining<Model, Policy> run(images, options, {{0.5}, {0.25}});
  Trained result;
  while (!run.finished()) result.losses.push_back(run.update());
  result.weights.assign(run.weights().data(), run.weights().data() + run.weights().size());
  return result;
}

/// The losses as `Reference<double>` computes them, by plain loops.
constexpr double first_loss = 2.7950041, last_loss = 0.8871815;

void test_training(program::Checkup& checkup) {
  const Trained all = train(), one = by_one(train);
  const auto differs = [](double found, double expected) { return !(std::abs(found - expected) < 1e-3 * expected); };
  const std::string text = "a small model for " + std::to_string(all.losses.size()) + " updates: loss " +
                           program::decimal(all.losses.front(), 5) + " to " + program::decimal(all.losses.back(), 5);
  if (differs(all.losses.front(), first_loss) || differs(all.losses.back(), last_loss))
    checkup.problem(
        "training", text + ", not " + program::decimal(first_loss, 5) + " to " + program::decimal(last_loss, 5),
        "do not train here: this build or machine computes wrongly; build anew, with other flags or another compiler");
  else if (all.losses != one.losses || all.weights != one.weights)
    checkup.problem("training", text + "; one thread and all give other bits",
                    "a run cannot be repeated here: build anew");
  else checkup.ok("training", text + ", as it should be; the same bits by any number of threads");
}

/// Products as those of a base model, beside what multiply-adds on registers reach at the same time.
void test_speed(program::Checkup& checkup) {
  const int threads = mae::DefaultThreads::count();
  for (const int team : {1, threads}) {
    mae::DefaultThreads::limit(team);
    Products products{788, 768, 768};  // 4 images of 197 tokens
    std::vector<double> peaks, speeds;
    products.multiply();
    for (const auto start = std::chrono::steady_clock::now();
         std::chrono::steady_clock::now() - start < std::chrono::seconds(3) || speeds.size() < 3;) {
      peaks.push_back(mae::cpu::float_peak(team));
      const auto before = std::chrono::steady_clock::now();
      products.multiply();
      const double time = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
      speeds.push_back(6.0 * 788 * 768 * 768 / time);
    }
    const auto median = [](std::vector<double> values) {
      std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
      return values[values.size() / 2];
    };
    const double peak = median(peaks), speed = median(speeds), share = speed / peak;
    const std::string text = std::to_string(team) + (team == 1 ? " thread" : " threads") + ": products " +
                             program::decimal(speed / 1e9, 0) + " GFLOP/s, " + program::decimal(100 * share, 0) +
                             " % of the " + program::decimal(peak / 1e9, 0) + " that multiply-adds reach";
    if (share < 0.4)
      checkup.note("speed", text,
                   "half is usual on a quiet machine, and more: others compute here, or its memory is slow");
    else checkup.ok("speed", text);
    if (threads == 1) break;
  }
  mae::DefaultThreads::limit(threads);
}

}  // namespace

int program::command::doctor(int count, char** arguments) {
  int problems = 0;
  const int status = run<::Settings>(count, arguments, [&](const ::Settings& settings) {
    program::Checkup checkup;
    if (settings.json()) checkup.keep();
    program::check_processor(checkup);
    program::check_memory_of_machine(checkup);
    program::check_disks(checkup);
    program::check_compilers(checkup);
    program::check_others(checkup, has_cuda(CompiledDevices()));
    program::check_terminal(checkup);
    if (!settings.quick()) {
      test_products(checkup);
      test_training(checkup);
      test_speed(checkup);
    }
    problems = checkup.problems();
    if (settings.json()) std::printf("%s\n", checkup.json().dump().c_str());
    else
      std::printf("%s, %s\n", problems == 0 ? "fit to train" : (std::to_string(problems) + " to be cured").c_str(),
                  (std::to_string(checkup.notes()) + " worth a note").c_str());
  });
  return problems > 0 ? 1 : status;
}
