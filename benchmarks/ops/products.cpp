// The three products of a linear layer at the sizes of ViT-B/16 and ViT-L/16, against the machine's peak and against
// Eigen, OpenBLAS and oneDNN.
//
// Usage: products [repetitions = 10] [threads = all] [main]. With `main` it is ViT-B alone. 400 rows are the kept
// tokens of 8 images (49 and the class token), 1576 all tokens of the decoder. After each model comes the geometric
// mean of its rows, last that of all. Results are compared with the first peer's, so that nobody is fast and wrong.
#include <map>

#include <mae/backend/cpu/kernels.hpp>
#include <mae/core/random.hpp>
#include <mae/tensor/buffer.hpp>

#include "../measure.hpp"
#include "peers.hpp"

namespace {

using namespace mae;
using benchmark::Row;

struct Layer {
  Index rows, in, out;
};
const std::vector<Layer> base = {{400, 768, 2304}, {400, 768, 768}, {400, 768, 3072}, {400, 3072, 768}};
const std::vector<Layer> large = {{400, 1024, 3072}, {400, 1024, 1024}, {400, 1024, 4096}, {400, 4096, 1024}};
const std::vector<Layer> decoder = {{1576, 512, 1536}, {1576, 512, 512}, {1576, 512, 2048}, {1576, 2048, 512}};

template <class T>
std::vector<T> random_numbers(Index count, std::uint64_t seed) {
  std::vector<T> numbers(static_cast<std::size_t>(count));
  const RandomStream random(seed, Purpose::initialise);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = T(random.uniform(static_cast<std::uint32_t>(i), -1.0f, 1.0f));
  return numbers;
}

/// Geometric means: of our share of the limit, and for each peer of its share and of our speed over its.
class Means {
 public:
  void add(double share) { logarithms_.push_back(std::log(share)); }
  void add(const std::string& peer, double share) { peers_[peer].push_back(std::log(share)); }
  void add(const Means& others) {
    logarithms_.insert(logarithms_.end(), others.logarithms_.begin(), others.logarithms_.end());
    for (const auto& [peer, shares] : others.peers_)
      peers_[peer].insert(peers_[peer].end(), shares.begin(), shares.end());
  }
  void print(const std::string& what, int threads, const char* limit) const {
    const double ours = mean(logarithms_);
    const Row row = benchmark::row("products " + what + ", geometric mean of " + std::to_string(logarithms_.size()),
                                   100 * ours, "% of the peak", threads, ours, limit);
    if (peers_.empty()) benchmark::print(row);
    for (const auto& [peer, shares] : peers_) benchmark::print(benchmark::against(row, peer, 100 * mean(shares)));
  }

 private:
  static double mean(const std::vector<double>& logarithms) {
    double sum = 0;
    for (const double logarithm : logarithms) sum += logarithm;
    return std::exp(sum / static_cast<double>(logarithms.size()));
  }
  std::vector<double> logarithms_;
  std::map<std::string, std::vector<double>> peers_;
};

/// The works of one role: ours, then those of the peers that have it.
struct Role {
  const char* name;
  std::vector<std::string> peers;
  std::vector<std::function<void()>> works;
};

/// Lets a peer do what we do, once, and compares.
template <class R, class Work>
void check(const std::string& peer, std::vector<R> ours, std::vector<R>& theirs, const Work& work) {
  work();
  double most = 0, error = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    most = std::max(most, std::abs(double(ours[i])));
    error = std::max(error, std::abs(double(ours[i]) - double(theirs[i])));
  }
  const double allowed = std::is_same_v<R, bf16> ? 2e-2 : 1e-3;
  if (!(error <= allowed * most)) throw Error(peer, "another product than ours", "the same");
}

