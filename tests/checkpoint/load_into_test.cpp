// What loading does with a file of another project, beside reading it: what it says, what it refuses, what it changes.
#include <mae/checkpoint/load_encoder.hpp>

#include <doctest/doctest.h>

#include <mae/backend/reference.hpp>
#include <mae/model/classifier.hpp>

#include "support/source_folder.hpp"
#include "support/temporary.hpp"

using namespace mae;
using test::error_of;

namespace {

using Geometry = ImageShape<3, 6, 6, 2>;
using Size = Transformer<8, 2, 2>;
using Model = MaskedAutoencoder<Geometry, Size, Transformer<4, 1, 1>, MaskRatio<75>, Target::pixels>;
using Alone = Encoder<Geometry, Size>;
using Policy = Reference<float>;
const Normalization half{{.5, .5, .5}, {.5, .5, .5}};

std::string published(const std::string& name) { return test::source_folder() + "/tests/golden/published/" + name; }

/// The tensors of a published file, to be changed and written again.
struct Tensors {
  struct Tensor {
    std::string name;
    std::vector<Index> shape;
    std::vector<float> values;
  };
  std::vector<Tensor> all;

  explicit Tensors(const std::string& name) {
    const TensorFile file = open_tensors(published(name));
    for (const TensorEntry& entry : file.entries())
      all.push_back({entry.name, entry.shape, file.values<float>(entry.name)});
  }
  Tensor& operator[](const std::string& name) {
    for (Tensor& tensor : all)
      if (tensor.name == name) return tensor;
    throw Error("no tensor " + name);
  }
  /// Copies of all that are there, behind a prefix.
  void repeat(const std::string& from, const std::string& to) {
    const std::vector<Tensor> before = all;
    for (const Tensor& tensor : before)
      if (tensor.name.starts_with(from))
        all.push_back({to + tensor.name.substr(from.size()), tensor.shape, tensor.values});
  }
  std::string write(const std::string& path, const Metadata& metadata = {}) const {
    std::vector<TensorBytes> out;
    for (const Tensor& tensor : all) out.push_back(tensor_bytes(tensor.name, tensor.shape, tensor.values.data()));
    write_safetensors(path, out, metadata);
    return path;
  }
};

template <class M>
bool same(const Weights<M, Policy>& a, const Weights<M, Policy>& b) {
  return std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * 4) == 0;
}
Weights<Alone, Policy> truth() {
  Weights<Alone, Policy> weights;
  load_checkpoint(published("timm.safetensors"), weights);
  return weights;
}
/// The error of loading the encoder; the weights must keep every bit.
template <class M = Alone>
std::string load_error(const std::string& path, const LoadOptions& options = {}) {
  const Weights<M, Policy> before(7);
  Weights<M, Policy> weights(7);
  const std::string error = error_of([&] { load_encoder(path, weights, half, options); });
  CHECK(same(weights, before));
  return error.substr(error.find(path) + path.size());
}
std::string line(const LoadReport& report, const std::string& label) {
  for (const auto& [name, text] : report.lines())
    if (name == label) return text;
  return "";
}

}  // namespace

TEST_CASE("a run's own .pth and a folder of transformers, whole and as an encoder") {
  Weights<Model, Policy> whole(1), folder(2);
  const LoadReport report = load_checkpoint(published("original.pth"), whole);
  CHECK(report.container == "PyTorch (.pth)");
  CHECK(report.dialect == "the original repository");
  CHECK(report.prefix == "model.");
  for (const LoadReport::Ignored& ignored : report.ignored) CHECK(ignored.reason == Reason::optimizer);
  CHECK(report.ignored.size() == 2);
  CHECK(report.assumed.front() == "2 heads, as the model has: the file does not say");
  CHECK(report.assumed.back() == "decoder_pos_embed: sine-cosine, columns first");
  const LoadReport other = load_checkpoint(published("hugging_face"), folder);
  CHECK(same(whole, folder));
  CHECK(other.ignored.empty());
  CHECK(other.assumed == std::vector<std::string>{"pos_embed: sine-cosine, columns first",
                                                  "decoder_pos_embed: sine-cosine, columns first"});
  CHECK(line(other, "file").find("names of Hugging Face") != std::string::npos);
  CHECK(line(other, "converted") == "6 parameters: query, key and value stacked");
  CHECK(same(load_encoder<Alone, Policy>(published("original.pth")).weights, truth()));
}

