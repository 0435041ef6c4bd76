// By names alone: which dialect, where in the file, which of two models, and what is refused.
#include <mae/checkpoint/file_sizes.hpp>
#include <mae/checkpoint/recognise.hpp>

#include <doctest/doctest.h>

#include <mae/io/tensors/safetensors.hpp>

#include "support/temporary.hpp"

using namespace mae;
using test::error_of;

namespace {

using Names = std::vector<std::string>;
using Shapes = std::vector<std::pair<std::string, std::vector<Index>>>;

SafetensorsFile write(const std::string& path, const Shapes& tensors, const Metadata& metadata = {}) {
  static const float zeros[64] = {};
  std::vector<TensorBytes> all;
  for (const auto& [name, shape] : tensors) all.push_back(tensor_bytes(name, shape, zeros));
  write_safetensors(path, all, metadata);
  return SafetensorsFile::read(path);
}
SafetensorsFile write(const std::string& path, const Names& names, const Metadata& metadata = {}) {
  Shapes tensors;
  for (const std::string& name : names) tensors.emplace_back(name, std::vector<Index>{1});
  return write(path, tensors, metadata);
}

}  // namespace

TEST_CASE("the model is found behind whatever a training script puts before its names") {
  const test::TemporaryDirectory folder;
  const std::string qkv = "blocks.0.attn.qkv.weight", query = "encoder.layer.0.attention.attention.query.weight";
  struct Case {
    Names names;
    std::string dialect, prefix, encoder;
    Names copies;
  };
  const Case cases[] = {
      {{qkv}, "the original repository", "", "", {}},
      {{"model." + qkv, "optimizer.exp_avg.blocks.0.attn.qkv.weight"}, "the original repository", "model.", "", {}},
      {{"state_dict.module." + qkv}, "the original repository", "state_dict.module.", "", {}},
      {{"model._orig_mod." + qkv, "model_ema." + qkv},
       "the original repository",
       "model._orig_mod.",
       "",
       {"model_ema."}},
      {{"student.module.backbone." + qkv, "teacher.backbone." + qkv},
       "the original repository",
       "teacher.backbone.",
       "",
       {"student.module.backbone."}},
      {{"module.momentum_encoder." + qkv, "module.base_encoder." + qkv},
       "the original repository",
       "module.base_encoder.",
       "",
       {"module.momentum_encoder."}},
      {{"state_dict." + qkv, "state_dict_ema." + qkv},
       "the original repository",
       "state_dict.",
       "",
       {"state_dict_ema."}},
      {{"vit." + query}, "Hugging Face", "", "vit.", {}},
      {{query}, "Hugging Face", "", "", {}},
      {{"deit." + query}, "Hugging Face", "deit.", "", {}},
      {{"model.vit." + query}, "Hugging Face", "model.", "vit.", {}},
      {{"state_dict.backbone.vit." + qkv, "state_dict.decoder.pos_embed"},
       "lightly",
       "state_dict.",
       "backbone.vit.",
       {}},
      {{"backbone.vit." + qkv, "decoder.decoder_pos_embed"}, "lightly, old", "", "backbone.vit.", {}},
      {{"state_dict.backbone.layers.0.ln1.weight", "state_dict.backbone.layers.0.attn.qkv.weight"},
       "mmpretrain",
       "state_dict.",
       "backbone.",
       {}},
  };
  for (const Case& expected : cases) {
    INFO(expected.names.front());
    const Recognised found = recognise(write(folder / "x", expected.names), "cls_token");
    REQUIRE(found.dialect != nullptr);
    CHECK(found.dialect->name == expected.dialect);
    CHECK(found.prefix == expected.prefix);
    CHECK(found.encoder == expected.encoder);
    CHECK(found.copies == expected.copies);
  }
  // A file of this library has the names that its model has, whatever they are.
  const SafetensorsFile own = write(folder / "x", Names{"encoder.cls_token", "encoder.rel_pos_h"}, {{"format", "mae"}});
  CHECK(recognise(own, "cls_token").dialect == nullptr);
  CHECK(recognise(own, "cls_token").prefix == "encoder.");
}

TEST_CASE("of two models that are no twins the caller says which") {
  const test::TemporaryDirectory folder;
  const SafetensorsFile file =
      write(folder / "x", Names{"left.blocks.0.attn.qkv.weight", "right.blocks.0.attn.qkv.weight"});
  const std::string start = "mae: " + (folder / "x") + ": found ";
  CHECK(error_of([&] { recognise(file, "cls_token"); }) ==
        start + "2 models, under 'left.' and 'right.', expected one, or the prefix of the one that is meant");
  CHECK(error_of([&] { recognise(file, "cls_token", {.prefix = "middle."}); }) ==
        start + "2 models, under 'left.' and 'right.', expected one under 'middle.'");
  const Recognised found = recognise(file, "cls_token", {.prefix = "right."});
  CHECK(found.prefix == "right.");
  CHECK(found.copies == Names{"left."});
}

