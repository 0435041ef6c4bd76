#include <mae/checkpoint/checkpoint.hpp>

#include <algorithm>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <mae/backend/reference.hpp>
#include <mae/data/dataset.hpp>
#include <mae/checkpoint/load_encoder.hpp>
#include <mae/model/classifier.hpp>
#include <mae/train/pretrain.hpp>

#include <support/temporary.hpp>
#include "support/comma.hpp"

using namespace mae;
using test::error_of;

namespace {

using Geometry = ImageShape<5, 18, 9, 3>;
using Size = Transformer<20, 5, 5, 3>;
using Decoded = Transformer<24, 4, 3, 3>;
using Model = MaskedAutoencoder<Geometry, Size, Decoded, MaskRatio<50>>;
using Policy = Cpu<float>;
using Names = std::vector<std::string>;
const Normalization statistics{{0, 0, 0, 0, 0}, {1, 1, 1, 1, 1}};  // of files that record none

template <class W>
bool same_bits(const W& a, const W& b) {
  return std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(*a.data())) == 0;
}
template <class M>
Names names_of(const std::string& but = "nothing") {
  Names names;
  for (const ParameterInfo& p : parameters<M>())
    if (!p.name.starts_with(but)) names.push_back(p.name);
  return names;
}

/// A file taken apart, to be changed and written again.
struct Parts {
  struct Tensor {
    std::string name, dtype;
    std::vector<Index> shape;
    std::vector<std::byte> bytes;
  };
  std::vector<Tensor> tensors;
  Metadata metadata;

  explicit Parts(const std::string& path) {
    const SafetensorsFile file = SafetensorsFile::read(path);
    metadata = file.metadata();
    for (const TensorEntry& e : file.entries()) tensors.push_back({e.name, e.dtype, e.shape, file.bytes(e.name)});
  }
  Tensor& operator[](const std::string& name) {
    for (Tensor& t : tensors)
      if (t.name == name) return t;
    throw Error("no tensor " + name);
  }
  void write(const std::string& path) const {
    std::vector<TensorBytes> all;
    for (const Tensor& t : tensors) all.push_back({t.name, t.dtype, t.shape, t.bytes.data()});
    write_safetensors(path, all, metadata);
  }
};

/// The error of loading the file; the weights must keep every bit.
template <class M = Model>
std::string load_error(const std::string& path) {
  const Weights<M, Policy> before(77);
  Weights<M, Policy> weights(77);
  const std::string error = error_of([&] { load_checkpoint(path, weights); });
  CHECK(same_bits(weights, before));
  return error;
}
/// The error of loading a good file changed by `edit`.
template <class Edit>
std::string error_after(const Edit& edit) {
  const test::TemporaryDirectory folder;
  const std::string path = folder / "x";
  save_checkpoint(path, Weights<Model, Policy>(1));
  Parts parts(path);
  edit(parts);
  parts.write(path);
  const std::string error = load_error(path);
  const auto at = error.find(path);
  REQUIRE(at != std::string::npos);  // every error names the file
  return error.substr(0, at) + "FILE" + error.substr(at + path.size());
}

}  // namespace

TEST_CASE("what is saved is loaded, bit by bit, and the file says what it holds") {
  const test::TemporaryDirectory folder;
  const std::string path = folder / "mae.safetensors";
  Weights<Model, Policy> saved(1);
  saved.at(*saved.find("mask_token"))[3] = -0.f;
  saved.at(*saved.find("norm.bias"))[5] = 1e-42f;
  Metadata metadata{
      {"epochs", "800"}, {"image", "1 x 1 x 1"}, {"format", "pt"}};  // the last two cannot be contradicted
  const Normalization normalization{{0.1, 0.2, 1. / 3, 0.4, 0.5}, {0.25, 1e-3, 0.5, 1, 2}};
  record(metadata, normalization);
  save_checkpoint(path, saved, metadata);

  Weights<Model, Policy> loaded(2);
  const LoadReport report = load_checkpoint(path, loaded);
  CHECK(same_bits(loaded, saved));
  CHECK(report.loaded == names_of<Model>());
  CHECK(report.kept.empty());
  CHECK(report.ignored.empty());

  const SafetensorsFile file = SafetensorsFile::read(path);
  CHECK(file.names() == names_of<Model>());
  for (const ParameterInfo& p : saved.parameters()) CHECK(file.at(p.name, p.shape).dtype == "F32");
  const Metadata expected{{"image", "5 x 18 x 9"},
                          {"patch", "3"},
                          {"encoder", "20 wide, 5 blocks, 5 heads"},
                          {"decoder", "24 wide, 4 blocks, 3 heads"},
                          {"target", "normalized pixels"},
                          {"mask_ratio", "0.500000"},
                          {"epochs", "800"},
                          {"mean", file.metadata("mean")},
                          {"deviation", file.metadata("deviation")},
                          {"format", "mae"},
                          {"version", version}};
  CHECK(file.metadata() == expected);
  CHECK(recorded_normalization(file).mean == normalization.mean);
  CHECK(recorded_normalization(file).deviation == normalization.deviation);
}