TEST_CASE("settings beside the weights are compared: heads, activation, what is predicted") {
  using Heads = Encoder<Geometry, Transformer<8, 2, 4>>;
  CHECK(load_error<Heads>(published("hugging_face")) ==
        "/model.safetensors: encoder: found 8 wide, 2 blocks, 2 heads, expected 8 wide, 2 blocks, 4 heads, as the "
        "model has");
  using Normalized = MaskedAutoencoder<Geometry, Size, Transformer<4, 1, 1>, MaskRatio<75>, Target::normalized_pixels>;
  Weights<Normalized, Policy> weights;
  CHECK(error_of([&] {
          load_checkpoint(published("hugging_face"), weights);
        }).ends_with(": target: found pixels, expected normalized pixels, as the model has"));
  load_checkpoint(published("hugging_face"), weights, {.any_target = true});
  const test::TemporaryDirectory folder;
  const Tensors tensors("timm.safetensors");
  tensors.write(folder / "x", {{"config.hidden_act", "quick_gelu"}});
  CHECK(load_error(folder / "x") == ": found the activation 'quick_gelu', expected gelu, by the error function");
  tensors.write(folder / "x", {{"config.layer_norm_eps", "1e-12"}, {"config.hidden_act", "gelu"}});
  Weights<Alone, Policy> encoder;
  CHECK(load_encoder(folder / "x", encoder, half).assumed.at(1) ==
        "norms with an epsilon of 1e-6, as the paper's code; the file says 1e-12");
}

TEST_CASE("heads that no file of this width has are refused, unless the caller says so") {
  using Wide = Transformer<192, 1, 12, 1>;
  const test::TemporaryDirectory folder;
  save_checkpoint(folder / "own", Weights<Encoder<Geometry, Wide>, Policy>(1));
  const TensorFile file = open_tensors(folder / "own");
  std::vector<std::vector<std::byte>> bytes;
  std::vector<TensorBytes> tensors;
  for (const TensorEntry& entry : file.entries()) bytes.push_back(file.bytes(entry.name));
  for (std::size_t k = 0; k < bytes.size(); ++k)
    tensors.push_back({file.entries()[k].name, "F32", file.entries()[k].shape, bytes[k].data()});
  write_safetensors(folder / "x", tensors, {{"format", "pt"}});
  CHECK(load_error<Encoder<Geometry, Wide>>(folder / "x") ==
        ": found a width of 192, which published encoders have with 3 heads, expected 12, as the model has");
  Weights<Encoder<Geometry, Wide>, Policy> weights;
  load_encoder(folder / "x", weights, half, {.any_heads = true});
  CHECK(same(weights, Weights<Encoder<Geometry, Wide>, Policy>(1)));
}

TEST_CASE("wrappers, copies and heads are taken off, and told") {
  const test::TemporaryDirectory folder;
  Tensors dino("timm.safetensors");
  dino.repeat("", "teacher.backbone.");
  dino.repeat("teacher.", "student.module.");
  std::erase_if(dino.all, [](const Tensors::Tensor& t) {
    return !t.name.starts_with("teacher") && !t.name.starts_with("student");
  });
  for (Tensors::Tensor& tensor : dino.all)
    if (tensor.name.starts_with("student")) tensor.values.assign(tensor.values.size(), NAN);  // must not be looked at
  dino.all.push_back({"teacher.head.mlp.0.weight", {1}, {1}});
  dino.all.push_back({"student.module.head.last_layer.weight", {1}, {1}});
  Weights<Alone, Policy> weights;
  const LoadReport report = load_encoder(dino.write(folder / "x"), weights, half);
  CHECK(same(weights, truth()));
  CHECK(report.prefix == "teacher.backbone.");
  CHECK(report.lines().size() == 7);  // file, loaded, ignored twice, assumed three times
  CHECK(line(report, "ignored") == std::to_string(dino.all.size() / 2 - 1) + " tensors: another copy of the model");
  CHECK(load_encoder(folder / "x", weights, half, {.prefix = "teacher.backbone."}).loaded.size() ==
        report.loaded.size());
  CHECK(load_error(folder / "x", {.prefix = "student.module.backbone."}).find("not finite") != std::string::npos);

  Tensors moco("timm.safetensors");
  moco.repeat("", "module.base_encoder.");
  std::erase_if(moco.all, [](const Tensors::Tensor& t) { return !t.name.starts_with("module."); });
  moco.repeat("module.base_encoder.", "module.momentum_encoder.");
  moco.all.push_back({"module.base_encoder.head.0.weight", {1}, {1}});
  moco.all.push_back({"module.predictor.0.weight", {1}, {1}});
  CHECK(load_encoder(moco.write(folder / "x"), weights, half).prefix == "module.base_encoder.");
  CHECK(same(weights, truth()));
}

