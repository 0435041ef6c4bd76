// Names, shapes and numbers of parameters are those of the published checkpoints.
#include <mae/model/presets.hpp>

#include <algorithm>

#include <doctest/doctest.h>

using namespace mae;

namespace {

/// "name [shape]" of every tensor.
using Tensors = std::vector<std::string>;

struct Lister {
  Tensors all;
  void add(const std::string& name, const std::vector<Index>& shape) {
    std::string text = name;
    for (const Index extent : shape) text.append(" ").append(std::to_string(extent));
    all.push_back(text);
  }
  void linear(const std::string& name, Index in, Index out) {
    add(name + ".weight", {out, in});
    add(name + ".bias", {out});
  }
  void norm(const std::string& name, Index width) {
    add(name + ".weight", {width});
    add(name + ".bias", {width});
  }
  void blocks(const std::string& name, int depth, Index width) {
    for (int i = 0; i < depth; ++i) {
      const std::string block = name + "." + std::to_string(i);
      norm(block + ".norm1", width);
      linear(block + ".attn.qkv", width, 3 * width);
      linear(block + ".attn.proj", width, width);
      norm(block + ".norm2", width);
      linear(block + ".mlp.fc1", width, 4 * width);
      linear(block + ".mlp.fc2", 4 * width, width);
    }
  }
  void trunk(int depth, Index width, Index side, Index patches) {
    add("cls_token", {1, 1, width});
    add("pos_embed", {1, patches + 1, width});
    add("patch_embed.proj.weight", {width, 3, side, side});
    add("patch_embed.proj.bias", {width});
    blocks("blocks", depth, width);
  }
  void decoder(int depth, Index width, Index encoder_width, Index side, Index patches) {
    add("mask_token", {1, 1, width});
    add("decoder_pos_embed", {1, patches + 1, width});
    linear("decoder_embed", encoder_width, width);
    blocks("decoder_blocks", depth, width);
    norm("decoder_norm", width);
    linear("decoder_pred", width, side * side * 3);
  }
};

template <class Model>
Tensors tensors_of() {
  Lister lister;
  for (const ParameterInfo& parameter : parameters<Model>()) lister.add(parameter.name, parameter.shape);
  return lister.all;
}
template <class Model>
void check_tensors(Tensors expected, std::size_t count) {
  Tensors found = tensors_of<Model>();
  std::sort(found.begin(), found.end());
  std::sort(expected.begin(), expected.end());
  CHECK(found.size() == count);
  CHECK(found == expected);
}

struct Published {
  int depth;
  Index width, side, patches;
  std::size_t encoder_tensors, all_tensors, classifier_tensors;
  Index encoder_values, all_values, classifier_values;
};

template <class Model, class EncoderSize>
void check_published(const Published& p) {
  using Fine = Classifier<typename Model::ImageShape, EncoderSize, 1000>;
  Lister encoder;
  encoder.trunk(p.depth, p.width, p.side, p.patches);
  Lister classifier = encoder;
  encoder.norm("norm", p.width);
  Lister all = encoder;
  all.decoder(8, 512, p.width, p.side, p.patches);
  classifier.norm("fc_norm", p.width);
  classifier.linear("head", p.width, 1000);
  check_tensors<typename Model::Encoder>(encoder.all, p.encoder_tensors);
  check_tensors<Model>(all.all, p.all_tensors);
  check_tensors<Fine>(classifier.all, p.classifier_tensors);
  CHECK(parameter_count<typename Model::Encoder>() == p.encoder_values);
  CHECK(parameter_count<Model>() == p.all_values);
  CHECK(parameter_count<Fine>() == p.classifier_values);
  CHECK(Model::L == p.patches);
  CHECK(Model::V == p.patches / 4);
}

/// Values of a masked autoencoder on 224 × 224 images with patches of 16, from its sizes.
constexpr Index values(Index depth, Index width, Index decoder_depth, Index decoder_width) {
  auto block = [](Index d) { return 12 * d * d + 13 * d; };
  const Index patches = 196, n = 768;
  const Index encoder = n * width + width + width + (patches + 1) * width + depth * block(width) + 2 * width;
  return encoder + width * decoder_width + decoder_width + decoder_width + (patches + 1) * decoder_width +
         decoder_depth * block(decoder_width) + 2 * decoder_width + decoder_width * n + n;
}

}  // namespace

TEST_CASE("Base") {
  check_published<presets::Base, presets::BaseEncoder>(
      {12, 768, 16, 196, 150, 254, 152, 85'798'656, 111'907'840, 86'567'656});
}
TEST_CASE("Large") {
  check_published<presets::Large, presets::LargeEncoder>(
      {24, 1024, 16, 196, 294, 398, 296, 303'301'632, 329'541'888, 304'326'632});
}
TEST_CASE("Huge") {
  check_published<presets::Huge, presets::HugeEncoder>(
      {32, 1280, 14, 256, 390, 494, 392, 630'764'800, 657'074'508, 632'045'800});
}
TEST_CASE("Tiny and Small") {
  CHECK(values(12, 768, 8, 512) == parameter_count<presets::Base>());  // the formula itself
  CHECK(parameter_count<presets::Tiny>() == values(12, 192, 2, 128));
  CHECK(parameter_count<presets::Small>() == values(12, 384, 4, 256));
}
TEST_CASE("with a class token, a classifier has the encoder's norm instead of fc_norm") {
  using Token = Classifier<presets::Image224, presets::BaseEncoder, 1000, Pool::class_token>;
  Lister expected;
  expected.trunk(12, 768, 16, 196);
  expected.norm("norm", 768);
  expected.linear("head", 768, 1000);
  check_tensors<Token>(expected.all, 152);
}
TEST_CASE("only position tables are frozen, and in a classifier nothing is") {
  for (const ParameterInfo& p : parameters<presets::Base>())
    CHECK(p.trained == (p.name != "pos_embed" && p.name != "decoder_pos_embed"));
  for (const ParameterInfo& p : parameters<Classifier<presets::Image224, presets::BaseEncoder, 1000>>())
    CHECK(p.trained);
}
TEST_CASE("a preset is found by its name, which no other has, and has all that its types need") {
  [&]<class... P>(std::tuple<P...>*) {
    const std::string_view names[] = {P::name...};
    for (const std::string_view& a : names)
      for (const std::string_view& b : names) CHECK((a == b) == (&a == &b));
    CHECK(((std::is_same_v<typename P::Encoder, typename P::template Autoencoder<>::Encoder>)&&...));
    CHECK(((P::template Autoencoder<>::target == P::target && P::classes > 1) && ...));
  }(static_cast<presets::All*>(nullptr));
  static_assert(std::is_same_v<presets::Named<"digits-8">, presets::Digits8>);
  static_assert(std::is_same_v<presets::Named<"vit-huge-224">, presets::VitHuge224>);
  static_assert(std::is_same_v<presets::Base, presets::Named<"vit-base-224">::Autoencoder<>>);
  static_assert(presets::Digits8::Autoencoder<>::mask_ratio == 0.75);
  static_assert(presets::Digits8::Autoencoder<MaskRatio<50>>::mask_ratio == 0.5);
}
