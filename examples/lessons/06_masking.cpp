// Lesson 6: masking.
//
// Which patches stay? Give every patch a random number and keep the V patches with the smallest ones: every choice of V
// patches out of L is equally likely. Sorting says it all. The rank of patch l among its image's numbers is restore[l]
// ("ids_restore"): a rank r below V means that patch l is the r-th token that the encoder sees, keep[r] = l; any other
// means that it is hidden. So keep and hidden, one behind the other, are the patches in the order of their numbers
// ("ids_shuffle"), restore is the inverse of that permutation, and the decoder uses it to put every token in its place:
//
//     restore[keep[r]] = r,   restore[hidden[r]] = V + r.
//
// The paper hides 75 %: V = int(L · 0.25), 49 of 196. Less is too easy: a hidden patch among visible neighbours is
// filled in by continuing their lines, which teaches nothing about what is in the image.
//
// Random numbers are one strategy of many. To hide blocks, give their patches larger numbers: still exactly V stay, and
// nothing else of the model changes. `CentreMasking` below shows how one of your own is written.
//
// Paper: section 3, "Masking" and "Simple implementation"; the ratio: figure 5; strategies: table 1f and figure 6.
#include <mae/io/images/idx.hpp>
#include <mae/model/mask_strategies.hpp>
#include <mae/model/masked_autoencoder.hpp>

#include <cstdio>

void print_row(const char* name, const std::int32_t* ids, mae::Index count) {
  std::printf("%-8s", name);
  for (mae::Index i = 0; i < count; ++i) std::printf(" %3d", ids[i]);
  std::printf("\n");
}

/// By hand: eight patches, two stay.
void eight_patches() {
  const float noise[8] = {0.7f, 0.1f, 0.9f, 0.4f, 0.3f, 0.8f, 0.2f, 0.6f};
  mae::MaskBatch<8, 2> masks(1);
  masks.resize(1);
  masks.from_noise(0, noise);
  std::printf("patch      0   1   2   3   4   5   6   7\nnoise   ");
  for (const float value : noise) std::printf(" %3.1f", static_cast<double>(value));
  std::printf("\n");
  print_row("restore", masks.restore().data(), 8);
  print_row("keep", masks.keep().data(), 2);
  print_row("hidden", masks.hidden().data(), 6);
}

using Geometry = mae::ImageShape<1, 8, 8, 2>;  // digits: 16 patches of 2 × 2
constexpr mae::Index L = Geometry::patches, V = mae::MaskRatio<75>::kept(L);

/// The masks of one digit in three epochs, side by side. A dot is white paper, a blank is hidden.
void draw(const mae::Dataset& digits, mae::Index sample) {
  mae::MaskBatch<L, V> masks(3);
  masks.resize(3);
  for (mae::Index epoch = 0; epoch < 3; ++epoch)
    masks.random(epoch, 0, static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(sample));
  for (mae::Index y = 0; y < 8; ++y) {
    for (mae::Index image = -1; image < 3; ++image) {
      for (mae::Index x = 0; x < 8; ++x) {
        const auto ink = digits.image(sample)[static_cast<std::size_t>(y * 8 + x)];
        const bool hidden = image >= 0 && masks.mask(image, y / 2 * 4 + x / 2);
        std::printf("%c", hidden ? ' ' : ".:*#"[ink / 64]);
      }
      std::printf("    ");
    }
    std::printf("|\n");
  }
}

/// What is near the middle stays; numbers below 1 settle ties.
struct CentreMasking {
  static constexpr const char* name = "centre";
  void operator()(const mae::MaskSample& sample, float* priority) const {
    const auto [rows, columns, patch] = sample.grid;
    for (mae::Index l = 0; l < sample.patches(); ++l) {
      const mae::Index y = 2 * (l / columns) + 1 - rows, x = 2 * (l % columns) + 1 - columns;
      priority[l] = static_cast<float>(y * y + x * x) + sample.uniform(l);
    }
  }
};

/// Masks of one image of 14 × 14 patches by `count` strategies, side by side. What stays is #.
void draw(const mae::Masking* strategies, mae::Index count) {
  mae::MaskBatch<196, 49> masks(count);
  masks.resize(count);
  for (mae::Index k = 0; k < count; ++k) {
    masks.draw(k, strategies[k], {.rows = 14, .columns = 14, .patch = 16}, 0, 0, 3);
    std::printf(k + 1 < count ? "%-16s" : "%s", strategies[k].name());
  }
  for (mae::Index y = 0; y < 14; ++y)
    for (mae::Index k = 0; k < count; ++k) {
      std::printf("%s", k == 0 ? "\n" : "  ");
      for (mae::Index x = 0; x < 14; ++x) std::printf("%c", masks.mask(k, 14 * y + x) ? '.' : '#');
    }
  std::printf("\n");
}

int main() {
  eight_patches();

  std::printf("\nof 196 patches, 75 %% hidden: %jd stay; of these digits' %jd: %jd\n\n",
              mae::MaskRatio<75>::kept(196), L, V);
  const std::string data = MAE_EXAMPLE_DATA;
  const mae::Dataset digits = mae::read_idx_dataset(data + "/optdigits-images-idx3-ubyte",
                                                    data + "/optdigits-labels-idx1-ubyte");
  std::printf("a digit  and what the encoder sees of it in three epochs\n");
  draw(digits, 4);

  // The numbers come from (seed, epoch, sample) alone: the same mask in any batch, on any number of threads.
  // Fair: no patch is hidden more often than others.
  mae::MaskBatch<L, V> masks(1);
  masks.resize(1);
  int hidden[L] = {};
  for (std::uint64_t sample = 0; sample < 10000; ++sample) {
    masks.random(0, 0, 0, sample);
    for (mae::Index l = 0; l < L; ++l) hidden[l] += masks.mask(0, l);
  }
  std::printf("\nhow often each patch was hidden in 10000 masks:\n");
  for (mae::Index l = 0; l < L; ++l) std::printf("%5.1f %%%s", hidden[l] / 100.0, l % 4 == 3 ? "\n" : "");

  std::printf("\n49 of 196 patches, by seven strategies:\n");
  std::vector<mae::Masking> strategies = mae::mask_strategies();
  strategies.push_back(CentreMasking{});  // {.masking = CentreMasking{}} is how `Pretraining` is told
  draw(strategies.data(), 4);
  draw(strategies.data() + 4, 3);

  // A mistake: 95 % of 16 patches leaves none.
  using Size = mae::Transformer<8, 1, 2>;
  static_assert(mae::MaskedAutoencoder<Geometry, Size, Size, mae::MaskRatio<90>>::V == 1);

  //!static_assert(mae::MaskedAutoencoder<Geometry, Size, Size, mae::MaskRatio<95>>::V > 0);
  // error: mae: this mask ratio keeps no patch; at least one must stay visible
}
