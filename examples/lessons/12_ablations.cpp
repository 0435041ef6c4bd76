// Lesson 12: the paper's ablations in miniature.
//
// What makes a masked autoencoder work? One asks by changing one thing at a time and pre-training again. The loss
// cannot be the judge: with fewer patches hidden it is lower because the task is easier, and normalised targets are
// other numbers altogether. So the encoder is judged by what it was made for: freeze it and train one linear layer on
// its features to tell ten digits apart, with 300 labels (a linear probe). Count the right answers on 360 other
// digits.
//
// What it shows: pre-training helps, in all rows but one; the mask ratio has a broad top, and with 2 of 16 patches
// visible nothing is left to learn from (figure 5). Which 75 % are hidden matters as much: random patches are better
// than a regular grid, whose holes can be filled by looking next door, and than blocks, in which there is nothing to
// look at; blocks want a lower ratio (table 1f, in the same order). What it does not show: 360 images leave a doubt of
// 2 %, and seeds differ by as much, so rows whose ranges overlap may well be equal, a decoder of one block and one of
// two among them (table 1a). Half hidden is as good as 75 % here, for a digit of 8 × 8 pixels is not as redundant as a
// photograph, and the normalised target, which helps in the paper, makes no difference: a patch of four numbers has
// little structure left.
//
// Paper: section 4.1, figure 5 (mask ratio), tables 1a (decoder depth), 1d (target) and 1f (mask strategy); the probe:
// appendix A.1.
#include <mae/data/subset.hpp>
#include <mae/io/images/idx.hpp>
#include <mae/mae.hpp>
#include <mae/model/mask_strategies.hpp>
#include <mae/train/probe.hpp>

#include <algorithm>
#include <cstdio>

using mae::Index;
using mae::Target;
using Policy = mae::Cpu<double, mae::isa::Best, mae::Serial>;  // double: every machine prints the same table
using Geometry = mae::ImageShape<1, 8, 8, 2>;                  // 16 patches of 2 × 2
using Encoder = mae::Transformer<32, 2, 4>;
using Probe = mae::LinearProbe<Geometry, Encoder, 10, mae::Pool::mean>;

struct Experiment {
  mae::Dataset unlabelled, labelled, test;
  mae::Normalization normalization;
  Index epochs, seeds;
};

/// Accuracy of a probe on top of these weights' encoder.
template <class Model>
double probe_accuracy(const mae::Weights<Model, Policy>& pretrained, const Experiment& e) {
  mae::Finetuning<Probe, Policy> run(e.labelled, mae::probing_options(50, 0.2), e.normalization);
  for (const mae::ParameterInfo& p : run.weights().parameters())  // an encoder's parameters have the same names in both
    if (const mae::ParameterInfo* const from = pretrained.find(p.name))
      std::copy_n(pretrained.at(*from), p.count, run.weights().at(p));
  mae::probe(run);
  return mae::accuracy(run.weights(), e.test, e.normalization);
}

/// One row of the table: the mean over seeds, and the worst and the best of them. Seeds run side by side.
template <class Job>
void row(const char* name, const Experiment& e, const Job& job) {
  std::vector<double> result(static_cast<std::size_t>(e.seeds));
  mae::DefaultThreads::run(static_cast<int>(e.seeds), [&](int seed) {
    result[static_cast<std::size_t>(seed)] = 100 * job(static_cast<std::uint64_t>(seed));
  });
  double sum = 0;
  for (const double value : result) sum += value;
  const auto [least, most] = std::minmax_element(result.begin(), result.end());
  std::printf("%-34s %5.1f %%   %4.1f - %4.1f\n", name, sum / static_cast<double>(e.seeds), *least, *most);
  std::fflush(stdout);
}

/// Pre-trains with `Percent` of the patches hidden by a strategy, a target, and a decoder of `Blocks`, then probes.
template <Index Percent, Target Wanted, int Blocks>
void ablate(const char* name, const Experiment& e, const mae::Masking& masking = {}) {
  using Decoder = mae::Transformer<32, Blocks, 4>;
  using Model = mae::MaskedAutoencoder<Geometry, Encoder, Decoder, mae::MaskRatio<Percent>, Wanted>;
  row(name, e, [&](std::uint64_t seed) {
    const double warmup = 0.1 * static_cast<double>(e.epochs);
    mae::PretrainingOptions options{.batch = 16, .epochs = e.epochs, .warmup = warmup, .base_learning_rate = 0.04};
    options.seed = seed, options.masking = masking;
    mae::Pretraining<Model, Policy> run(e.unlabelled, options, e.normalization);
    run.train();
    return probe_accuracy(run.weights(), e);
  });
}

int main(int count, char**) {
  const bool whole = count == 1;  // with any argument: one epoch and one seed, to see that it runs
  const std::string data = MAE_EXAMPLE_DATA;
  const mae::Dataset all = mae::read_idx_dataset(data + "/optdigits-images-idx3-ubyte",
                                                 data + "/optdigits-labels-idx1-ubyte");
  const std::vector<Index> order = mae::shuffled(all.size(), 2021, 0);
  Experiment e{mae::subset(all, std::span(order).first(1437)), mae::subset(all, std::span(order).first(300)),
               mae::subset(all, std::span(order).subspan(1437)), {}, whole ? 30 : 1, whole ? 3 : 1};
  e.normalization = mae::Normalization::of(e.unlabelled);

  std::printf("%-34s %7s   %s\n", "pre-training", "probe", "worst - best");
  row("none: random weights", e,
      [&](std::uint64_t seed) { return probe_accuracy(mae::Weights<Probe, Policy>(seed), e); });
  ablate<25, Target::pixels, 2>("25 % hidden", e);
  ablate<50, Target::pixels, 2>("50 % hidden", e);
  ablate<75, Target::pixels, 2>("75 % hidden, pixels, 2 blocks", e);
  ablate<85, Target::pixels, 2>("85 % hidden", e);
  ablate<75, Target::normalized_pixels, 2>("normalised target", e);
  ablate<75, Target::pixels, 1>("decoder of 1 block", e);
  ablate<75, Target::pixels, 4>("decoder of 4 blocks", e);
  ablate<50, Target::pixels, 2>("blocks, 50 % hidden", e, mae::BlockMasking{});
  ablate<75, Target::pixels, 2>("blocks, 75 % hidden", e, mae::BlockMasking{});
  ablate<75, Target::pixels, 2>("grid, 75 % hidden", e, mae::GridMasking{});
}
