// How good features are, without training anything: an image has the class of its nearest neighbours.
//
// Features are unmasked (`encode`) and scaled to length one. The k training images with the largest cosine
// similarity s vote for their class, each with weight exp(s / τ) (Wu et al., "Unsupervised feature learning via
// non-parametric instance discrimination", CVPR 2018; k = 20, τ = 0.07 as in Caron et al., "Emerging properties in
// self-supervised vision transformers", ICCV 2021). The features are the mean of the patch tokens: in pre-training the
// loss asks something of every patch and nothing of the class token; `Pool::class_token` takes that one.
//
// All pairs are compared: exact, the same bits for any number of threads, no state and no random numbers. n training
// and m test images of width D cost n + m forward passes, 2 n m D operations and n D numbers of memory.
#pragma once
#include <cmath>

#include <mae/eval/metrics.hpp>
#include <mae/model/encode.hpp>
#include <mae/ops/pool.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// images [B, C, H, W] → one vector an image [B, D].
template <class Model, Pool How>
struct PooledFeatures : Features<Model> {
  constexpr auto operator()(const Expression auto& images) const {
    return pool<How>(Features<Model>::operator()(images));
  }
};

struct NeighbourOptions {
  Index neighbours = 20;      ///< at most as many as there are training images
  double temperature = 0.07;  ///< τ
  Index batch = 64;
  Augmentation view{};  ///< how images are looked at, such as an EvaluationCrop
};

namespace detail {
inline void check_labels(const Images& images, const std::string& subject) {
  images.ensure_valid(subject);
  if (images.classes() == 0) throw Error(subject, "images without labels", "a label for each");
}

/// The numbers of the `neighbours` largest of n similarities, the larger first; of equals the earlier.
template <class T>
void nearest(const T* similarity, Index n, std::vector<Index>& neighbours) {
  std::size_t found = 0;
  for (Index i = 0; i < n; ++i) {
    if (found == neighbours.size() && !(similarity[i] > similarity[neighbours.back()])) continue;
    std::size_t at = found < neighbours.size() ? found++ : found - 1;
    for (; at > 0 && similarity[i] > similarity[neighbours[at - 1]]; --at) neighbours[at] = neighbours[at - 1];
    neighbours[at] = i;
  }
}

/// The class with the most weight; of equals the smaller.
template <class T>
Index vote(const T* similarity, const std::vector<Index>& neighbours, const std::vector<Index>& labels, double tau,
           std::vector<double>& votes) {
  for (double& v : votes) v = 0;
  for (const Index i : neighbours)  // weights relative to the nearest: no overflow, however small τ is
    votes[static_cast<std::size_t>(labels[static_cast<std::size_t>(i)])] +=
        std::exp((static_cast<double>(similarity[i]) - static_cast<double>(similarity[neighbours.front()])) / tau);
  std::size_t best = 0;
  for (std::size_t k = 1; k < votes.size(); ++k)
    if (votes[k] > votes[best]) best = k;
  return static_cast<Index>(best);
}

/// Unit-length features [B, D] of `images`, in order, looked at as `view` says, given to use(batch, features) on
/// both sides.
template <Pool How, class Model, class Policy, class Use>
void for_each_feature(const Weights<Model, Policy>& weights, const Images& images, const Normalization& normalization,
                      Index batch, const Augmentation& view, const Use& use) {
  using P = Program<PooledFeatures<Model, How>, Policy, Inference>;
  using A = typename Policy::Accumulator;
  constexpr Index D = P::Result::extent(1);
  DualBuffer<A, typename Policy::MemorySpace> unit((batch < images.size() ? batch : images.size()) * D);
  for_each_result<P>(
      weights, images, normalization, batch,
      [&](const auto& loaded, const auto& features) {
        A* const rows = unit.host();
        for (Index b = 0; b < loaded.count(); ++b) {
          double squares = 0;
          for (Index c = 0; c < D; ++c) squares += std::pow(static_cast<double>(features(b, c)), 2);
          const double scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
          for (Index c = 0; c < D; ++c) rows[b * D + c] = static_cast<A>(scale * static_cast<double>(features(b, c)));
        }
        use(loaded, std::as_const(unit));
      },
      view);
}
}  // namespace detail

