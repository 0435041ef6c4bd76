// Lesson 10: the decoder and the loss.
//
// The decoder gets what the encoder made of the visible patches, each in its place; every other place gets one and
// the same learnt row, the mask token, which says only "something is missing here". Positions are added, a few blocks
// talk it over, and a linear layer turns every token into the n numbers of its patch. For hidden patches M and
// targets t,
//
//     loss = 1 / (|M| n) · Σ_{l in M} Σ_v (predicted_lv - t_lv)².
//
// Visible patches do not count: repeating what one sees teaches nothing. The target is the patch itself, or better the
// patch with its own mean taken away and divided by its own deviation: brightness is easy to guess from the neighbours,
// structure is not, and this target asks for structure only. Whoever always answers 0 gets (n - 1) / n for every patch
// that is not constant (the deviation divides by n - 1): near 1 for the paper's n = 768. A loss at that height after
// some epochs means that nothing has been learnt.
//
// The decoder is thrown away after pre-training, so it may be light: per token 8 blocks of width 512 cost 8 % of the
// encoder of ViT-L.
//
// Paper: section 3, "MAE decoder" and "Reconstruction target"; how deep and wide: tables 1a, 1b; the target: table 1d.
#include <mae/autograd/run/eager.hpp>
#include <mae/autograd/run/session.hpp>
#include <mae/backend/reference.hpp>
#include <mae/data/to_tensor.hpp>
#include <mae/io/images/idx.hpp>
#include <mae/model/masked_autoencoder.hpp>

#include <cstdio>

using Policy = mae::Reference<double>;

/// Small enough for a pencil: tokens of width 1, lesson 6's mask of eight patches, and a patch of four numbers.
struct Parts {
  mae::Parameter<mae::Shape<1, 1, 1>, mae::init::Zeros> mask_token;
  MAE_MODULE(mask_token)
};

void by_hand() {
  const double numbers[] = {9, 11, 16};  // class token, then the tokens of patches 1 and 6
  const std::int32_t ranks[] = {5, 0, 7, 3, 2, 6, 1, 4};
  const double values[] = {10, 11, 12, 13};  // mean 11.5, squares 2.25 + 0.25 + 0.25 + 2.25 = 5, deviation √(5 / 3)
  const mae::Weights<Parts, Policy> weights;
  mae::Eager<Parts, Policy> eager(weights);
  auto tokens = eager.input(mae::View<const double, mae::Shape<mae::dyn, 3, 1>>(numbers));      // [1, V + 1, 1]
  auto restore_ids = eager.input(mae::View<const std::int32_t, mae::Shape<mae::dyn, 8>>(ranks));  // [1, L]
  auto patch = eager.input(mae::View<const double, mae::Shape<mae::dyn, 1, 4>>(values));        // [1, 1, n]

  auto all = mae::restore(tokens, restore_ids, eager.module().mask_token);  // [1, L + 1, 1]
  std::printf("class token, then eight places:");
  for (const double token : eager.view(all)) std::printf(" %g", token);
  auto target = mae::normalize_patches(patch);  // [1, 1, n]
  std::printf("\n10 11 12 13 normalised:        ");
  for (const double value : eager.view(target)) std::printf(" %.3f", value);
  auto nothing = patch - patch;  // [1, 1, n]
  std::printf("\nwho answers 0 pays:             %.3f\n\n", eager.view(mae::patch_error(nothing, target))(0));
}

using Geometry = mae::ImageShape<1, 8, 8, 4>;  // 4 patches of 4 × 4, one stays
template <mae::Target Target>
using Model = mae::MaskedAutoencoder<Geometry, mae::Transformer<16, 1, 2>, mae::Transformer<16, 1, 2>,
                                     mae::MaskRatio<75>, Target>;

/// The mean loss of all digits for a fresh decoder and for one that answers 0.
template <mae::Target Target>
void losses_of_ignorance(const char* name) {
  const std::string data = MAE_EXAMPLE_DATA;
  const mae::Dataset digits = mae::read_idx_dataset(data + "/optdigits-images-idx3-ubyte",
                                                    data + "/optdigits-labels-idx1-ubyte");
  const auto normalization = mae::Normalization::of(digits);
  const auto images = mae::to_tensor<Geometry, double>(digits, normalization);  // [1797, 1, 8, 8]
  typename Model<Target>::Masks masks(digits.size());
  masks.resize(digits.size());
  for (mae::Index i = 0; i < digits.size(); ++i) masks.random(i, 0, 0, static_cast<std::uint64_t>(i));
  mae::Session<mae::Program<mae::PretrainingLoss<Model<Target>>, Policy, mae::Inference>> session(digits.size());
  mae::Weights<Model<Target>, Policy> weights(1);
  std::printf("%-18s", name);
  for (int turn = 0; turn < 2; ++turn) {
    const auto losses = session.forward(weights, images, masks.keep(), masks.hidden(), masks.restore());  // [B]
    double sum = 0;
    for (const double loss : losses) sum += loss;
    std::printf(" %8.4f", sum / static_cast<double>(digits.size()));
    const mae::ParameterInfo& last = *weights.find("decoder_pred.weight");
    for (mae::Index i = 0; i < last.count; ++i) weights.at(last)[i] = 0;
  }
  std::printf("\n");
}

int main() {
  by_hand();
  std::printf("%-18s %8s %8s\n", "loss on digits", "fresh", "answer 0");
  losses_of_ignorance<mae::Target::pixels>("pixels");
  losses_of_ignorance<mae::Target::normalized_pixels>("normalised pixels");
}
