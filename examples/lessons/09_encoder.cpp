// Lesson 9: the encoder sees visible patches only.
//
// Every earlier method put a mask token where something was hidden and let the whole sequence through the network.
// The masked autoencoder leaves hidden patches out: with 75 % hidden, ViT-B reads 49 patches and the class token
// instead of 197 tokens. The linear layers cost 24 · D² operations a token and block, attention 4 · N · D: with a
// quarter of the tokens, about a quarter of the work and of the memory that training needs. That is what made it
// possible to pre-train large models quickly, and it also learns better: the encoder never sees a mask token, which
// no real image has.
//
//     token_r = W · patch[keep_r] + b + position[keep_r],   then class token, blocks and a last norm.
//
// Since tokens carry their positions with them, their order does not matter and neither does their number: the same
// weights encode a whole image later on.
//
// Paper: section 3, "MAE encoder"; what mask tokens in the encoder would cost and spoil: table 1c.
#include <mae/backend/reference.hpp>
#include <mae/model/encode.hpp>
#include <mae/model/presets.hpp>

#include <cmath>
#include <cstdio>

/// images [B, C, H, W], keep [B, V] → features of visible patches [B, V + 1, D].
template <class Model>
struct VisibleFeatures : Model {
  using ImageShape = typename Model::ImageShape;
  using Inputs = mae::Inputs<mae::Input<typename ImageShape::Pixels>, mae::Indices<mae::Shape<mae::dyn, Model::V>>>;
  constexpr auto operator()(const mae::Expression auto& images, const mae::Expression auto& keep) const {
    auto patches = mae::patchify<ImageShape::patch>(images);                     // [B, L, n]
    return this->encoder.norm(this->encoder.trunk.visible(patches, keep));       // [B, V + 1, D]
  }
};

template <class Model>
void print_costs(const char* name) {
  using Policy = mae::Reference<float>;
  using All = mae::Program<mae::Features<Model>, Policy, mae::KeepAll>;
  using Visible = mae::Program<VisibleFeatures<Model>, Policy, mae::KeepAll>;
  auto row = [&](const char* what, mae::Index tokens, mae::Index flops, mae::Index bytes) {
    std::printf("%-7s %-8s %6jd %14.2f %12.1f\n", name, what, tokens, static_cast<double>(flops) / 2e9,
                static_cast<double>(bytes) / 1e6);
  };
  row("all", Model::L + 1, All::flops, All::saved_bytes);
  row("visible", Model::V + 1, Visible::flops, Visible::saved_bytes);
}

using Geometry = mae::ImageShape<1, 8, 8, 2>;  // 16 patches of 2 × 2
using Small = mae::MaskedAutoencoder<Geometry, mae::Transformer<16, 2, 2>, mae::Transformer<16, 1, 2>>;
using Policy = mae::Reference<double>;
using Features = mae::View<const double, mae::Shape<mae::dyn, Small::V + 1, 16>>;

/// The largest difference between token `i` of x and token `j` of y.
double distance(const Features& x, mae::Index i, const Features& y, mae::Index j) {
  double most = 0;
  for (mae::Index c = 0; c < 16; ++c) most = std::fmax(most, std::fabs(x(0, i, c) - y(0, j, c)));
  return most;
}

int main() {
  std::printf("%-7s %-8s %6s %14s %12s\n", "", "patches", "tokens", "10^9 products", "MB to keep");
  print_costs<mae::presets::Base>("ViT-B");

  const mae::Weights<Small, Policy> weights(1);
  using Program = mae::Program<VisibleFeatures<Small>, Policy, mae::Inference>;
  mae::Session<Program> first(1), second(1);
  mae::Tensor<double, Geometry::Pixels> image(1);  // [1, 1, 8, 8]
  for (mae::Index i = 0; i < image.size(); ++i) image.data()[i] = std::sin(static_cast<double>(i));
  const std::int32_t ids[4] = {5, 12, 3, 6}, turned[4] = {6, 5, 12, 3};
  using Ids = mae::View<const std::int32_t, mae::Shape<mae::dyn, 4>>;  // [B, 4]
  const Features seen = first.forward(weights, image, Ids(ids));       // [1, 5, 16]

  // Hidden pixels do not exist for the encoder: scribble over all of patch 0.
  for (mae::Index y = 0; y < 2; ++y)
    for (mae::Index x = 0; x < 2; ++x) image(0, 0, y, x) = 1000;
  const Features again = second.forward(weights, image, Ids(ids));  // [1, 5, 16]
  double change = 0;
  for (mae::Index i = 0; i < 5; ++i) change = std::fmax(change, distance(seen, i, again, i));
  std::printf("\nhidden patch changed: features change by %g\n", change);

  // Order: patch 5 is the first token after the class token, then the second.
  const Features other = second.forward(weights, image, Ids(turned));  // [1, 5, 16]
  std::printf("patches in another order: token of patch 5 changes by %s, class token by %s\n",
              distance(seen, 1, other, 2) < 1e-12 ? "nothing" : "something",
              distance(seen, 0, other, 0) < 1e-12 ? "nothing" : "something");

  // The same weights on the whole image.
  const auto whole = mae::encode(weights, image);  // [1, 17, 16]
  std::printf("the same weights encode the whole image: %jd tokens\n", whole.size() / 16);
}