TEST_CASE("a filter as a matrix, and numbers of other types") {
  const test::TemporaryDirectory folder;
  Tensors tensors("timm.safetensors");
  tensors["patch_embed.proj.weight"].shape = {8, 12};
  Weights<Alone, Policy> weights;
  load_encoder(tensors.write(folder / "x"), weights, half);
  CHECK(same(weights, truth()));
  Weights<Alone, Reference<double>> wide;
  const LoadReport report = load_encoder(folder / "x", wide, half);
  CHECK(report.converted.size() == report.loaded.size());
  CHECK(report.converted.front().how == "F32 -> F64");
}

TEST_CASE("another size of images, of patches, other channels: by resizing, if the caller allows it, and told") {
  using Other = Encoder<ImageShape<1, 12, 9, 3>, Size>;
  const std::string path = published("timm.safetensors");
  CHECK(load_error<Other>(path) == ": image: found 3 x 6 x 6, expected 1 x 12 x 9, as the model has");
  const Tensors file("timm.safetensors");
  for (const Bicubic how : {Bicubic::plain, Bicubic::antialiased}) {
    const auto encoder = load_encoder<Other, Policy>(path, {.resize = how});
    CHECK(encoder.normalization.mean.size() == 1);
    Tensors before = file;
    const auto table = resample_positions(before["pos_embed"].values, {3, 3, 2}, {4, 3, 3}, 8, how);
    const ParameterInfo& positions = *encoder.weights.find("pos_embed");
    for (Index i = 0; i < positions.count; ++i)
      REQUIRE(encoder.weights.at(positions)[i] == table.values[static_cast<std::size_t>(i)]);
    const auto sides = resample_filters(before["patch_embed.proj.weight"].values, 2, 3);
    const auto filters = adapt_channels(sides.values, 3, 1, 9);
    const ParameterInfo& filter = *encoder.weights.find("patch_embed.proj.weight");
    for (Index i = 0; i < filter.count; ++i)
      REQUIRE(encoder.weights.at(filter)[i] == filters.values[static_cast<std::size_t>(filter.file_position(i))]);
    REQUIRE(encoder.report.converted.size() == 2);
    CHECK(encoder.report.converted[0].how == table.report);
    CHECK(encoder.report.converted[1].how == sides.report + ", " + filters.report);
  }
  using Deeper = Encoder<Geometry, Transformer<8, 3, 2>>;
  CHECK(load_error<Deeper>(path, {.resize = Bicubic::plain}).find("encoder: found 8 wide, 2 blocks") !=
        std::string::npos);
}