TEST_CASE("files and weights of other precisions convert") {
  const test::TemporaryDirectory folder;
  Weights<Model, Cpu<double>> wide(1), back;
  const Weights<Model, Policy> narrow(1);
  save_checkpoint(folder / "wide", wide);
  CHECK(SafetensorsFile::read(folder / "wide").at("cls_token").dtype == "F64");
  load_checkpoint(folder / "wide", back);
  CHECK(same_bits(back, wide));
  Weights<Model, Policy> rounded;
  load_checkpoint(folder / "wide", rounded);
  CHECK(same_bits(rounded, narrow));
}

TEST_CASE("the order of published files: a patch's weights stand channel first, all bytes are PyTorch's") {
  const test::TemporaryDirectory folder;
  const std::string path = test::source_folder() + "/tests/golden/mae_five_channels.safetensors";
  Weights<Model, Policy> weights;
  const Names data{"grad.", "images", "noise", "ids_restore", "mask", "loss", "pred", "features"};
  const LoadReport report = load_checkpoint(path, weights, {{}, data});
  CHECK(report.loaded == names_of<Model>());
  CHECK(report.kept.empty());
  const SafetensorsFile golden = SafetensorsFile::read(path);
  CHECK(report.loaded.size() + report.ignored.size() == golden.entries().size());

  const auto published = golden.values<float>("patch_embed.proj.weight");  // [20, 5, 3, 3]
  const float* const ours = weights.at(*weights.find("patch_embed.proj.weight"));
  for (std::size_t d = 0; d < 20; ++d)
    for (std::size_t c = 0; c < 5; ++c)
      for (std::size_t y = 0; y < 3; ++y)
        for (std::size_t x = 0; x < 3; ++x)
          REQUIRE(ours[((d * 3 + y) * 3 + x) * 5 + c] == published[((d * 5 + c) * 3 + y) * 3 + x]);

  save_checkpoint(folder / "again", weights);
  const SafetensorsFile again = SafetensorsFile::read(folder / "again");
  for (const std::string& name : again.names()) {
    INFO(name);
    CHECK(again.bytes(name) == golden.bytes(name));
  }
}

TEST_CASE_TEMPLATE("an encoder's or a whole model's file loads into classifiers and probes; a report says what stayed",
                   Task, Classifier<Geometry, Size, 7, Pool::mean>, Classifier<Geometry, Size, 7, Pool::class_token>,
                   LinearProbe<Geometry, Size, 7>) {
  const test::TemporaryDirectory folder;
  const Weights<Model, Policy> source(1);
  save_encoder(folder / "encoder", source, {{"epochs", "3"}});
  save_checkpoint(folder / "whole", source);
  const SafetensorsFile file = SafetensorsFile::read(folder / "encoder");
  CHECK(file.names() == names_of<Model::Encoder>());
  const Metadata metadata = file.metadata();
  CHECK(metadata.at("encoder") == "20 wide, 5 blocks, 5 heads");
  CHECK(metadata.at("target") == "normalized pixels");  // how it was pre-trained
  CHECK(metadata.at("mask_ratio") == "0.500000");
  CHECK(metadata.at("epochs") == "3");

  const bool mean = std::is_same_v<Task, Classifier<Geometry, Size, 7, Pool::mean>>;
  const bool probe = std::is_same_v<Task, LinearProbe<Geometry, Size, 7>>;
  const Names head = probe  ? Names{"head.0.running_mean", "head.0.running_var", "head.1.weight", "head.1.bias"}
                     : mean ? Names{"fc_norm.weight", "fc_norm.bias", "head.weight", "head.bias"}
                            : Names{"head.weight", "head.bias"};
  for (const char* const name : {"encoder", "whole"}) {
    const Weights<Task, Policy> before(5);
    Weights<Task, Policy> weights(5);
    const LoadReport report = load_encoder(folder / name, weights, statistics);
    CHECK(report.loaded == names_of<Model::Encoder>(mean ? "norm." : "nothing"));
    CHECK(report.kept == head);
    const std::size_t decoder = names_of<Model>().size() - names_of<Model::Encoder>().size();
    CHECK(report.ignored.size() == (mean ? 2u : 0u) + (name == std::string("whole") ? decoder : 0));
    for (const ParameterInfo& p : weights.parameters()) {
      const float* const expected = source.find(p.name) ? source.at(*source.find(p.name)) : before.at(p);
      INFO(p.name);
      CHECK(std::memcmp(weights.at(p), expected, static_cast<std::size_t>(p.count) * 4) == 0);
    }
  }
}