/// Bytes that comparing with `n` training images takes on `threads`, at its largest, beside the images themselves.
template <Pool How = Pool::mean, class Model, class Policy>
Index nearest_neighbour_bytes(Index n, Index batch, int threads) {
  using P = Program<PooledFeatures<Model, How>, Policy, Inference>;
  constexpr Index D = width_of<typename P::Result>, number = sizeof(typename Policy::Parameter);
  const Index bank = n * (D + 1) * number, labels = n * Index{sizeof(Index)};
  const Index similarity = batch * (n + D) * Index{sizeof(typename Policy::Accumulator)};
  const Index workspace = Workspace::bytes(Kernels<Policy>::linear_workspace(D, n), threads);
  return bank + labels + similarity + workspace + Session<P>::bytes(batch, threads);
}

/// The share of `test` images whose neighbours among the `training` images vote for their class, in [0, 1]. Throws
/// mae::Error if images have no labels or do not fit the model, or an option makes no sense.
template <Pool How = Pool::mean, class Model, class Policy>
double nearest_neighbour_accuracy(const Weights<Model, Policy>& weights, const Images& training, const Images& test,
                                  const Normalization& normalization, const NeighbourOptions& options = {}) {
  detail::check_labels(training, "training images");
  detail::check_labels(test, "test images");
  if (options.neighbours < 1) throw Error("neighbours", std::to_string(options.neighbours), "a whole number from 1");
  if (!(options.temperature > 0)) throw Error("temperature", std::to_string(options.temperature), "a number above 0");
  constexpr Index D = width_of<typename Program<PooledFeatures<Model, How>, Policy, Inference>::Result>;
  const Index n = training.size(), batch = options.batch < test.size() ? options.batch : test.size();
  using Bank = typename Policy::Parameter;
  using MemorySpace = typename Policy::MemorySpace;
  DualBuffer<Bank, MemorySpace> bank(n * D);  // [n, D]
  Buffer<Bank, MemorySpace> no_bias(n);       // [n]
  std::vector<Index> labels;
  Bank* const known = bank.host();
  auto remember = [&](const auto& loaded, const auto& unit) {
    const auto* const x = unit.host();
    for (Index b = 0; b < loaded.count(); ++b) {
      for (Index c = 0; c < D; ++c) known[static_cast<Index>(labels.size()) * D + c] = static_cast<Bank>(x[b * D + c]);
      labels.push_back(training.label(loaded.numbers[static_cast<std::size_t>(b)]));
    }
  };
  detail::for_each_feature<How>(weights, training, normalization, options.batch, options.view, remember);
  const int threads = Policy::Threads::count();
  const WorkspaceSize size = Kernels<Policy>::linear_workspace(D, n);
  Buffer<char, MemorySpace> workspace(Workspace::bytes(size, threads));
  DualBuffer<typename Policy::Accumulator, MemorySpace> similarity(batch * n);  // [B, n]
  std::vector<Index> neighbours(static_cast<std::size_t>(options.neighbours < n ? options.neighbours : n));
  std::vector<double> votes(static_cast<std::size_t>(training.classes()));
  Index right = 0;
  detail::for_each_feature<How>(
      weights, test, normalization, batch, options.view, [&](const auto& loaded, const auto& unit) {
        Kernels<Policy>::linear(loaded.count(), D, n, unit.device(), std::as_const(bank).device(), no_bias.data(),
                                similarity.device(), Workspace{workspace.data(), size, threads});
        for (Index b = 0; b < loaded.count(); ++b) {
          const auto* const row = std::as_const(similarity).host() + b * n;
          detail::nearest(row, n, neighbours);
          right += detail::vote(row, neighbours, labels, options.temperature, votes) ==
                   test.label(loaded.numbers[static_cast<std::size_t>(b)]);
        }
      });
  return static_cast<double>(right) / static_cast<double>(test.size());
}

}  // namespace mae
MAE_PRECISE_END