TEST_CASE("numbers that are not finite, a tensor too many or too few: nothing is changed") {
  const test::TemporaryDirectory folder;
  Tensors bad("transformers_encoder.safetensors");
  bad["encoder.layer.1.attention.attention.key.bias"].values[3] = NAN;
  CHECK(load_error(bad.write(folder / "x")) ==
        ": 'blocks.1.attn.qkv.bias': found 1 of 24 numbers that is not finite, the first at [11], expected finite "
        "numbers");
  Tensors more("timm.safetensors");
  more.all.push_back({"blocks.0.gate", {1}, {1}});
  CHECK(load_error(more.write(folder / "x")) ==
        ": found a tensor blocks.0.gate, expected only tensors that the encoder has; is this another model's file?");
  Weights<Alone, Policy> weights;
  CHECK(load_encoder(folder / "x", weights, half, {.may_ignore = {"blocks.0.gate"}}).ignored.at(0).reason ==
        Reason::asked);
  Tensors fewer("timm.safetensors");
  std::erase_if(fewer.all, [](const Tensors::Tensor& t) { return t.name == "blocks.1.attn.qkv.bias"; });
  CHECK(load_error(fewer.write(folder / "x")) ==
        ": found no tensor blocks.1.attn.qkv.bias, expected all parameters of the model");
  Tensors headless("timm.safetensors");
  std::erase_if(headless.all, [](const Tensors::Tensor& t) { return t.name == "cls_token"; });
  CHECK(load_error(headless.write(folder / "x")) ==
        ": found an encoder without a class token, expected one that has it, as MAE's do");
  CHECK(load_error(published("optimizer.pth")) ==
        ": found the state of an optimizer alone, expected the weights of a model");
}

TEST_CASE("tables of zeros, as transformers 5 makes them, are loaded as they are and said") {
  const test::TemporaryDirectory folder;
  Tensors tensors("hugging_face/model.safetensors");
  for (const char* const name : {"decoder.decoder_pos_embed", "decoder.mask_token"})
    tensors[name].values.assign(tensors[name].values.size(), 0);
  auto& table = tensors["vit.embeddings.position_embeddings"].values;
  const std::vector<float> before = table;
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = before[i / 8 * 8 + (i + 4) % 8];
  Weights<Model, Policy> weights;
  LoadReport report = load_checkpoint(tensors.write(folder / "x"), weights);
  CHECK(report.suspicious == std::vector<std::string>{"mask_token: all zero", "decoder_pos_embed: all zero"});
  CHECK(std::find(report.assumed.begin(), report.assumed.end(), "pos_embed: sine-cosine, rows first") !=
        report.assumed.end());
  table[20] += 1;
  report = load_checkpoint(tensors.write(folder / "x"), weights);
  CHECK(std::find(report.assumed.begin(), report.assumed.end(), "pos_embed: trained") != report.assumed.end());
}

TEST_CASE("a tensor that the file has under two names is said") {
  const std::string path = published("timm.safetensors");
  const TensorFile file = open_tensors(path);
  std::vector<TensorEntry> entries = file.entries();
  for (TensorEntry& entry : entries)
    if (entry.name == "blocks.1.norm1.weight")
      entry.begin = file.at("norm.weight").begin, entry.end = file.at("norm.weight").end;
  std::vector<InputFile> parts;
  parts.emplace_back(path);
  const TensorFile tied(path, file.container(), std::move(parts), entries, file.metadata());
  Weights<Alone, Policy> weights;
  const LoadReport report = load_checkpoint(tied, weights);
  CHECK(report.suspicious == std::vector<std::string>{"norm.weight: the bytes that are blocks.1.norm1.weight too"});
  CHECK(load_checkpoint(file, weights).suspicious.empty());
}

TEST_CASE("the report in full names everything, blocks together") {
  Weights<Classifier<Geometry, Size, 3>, Policy> weights;
  const LoadReport report = load_encoder(published("lightly.safetensors"), weights, half);
  const std::string text = report.text();
  auto has = [&](const std::string& part) {
    INFO(part, " in\n", text);
    CHECK(text.find(part) != std::string::npos);
  };
  has("file        " + published("lightly.safetensors") + ": safetensors, names of lightly\n");
  has("loaded      blocks.0-1.attn.qkv.weight\n");
  has("ignored     decoder.blocks.0.attn.proj.bias: the decoder\n");
  has("ignored     backbone.vit.norm.weight: the last norm, which pooling does without\n");
  has("ignored     backbone.mask_token: a mask token that is not used\n");
  has("initial     fc_norm.weight\n");
  has("initial     head.bias\n");
  has("assumed     norms with an epsilon of 1e-6, GELU by the error function: the file does not say\n");
}
