#include <mae/checkpoint/checkpoint.hpp>

#include <algorithm>

#include <doctest/doctest.h>

#include <mae/backend/reference.hpp>
#include <mae/data/dataset.hpp>
#include <mae/checkpoint/load_encoder.hpp>
#include <mae/model/classifier.hpp>

#include <support/temporary.hpp>
#include "checkpoint/parts.hpp"
#include "support/comma.hpp"

using namespace mae;
using test::Parts;

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