TEST_CASE("a fine-tuned classifier's head is not loaded with its encoder, even where it would fit") {
  const test::TemporaryDirectory folder;
  using Tuned = Classifier<Geometry, Size, 7>;
  const Weights<Tuned, Policy> source(1);
  save_checkpoint(folder / "tuned", source);
  const Names head{"fc_norm.weight", "fc_norm.bias", "head.weight", "head.bias"};
  auto load = [&]<class Task>(Weights<Task, Policy>& weights) {
    const LoadReport report = load_encoder(folder / "tuned", weights, statistics);
    CHECK(report.kept == head);
    CHECK(report.ignored.size() == head.size());
    for (const std::string& name : head)
      CHECK(std::any_of(report.ignored.begin(), report.ignored.end(), [&](const LoadReport::Ignored& ignored) {
        return ignored.tensor == name && ignored.reason == Reason::head;
      }));
    const Weights<Task, Policy> fresh(5);
    for (const ParameterInfo& p : weights.parameters()) {
      INFO(p.name);
      const bool kept = std::find(head.begin(), head.end(), p.name) != head.end();
      const float* const expected = kept ? fresh.at(p) : source.at(*source.find(p.name));
      CHECK(std::memcmp(weights.at(p), expected, static_cast<std::size_t>(p.count) * 4) == 0);
    }
  };
  Weights<Tuned, Policy> same(5);
  load(same);
  Weights<Classifier<Geometry, Size, 3>, Policy> other(5);  // of another number of classes
  load(other);

  Weights<Tuned, Policy> whole(5);
  CHECK(load_checkpoint(folder / "tuned", whole).kept.empty());
  CHECK(same_bits(whole, source));
  // What must not be loaded need not be there.
  Parts parts(folder / "tuned");
  std::erase_if(parts.tensors, [](const Parts::Tensor& t) { return t.name.starts_with("fc_norm."); });
  parts.write(folder / "tuned");
  whole = Weights<Tuned, Policy>(5);
  CHECK(load_encoder(folder / "tuned", whole, statistics).kept == head);
}

TEST_CASE("what is recorded has a point, and is read back, in every locale") {
  const test::TemporaryDirectory folder;
  Metadata metadata;
  record(metadata, {{0.1, 0.2, 1. / 3, 0.4, 1234.5}, {0.25, 1e-3, 0.5, 1, 2}});
  const Weights<Model, Policy> saved(1);
  save_checkpoint(folder / "plain", saved, metadata);
  auto check = [&](const char* name) {
    Metadata again;
    record(again, {{0.1, 0.2, 1. / 3, 0.4, 1234.5}, {0.25, 1e-3, 0.5, 1, 2}});
    save_checkpoint(folder / name, saved, again);
    CHECK(test::read_text(folder / name) == test::read_text(folder / "plain"));
    CHECK(recorded_normalization(SafetensorsFile::read(folder / name)).mean[4] == 1234.5);
  };
  for (const char* const name : {"de_DE", "fa_IR"}) {
    const test::CommaLocale locale(name);
    if (locale.set()) check(name);
    else MESSAGE("no locale ", name, ": not tried");
  }
  const test::CommaStreams streams;
  check("streams");
}

TEST_CASE("a run of pre-training knows what it did") {
  using Small = MaskedAutoencoder<ImageShape<1, 4, 4, 2>, Transformer<8, 1, 1>, Transformer<8, 1, 1>>;
  const Dataset images{1, 4, 4, std::vector<std::uint8_t>(16 * 5, 9), {}, 0};
  PretrainingOptions options;
  options.batch = 2;
  Pretraining<Small, Reference<float>> run(images, options, {{0.25}, {0.5}});
  const Metadata before{{"epochs", "0"}, {"mean", "[0.25]"}, {"deviation", "[0.5]"}, {"masking", "random"}};
  CHECK(metadata_of(run) == before);
  for (int update = 0; update < 5; ++update) run.update();  // two epochs of two, and half of another
  CHECK(metadata_of(run).at("epochs") == "2");
}