TEST_CASE("what is no encoder of ours is refused by name, with the reason") {
  const test::TemporaryDirectory folder;
  const std::string qkv = "blocks.0.attn.qkv.weight";
  const std::pair<std::string, std::string> cases[] = {
      {"blocks.0.attn.rel_pos_h", "relative positions ('blocks.0.attn.rel_pos_h'), expected an encoder without them"},
      {"rel_pos_bias.relative_position_bias_table", "relative positions"},
      {"register_tokens", "register tokens ('register_tokens'), expected an encoder without them"},
      {"reg_token", "register tokens"},
      {"dist_token", "a distillation token ('dist_token'), expected an encoder with a class token alone"},
      {"visual.transformer.resblocks.0.attn.in_proj_weight", "an encoder of CLIP or of torch.nn.MultiheadAttention"},
      {"vision_model.embeddings.class_embedding", "an encoder of CLIP"},
      {"encoder_to_decoder.weight", "a model of MAE-pytorch or VideoMAE"},
      {"to_patch_embedding.1.weight", "a model of vit-pytorch"},
      {"channel_embed", "a model of SatMAE"},
      {"blocks.0.mlp.w12.weight", "a gated MLP (SwiGLU)"},
      {"blocks.0.attn.q_norm.weight", "norms of queries and keys"},
      {"norm_pre.weight", "a norm before the blocks"},
      {"patch_embed.0.proj.weight", "several patch embeddings"},
      {"patch_embed.proj.0.weight", "patches cut by several convolutions"},
  };
  for (const auto& refused : cases) {
    const std::string &name = refused.first, &told = refused.second;
    INFO(name);
    const SafetensorsFile file = write(folder / "x", Names{qkv, name});
    const std::string error = error_of([&] { recognise(file, "cls_token"); });
    CHECK(error.starts_with("mae: " + (folder / "x") + ": found " + told));
    CHECK(error.find(", expected ") != error.npos);
  }
  const SafetensorsFile video = write(folder / "x", Shapes{{qkv, {1}}, {"patch_embed.proj.weight", {1, 1, 1, 1, 1}}});
  CHECK(error_of([&] { recognise(video, "cls_token"); }) ==
        "mae: " + (folder / "x") +
            ": found a filter of five axes ('patch_embed.proj.weight'), as models of video have, expected one of four: "
            "images");
}

TEST_CASE("a file without a model: an optimizer's state, nothing, or what no table has") {
  const test::TemporaryDirectory folder;
  auto error = [&](const Names& names) {
    const SafetensorsFile file = write(folder / "x", names);
    const std::string told = error_of([&] { recognise(file, "cls_token"); });
    return told.substr(told.find(": found") + 2);
  };
  CHECK(error({"optimizer.state.0.exp_avg", "optimizer.state.0.step"}) ==
        "found the state of an optimizer alone, expected the weights of a model");
  CHECK(error({}) == "found no tensors, expected the weights of a model");
  CHECK(error({"conv1.weight"}).starts_with("found tensors of no known family, such as 'conv1.weight', expected an "));
}

TEST_CASE("sizes follow from shapes, heads from what is written beside them or are the usual ones") {
  const test::TemporaryDirectory folder;
  const Shapes shapes = {{"blocks.0.attn.qkv.weight", {12, 4}},
                         {"blocks.0.norm1.weight", {4}},
                         {"blocks.1.norm1.weight", {4}},
                         {"patch_embed.proj.weight", {4, 3, 2, 2}},
                         {"pos_embed", {1, 10, 4}},
                         {"decoder_blocks.0.norm1.weight", {8}},
                         {"head.bias", {7}}};
  const SafetensorsFile file = write(folder / "x", shapes);
  const Recognised names = recognise(file, "cls_token");
  const FileSizes sizes = sizes_of(file, names);
  CHECK(sizes.channels == 3);
  CHECK(sizes.patch == 2);
  CHECK(sizes.patches == 9);
  CHECK(sizes.classes == 7);
  CHECK(sizes.encoder.width == 4);
  CHECK(sizes.encoder.depth == 2);
  CHECK(sizes.encoder.heads == 0);
  CHECK(sizes.decoder.width == 8);
  CHECK(sizes.decoder.depth == 1);
  Metadata expected{{"image", "3 x 6 x 6"},
                    {"patch", "2"},
                    {"encoder", "4 wide, 2 blocks, 2 heads"},
                    {"decoder", "8 wide, 1 blocks, 4 heads"}};
  CHECK(describe(file, names, 2, 4) == expected);
  CHECK(!describe(file, names).contains("encoder"));  // 4 wide: no usual number
  CHECK(usual_heads(768) == 12);
  CHECK(usual_heads(1280) == 16);

  const SafetensorsFile told = write(folder / "x", shapes,
                                     {{"config.num_attention_heads", "1"},
                                      {"config.decoder_num_attention_heads", "2"},
                                      {"config.norm_pix_loss", "false"},
                                      {"config.mask_ratio", "0.75"}});
  const Metadata more = describe(told, names, 2, 4);
  CHECK(more.at("encoder") == "4 wide, 2 blocks, 1 heads");
  CHECK(more.at("decoder") == "8 wide, 1 blocks, 2 heads");
  CHECK(more.at("target") == "pixels");
  CHECK(more.at("mask_ratio") == "0.750000");
}
