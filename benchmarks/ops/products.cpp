// The three products of a linear layer at the sizes of ViT-B/16 and ViT-L/16, against the machine's peak and against
// Eigen, OpenBLAS and oneDNN.
//
// Usage: products LAYERS [repetitions = 10] [threads = all], where LAYERS is `vit-base`, `vit-large` (the encoders) or
// `decoder` (of both). 400 rows are the kept tokens of 8 images (49 and the class token), 1576 all tokens of the
// decoder. Our results and the peers' are compared first, so that nobody is fast and wrong.
#include <algorithm>
#include <cmath>
#include <map>

#include <mae/backend/cpu/kernels.hpp>
#include <mae/core/random.hpp>
#include <mae/backend/buffer.hpp>

#include "../measure.hpp"
#include "peers.hpp"

namespace {

using namespace mae;
using benchmark::Row;

struct Layer {
  Index rows, in, out;
};
const std::map<std::string, std::vector<Layer>> all_layers = {
    {"vit-base", {{400, 768, 2304}, {400, 768, 768}, {400, 768, 3072}, {400, 3072, 768}}},
    {"vit-large", {{400, 1024, 3072}, {400, 1024, 1024}, {400, 1024, 4096}, {400, 4096, 1024}}},
    {"decoder", {{1576, 512, 1536}, {1576, 512, 512}, {1576, 512, 2048}, {1576, 2048, 512}}}};

/// Operands lie where those of a step do: in the library's memory, whose pages are large.
template <class T>
struct Allocator {
  using value_type = T;
  Allocator() = default;
  template <class Other>
  Allocator(const Allocator<Other>&) {}
  static Index bytes(std::size_t count) { return static_cast<Index>(count * sizeof(T)); }
  T* allocate(std::size_t count) { return static_cast<T*>(Host::allocate(bytes(count))); }
  void deallocate(T* memory, std::size_t count) { Host::release(memory, bytes(count)); }
  bool operator==(const Allocator&) const = default;
};
template <class T>
using Numbers = std::vector<T, Allocator<T>>;

template <class T>
Numbers<T> random_numbers(Index count, std::uint64_t seed) {
  Numbers<T> numbers(static_cast<std::size_t>(count));
  const RandomStream random(seed, Purpose::initialise);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = T(random.uniform(static_cast<std::uint32_t>(i), -1.0f, 1.0f));
  return numbers;
}

/// The works of one role: ours, then those of the peers that have it.
struct Role {
  const char* name;
  std::vector<std::string> peers;
  std::vector<std::function<void()>> works;
};

/// Lets a peer do what we do, once, and compares.
template <class R, class Work>
void check(const std::string& peer, Numbers<R> ours, Numbers<R>& theirs, const Work& work) {
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
void compare(const std::string& layers, const Layer& layer, int repetitions, int threads, Peers& peers) {
  using Kernels = mae::Kernels<Cpu<T>>;
  const Index R = layer.rows, in = layer.in, out = layer.out;
  const auto x = random_numbers<T>(R * in, 1), dy = random_numbers<T>(R * out, 4);
  const auto w = random_numbers<float>(out * in, 2), b = Numbers<float>(static_cast<std::size_t>(out));
  const auto w_copy = random_numbers<T>(out * in, 2);  // what a peer reads: the weights in the products' precision
  auto y = random_numbers<T>(R * out, 5), dx = random_numbers<T>(R * in, 6);
  Numbers<float> dw(w.size()), db(b.size());
  auto peer_y = y, peer_dx = dx;
  auto peer_dw = dw;
  const WorkspaceSize size = Kernels::linear_workspace(in, out);
  Buffer<char> memory(Workspace::bytes(size, threads));
  const Workspace ws{memory.data(), size, threads};

  Role roles[] = {{"forward", {}, {[&] { Kernels::linear(R, in, out, x.data(), w.data(), b.data(), y.data(), ws); }}},
                  {"input gradient", {}, {[&] {
                     Kernels::linear_input_gradient(R, in, out, dy.data(), w.data(), dx.data(), false, ws);
                   }}},
                  {"weight gradient", {}, {[&] {
                     Kernels::linear_weight_gradient(R, in, out, dy.data(), x.data(), dw.data(), db.data(), ws);
                   }}}};
  for (const Role& role : roles) role.works[0]();
  const auto with = [&](auto& peer) {
    if (!peer.present()) return;
    const std::string name = peer.name();
    const auto enter = [&](Role& role, const auto& ours, auto& theirs, const auto& work) {
      try {
        check(name, ours, theirs, work);
      } catch (const benchmark::Unable& reason) {
        std::fprintf(stderr, "%s has no %s in %s here (%s): its row is skipped\n", name.c_str(), role.name,
                     sizeof(T) == 2 ? "bf16" : "float", reason.what());
        return;
      }
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
    const double speed = operations / measured.seconds[0];
    Row row = benchmark::row(std::string("linear ") + role.name + " " + std::to_string(R) + "x" + std::to_string(in) +
                                 "->" + std::to_string(out) + ", " + (sizeof(T) == 2 ? "bf16" : "float"),
                             1e-9 * speed, "GFLOP/s", threads, speed / measured.limit, benchmark::limit_name<T>());
    row["layers"] = layers, row["role"] = role.name, row["type"] = sizeof(T) == 2 ? "bf16" : "float";
    row["operations_a_byte"] = benchmark::rounded(operations / bytes);
    if (role.peers.empty()) benchmark::print(row);
    for (std::size_t i = 1; i < role.works.size(); ++i)
      benchmark::print(benchmark::against(row, role.peers[i - 1], 1e-9 * operations / measured.seconds[i]));
  }
}

/// All of `layers` in one precision, if we have it.
template <class T, class Peers>
void compare_all(const std::string& layers, int repetitions, int threads, Peers& peers) {
  if constexpr (mae::Kernels<Cpu<T>>::available)
    for (const Layer& layer : all_layers.at(layers)) compare<T>(layers, layer, repetitions, threads, peers);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string layers = argc > 1 ? argv[1] : "";
  const int repetitions = argc > 2 ? std::atoi(argv[2]) : 10;
  const int threads = argc > 3 ? std::atoi(argv[3]) : DefaultThreads::count();
  if (!all_layers.contains(layers) || repetitions < 1 || threads < 1)
    return std::fprintf(stderr, "usage: products vit-base|vit-large|decoder [repetitions] [threads]\n"), 1;
  DefaultThreads::limit(threads);
  try {
    std::tuple<benchmark::EigenPeer, benchmark::OpenBlas, benchmark::OneDnn> peers(threads, threads, threads);
    if (!std::get<1>(peers).present()) std::fprintf(stderr, "OpenBLAS is not installed: its rows are skipped\n");
    if (!std::get<2>(peers).present()) std::fprintf(stderr, "oneDNN is not installed: its rows are skipped\n");
    compare_all<float>(layers, repetitions, threads, peers);
    compare_all<bf16>(layers, repetitions, threads, peers);
  } catch (const std::exception& error) { return std::fprintf(stderr, "%s\n", error.what()), 1; }
}