template <class T, class Peers>
void compare(const Layer& layer, int repetitions, int threads, Peers& peers, Means& means) {
  using Kernels = mae::Kernels<Cpu<T>>;
  const auto [R, in, out] = layer;
  const auto x = random_numbers<T>(R * in, 1), dy = random_numbers<T>(R * out, 4);
  const auto w = random_numbers<float>(out * in, 2), b = std::vector<float>(static_cast<std::size_t>(out));
  const auto w_copy = random_numbers<T>(out * in, 2);  // what a peer reads: the weights in the products' precision
  auto y = random_numbers<T>(R * out, 5), dx = random_numbers<T>(R * in, 6);
  std::vector<float> dw(w.size()), db(b.size());
  auto peer_y = y, peer_dx = dx;
  auto peer_dw = dw;
  const WorkspaceSize size = Kernels::linear_workspace(in, out);
  Buffer<char> memory(Workspace::bytes(size, threads));
  const Workspace ws{memory.data(), size, threads};

  Role roles[] = {
      {"forward", {}, {[&] { Kernels::linear(R, in, out, x.data(), w.data(), b.data(), y.data(), ws); }}},
      {"input gradient",
       {},
       {[&] { Kernels::linear_input_gradient(R, in, out, dy.data(), w.data(), dx.data(), false, ws); }}},
      {"weight gradient",
       {},
       {[&] { Kernels::linear_weight_gradient(R, in, out, dy.data(), x.data(), dw.data(), db.data(), ws); }}}};
  for (const Role& role : roles) role.works[0]();
  const auto with = [&](auto& peer) {
    if (!peer.present()) return;
    const std::string name = peer.name();
    const auto enter = [&](Role& role, const auto& ours, auto& theirs, const auto& work) {
      check(name, ours, theirs, work);
      role.peers.push_back(name);
      role.works.push_back(work);
    };
    if constexpr (requires { peer.multiply({}, x.data(), w_copy.data(), peer_y.data()); }) {
      enter(roles[0], y, peer_y, [&] {
        peer.multiply({R, out, in, false, true, false}, x.data(), w_copy.data(), peer_y.data());
      });
      enter(roles[1], dx, peer_dx, [&] {
        peer.multiply({R, in, out, false, false, false}, dy.data(), w_copy.data(), peer_dx.data());
      });
      std::fill(peer_dw.begin(), peer_dw.end(), 0.0f);
      enter(roles[2], dw, peer_dw, [&] {
        peer.multiply({out, in, R, true, false, true}, dy.data(), x.data(), peer_dw.data());
      });
    }
  };
  std::apply([&](auto&... peer) { (with(peer), ...); }, peers);

  const double operations = 2.0 * double(R) * double(in) * double(out);
  const double bytes = sizeof(T) * double(R * in + R * out) + sizeof(float) * double(in * out);
  for (const Role& role : roles) {
    const auto measured = benchmark::interleaved(repetitions, role.works, [&] { return benchmark::peak<T>(threads); });
    const auto share = [&](std::size_t i) { return operations / measured.seconds[i] / measured.limit; };
    Row row = benchmark::row(std::string("linear ") + role.name + " " + std::to_string(R) + "x" + std::to_string(in) +
                                 "->" + std::to_string(out) + ", " + (sizeof(T) == 2 ? "bf16" : "float"),
                             1e-9 * operations / measured.seconds[0], "GFLOP/s", threads, share(0),
                             benchmark::limit_name<T>());
    row["operations_a_byte"] = benchmark::rounded(operations / bytes);
    if (role.peers.empty()) benchmark::print(row);
    means.add(share(0));
    for (std::size_t i = 1; i < role.works.size(); ++i) {
      benchmark::print(benchmark::against(row, role.peers[i - 1], 1e-9 * operations / measured.seconds[i]));
      means.add(role.peers[i - 1], share(i));
    }
  }
}

/// All layers in one precision, if we have it.
template <class T, class Peers>
void compare_all(bool main_only, int repetitions, int threads, Peers& peers) {
  if constexpr (mae::Kernels<Cpu<T>>::available) {
    const char* const type = sizeof(T) == 2 ? ", bf16" : ", float";
    Means all;
    const auto model = [&](const std::string& name, const std::vector<Layer>& layers) {
      Means means;
      for (const Layer& layer : layers) compare<T>(layer, repetitions, threads, peers, means);
      means.print(name + type, threads, benchmark::limit_name<T>());
      all.add(means);
    };
    model("ViT-B encoder", base);
    model("decoder", decoder);
    if (!main_only) model("ViT-L encoder", large);
    all.print(main_only ? std::string("ViT-B") + type : std::string("ViT-B and ViT-L") + type, threads,
              benchmark::limit_name<T>());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int repetitions = argc > 1 ? std::atoi(argv[1]) : 10;
  const int threads = argc > 2 ? std::atoi(argv[2]) : DefaultThreads::count();
  const bool main_only = argc > 3 && std::string(argv[3]) == "main";
  if (repetitions < 1 || threads < 1) return std::fprintf(stderr, "usage: products [repetitions] [threads] [main]\n"), 1;
  DefaultThreads::limit(threads);
  try {
    std::tuple<benchmark::EigenPeer, benchmark::OpenBlas, benchmark::OneDnn> peers(threads, threads, threads);
    if (!std::get<1>(peers).present()) std::fprintf(stderr, "OpenBLAS is not installed: its rows are skipped\n");
    if (!std::get<2>(peers).present()) std::fprintf(stderr, "oneDNN is not installed: its rows are skipped\n");
    compare_all<float>(main_only, repetitions, threads, peers);
    compare_all<bf16>(main_only, repetitions, threads, peers);
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "%s\n", error.what()), 1;
  }
}
