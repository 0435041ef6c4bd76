// Each dialect's names for our parameters. That they are those of real files, published_test.cpp shows.
#include <mae/checkpoint/dialects.hpp>

#include <doctest/doctest.h>

using namespace mae;

namespace {

const Dialect& dialect(std::string_view name) {
  for (const Dialect& one : dialects::all)
    if (one.name == name) return one;
  return dialects::original;
}
using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a rule gives the name of another project, for every block and both ends of a layer") {
  const Dialect& face = dialects::hugging_face;
  CHECK(their_name(face, "cls_token", "vit.").tensors == Names{"vit.embeddings.cls_token"});
  CHECK(their_name(face, "cls_token", "").tensors == Names{"embeddings.cls_token"});
  CHECK(their_name(face, "blocks.11.norm2.bias", "vit.").tensors == Names{"vit.encoder.layer.11.layernorm_after.bias"});
  CHECK(their_name(face, "decoder_blocks.7.mlp.fc2.weight", "vit.").tensors ==
        Names{"decoder.decoder_layers.7.output.dense.weight"});
  CHECK(their_name(face, "decoder_norm.bias", "vit.").tensors == Names{"decoder.decoder_norm.bias"});
  CHECK(their_name(face, "blocks.3.attn.qkv.bias", "").tensors ==
        Names{"encoder.layer.3.attention.attention.query.bias", "encoder.layer.3.attention.attention.key.bias",
              "encoder.layer.3.attention.attention.value.bias"});
  CHECK(their_name(dialect("Hugging Face, as transformers 5 saves"), "decoder_blocks.0.norm1.weight", "vit.").tensors ==
        Names{"decoder.decoder_encoder.layer.0.layernorm_before.weight"});
  CHECK(their_name(dialect("Hugging Face, transformers 5"), "blocks.0.attn.qkv.weight", "vit.").tensors ==
        Names{"vit.layers.0.attention.q_proj.weight", "vit.layers.0.attention.k_proj.weight",
              "vit.layers.0.attention.v_proj.weight"});
  CHECK(their_name(dialect("Hugging Face, transformers 5"), "blocks.0.mlp.fc1.weight", "vit.").tensors ==
        Names{"vit.layers.0.mlp.fc1.weight"});
  CHECK(their_name(dialect("mmpretrain"), "head.weight", "backbone.").tensors == Names{"head.fc.weight"});
  CHECK(their_name(dialect("mmpretrain"), "head.1.weight", "backbone.").tensors == Names{"head.layers.head.weight"});
  CHECK(their_name(dialect("lightly"), "decoder_pred.bias", "backbone.vit.").tensors == Names{"prediction_head.bias"});
}

TEST_CASE("the original repository's names are ours, and a layout of axes belongs to a rule") {
  for (const char* const name :
       {"cls_token", "blocks.0.attn.qkv.weight", "head.0.running_mean", "blocks.x.y", "blocks."})
    CHECK(their_name(dialects::original, name, "").tensors == Names{name});
  const TheirName filter = their_name(dialect("augreg"), "patch_embed.proj.weight", "");
  CHECK(filter.tensors == Names{"embedding/kernel"});
  CHECK(filter.axes == "3201");
  CHECK(their_name(dialect("big_vision"), "pos_embed", "").tensors == Names{"pos_embedding"});
  const TheirName query = their_name(dialect("augreg"), "blocks.2.attn.qkv.weight", "");
  CHECK(query.axes == "120");
  CHECK(query.tensors.at(2) == "Transformer/encoderblock_2/MultiHeadDotProductAttention_1/value/kernel");
}

TEST_CASE("every dialect has a name of its own for every parameter, and no two for one") {
  for (const Dialect& one : dialects::all) {
    INFO(one.name);
    std::vector<std::string> all;
    for (const char* const name :
         {"cls_token", "pos_embed", "patch_embed.proj.weight", "patch_embed.proj.bias", "norm.weight", "norm.bias",
          "head.weight", "head.bias", "blocks.0.norm1.weight", "blocks.0.norm2.weight", "blocks.0.attn.qkv.weight",
          "blocks.0.attn.qkv.bias", "blocks.0.attn.proj.weight", "blocks.0.mlp.fc1.weight", "blocks.0.mlp.fc2.weight",
          "blocks.1.norm1.weight"})
      for (const std::string& theirs : their_name(one, name, std::string(one.encoder)).tensors) all.push_back(theirs);
    std::sort(all.begin(), all.end());
    CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
  }
}