TEST_CASE("numbers that are not finite are neither loaded nor saved: which tensor, where, how many") {
  auto put = [](Parts& p, const std::string& name, std::initializer_list<std::size_t> places, auto value) {
    for (const std::size_t at : places) std::memcpy(p[name].bytes.data() + at * sizeof value, &value, sizeof value);
  };
  const float nan = std::nanf("1"), infinite = HUGE_VALF;
  CHECK(error_after([&](Parts& p) { put(p, "cls_token", {0}, nan); }) ==
        "mae: FILE: tensor 'cls_token': found 1 of 20 numbers that is not finite, the first at [0, 0, 0], expected "
        "finite "
        "numbers");
  // Where it is in the file's order: [20, 5, 3, 3].
  CHECK(error_after([&](Parts& p) {
          put(p, "patch_embed.proj.weight", {100, 899}, -infinite);
        }) ==
        "mae: FILE: tensor 'patch_embed.proj.weight': found 2 of 900 numbers that are not finite, the first at "
        "[2, 1, 0, 1], expected finite numbers");
  CHECK(error_after([&](Parts& p) { put(p, "decoder_pred.bias", {44}, infinite); }).find("at [44]") !=
        std::string::npos);

  const test::TemporaryDirectory folder;
  // A tensor that is not loaded does not matter; a double that no float can hold does.
  save_checkpoint(folder / "wide", Weights<Model, Cpu<double>>(1));
  Parts wide(folder / "wide");
  put(wide, "decoder_pred.bias", {44}, 1e300);
  put(wide, "norm.bias", {3}, double(nan));
  wide.write(folder / "wide");
  Weights<Classifier<Geometry, Size, 7>, Policy> classifier;
  load_encoder(folder / "wide", classifier, statistics);
  CHECK(load_error(folder / "wide").find("tensor 'norm.bias': found 1 of 20") != std::string::npos);
  put(wide, "norm.bias", {3}, 0.0);
  wide.write(folder / "wide");
  CHECK(load_error(folder / "wide").find("tensor 'decoder_pred.bias': found 1 of 45") != std::string::npos);

  Weights<Model, Policy> weights(1);
  save_encoder(folder / "encoder", weights);
  weights.at(*weights.find("norm.bias"))[3] = nan;
  const std::string told =
      ": tensor 'norm.bias': found 1 of 20 numbers that is not finite, the first at [3], expected "
      "finite numbers";
  CHECK(error_of([&] { save_encoder(folder / "encoder", weights); }) == "mae: " + (folder / "encoder") + told);
  CHECK(error_of([&] { save_checkpoint(folder / "whole", weights); }) == "mae: " + (folder / "whole") + told);
  CHECK(error_of([&] { load_encoder(folder / "encoder", classifier, statistics); }) == "");
  CHECK(folder.entries() == 2);
}

TEST_CASE("files that do not fit: an error that names the file, what was found and what was expected") {
  CHECK(error_after([](Parts& p) { p.tensors.erase(p.tensors.begin()); }) ==
        "mae: FILE: found no tensor cls_token, expected all parameters of the model");
  CHECK(error_after([](Parts& p) { p.tensors.pop_back(); }) ==
        "mae: FILE: found no tensor decoder_pred.bias, expected all parameters of the model");
  CHECK(error_after([](Parts& p) {
          p.tensors.push_back({"head.weight", "F32", {0}, {}});
        }) ==
        "mae: FILE: found a tensor head.weight, expected only tensors that the model has; is this another model's "
        "file?");
  CHECK(error_after([](Parts& p) {
          p["norm.bias"].shape = {4, 5};
        }) == "mae: FILE: tensor 'norm.bias': found shape [4, 5], expected [20]");
  CHECK(error_after([](Parts& p) { p["decoder_pred.bias"].dtype = "I32"; }) ==
        "mae: FILE: tensor 'decoder_pred.bias': found dtype I32, expected one that converts to F32");
  CHECK(error_after([](Parts& p) { p.metadata["encoder"] = "20 wide, 5 blocks, 4 heads"; }) ==
        "mae: FILE: encoder: found 20 wide, 5 blocks, 4 heads, expected 20 wide, 5 blocks, 5 heads, as the model has");
  CHECK(error_after([](Parts& p) { p.metadata["target"] = "pixels"; }) ==
        "mae: FILE: target: found pixels, expected normalized pixels, as the model has");
}

TEST_CASE("sizes that no shape shows are compared where the file records them") {
  const test::TemporaryDirectory folder;
  const Weights<Model, Policy> weights(1);
  save_checkpoint(folder / "x", weights);
  using Heads = MaskedAutoencoder<Geometry, Transformer<20, 5, 1, 3>, Decoded, MaskRatio<50>>;
  using DecoderHeads = MaskedAutoencoder<Geometry, Size, Transformer<24, 4, 1, 3>, MaskRatio<50>>;
  using Pixels = MaskedAutoencoder<Geometry, Size, Decoded, MaskRatio<50>, Target::pixels>;
  CHECK(load_error<Heads>(folder / "x").find(": encoder: found ") != std::string::npos);
  CHECK(load_error<DecoderHeads>(folder / "x").find(": decoder: found ") != std::string::npos);
  CHECK(load_error<Pixels>(folder / "x").find(": target: found ") != std::string::npos);

  // Another ratio is another way to use the same weights; and what a file does not say is not held against it.
  Weights<MaskedAutoencoder<Geometry, Size, Decoded, MaskRatio<80>>, Policy> other;
  load_checkpoint(folder / "x", other);
  Parts parts(folder / "x");
  parts.metadata.clear();
  parts.write(folder / "x");
  Weights<Model, Policy> loaded;
  load_checkpoint(folder / "x", loaded);
  CHECK(same_bits(loaded, weights));
}

TEST_CASE("files that cannot be read or written") {
  const test::TemporaryDirectory folder;
  const Weights<Model, Policy> weights(1);
  const std::string path = folder / "x";
  CHECK(load_error(path) ==
        "mae: " + path + ": found \"No such file or directory\" on opening, expected a readable file");
  save_checkpoint(path, weights);
  const std::string text = test::read_text(path);
  const std::size_t lengths[] = {0, 7, 1000, text.size() / 2, text.size() - 1};
  for (const std::size_t bytes : lengths) {
    test::write_text(path, text.substr(0, bytes));
    INFO(bytes, " bytes");
    CHECK(load_error(path).starts_with("mae: " + path + ": "));
  }

  CHECK(error_of([&] { save_checkpoint(folder / "no/x", weights); }).starts_with("mae: " + (folder / "no/x") + ": "));
  REQUIRE(::chmod(folder.path.c_str(), 0555) == 0);
  {
    const test::OrdinaryUser ordinary;
    CHECK(error_of([&] { save_encoder(folder / "new", weights); }).starts_with("mae: " + (folder / "new") + ": "));
  }
  CHECK(folder.entries() == 1);
  REQUIRE(::chmod(folder.path.c_str(), 0755) == 0);

  using Other = Classifier<Geometry, Size, 7>;
  CHECK(error_of([&] { save_part<Other>(folder / "new", weights, {}); }) ==
        "mae: " + (folder / "new") + ": found no parameter fc_norm.weight in the model, expected one, to save it");
  const std::string no_text = error_of([&] { save_checkpoint(folder / "new", weights, {{"by", "\xff"}}); });
  CHECK(test::contains(no_text, "UTF-8"));
  CHECK(folder.entries() == 1);
}

TEST_CASE("statistics that are missing or make no sense") {
  const test::TemporaryDirectory folder;
  const float zero = 0;
  auto error_with = [&](const Metadata& metadata) {
    const std::string path = folder / "x";
    write_safetensors(path, {tensor_bytes("a", {1}, &zero)}, metadata);
    const std::string error = error_of([&] { recorded_normalization(SafetensorsFile::read(path)); });
    const std::string start = "mae: " + path + ": metadata";
    REQUIRE(error.substr(0, start.size()) == start);
    return error.substr(start.size());
  };
  CHECK(error_with({}) == ": found no key 'mean', expected one");
  CHECK(error_with({{"mean", "[0.5]"}}) == ": found no key 'deviation', expected one");
  for (const char* bad : {"", "0.5", "[]", "[0.5", "[0.5,\"1\"]", "[null]", "{\"a\":0.5}", "[1e999]", "[[0.5]]"}) {
    CHECK(error_with({{"mean", bad}, {"deviation", "[1]"}}) ==
          " 'mean': found " + std::string(bad) + ", expected a list of numbers");
    CHECK(error_with({{"mean", "[0.5]"}, {"deviation", bad}}) ==
          " 'deviation': found " + std::string(bad) + ", expected a list of numbers");
  }
  for (const char* const bad : {"[0]", "[-1]", "[1,1]"})
    CHECK(error_with({{"mean", "[0.5]"}, {"deviation", bad}}) ==
          " 'deviation': found " + std::string(bad) + ", expected a positive number for each channel");
}
