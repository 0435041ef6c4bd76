#include <mae/checkpoint/load_encoder.hpp>

#include <doctest/doctest.h>

#include <mae/backend/reference.hpp>
#include <mae/model/classifier.hpp>

#include <support/temporary.hpp>

using namespace mae;
using test::error_of;

namespace {

using Geometry = ImageShape<1, 4, 4, 2>;
using Size = Transformer<8, 2, 1>;
using Model = MaskedAutoencoder<Geometry, Size, Size>;
using Alone = Encoder<Geometry, Size>;
using Policy = Reference<float>;
const Normalization own{{0.25}, {0.5}}, other{{0.5}, {0.5}};

struct Mine : EncoderWithHead<Geometry, Size> {
  Linear<8, 3> classifier;
  MAE_MODULE(encoder, classifier)
};

/// What loading and saving ask of a run.
template <class M>
struct Run {
  Weights<M, Policy> numbers{7};
  Normalization statistics = own;
  auto& weights() { return numbers; }
  const auto& weights() const { return numbers; }
  const Normalization& normalization() const { return statistics; }
  Index epoch() const { return 3; }
};

/// Whether the encoder of `weights` is that of `source`.
template <class A, class B>
bool same_encoder(const Weights<A, Policy>& weights, const Weights<B, Policy>& source) {
  const auto ours = encoder_parameters<A>(), theirs = encoder_parameters<B>();
  for (std::size_t k = 0; k < ours.size(); ++k)
    for (Index i = 0; i < ours[k].count; ++i)
      if (ours[k].name != theirs[k].name || weights.at(ours[k])[i] != source.at(theirs[k])[i]) return false;
  return true;
}

}  // namespace

TEST_CASE("an encoder comes with the normalisation that its run had, from any file that has it") {
  const test::TemporaryDirectory folder;
  const Run<Model> run;
  save_encoder(folder / "encoder", run, {{"data", "squares"}, {"epochs", "800"}});  // the last cannot be contradicted
  save_checkpoint(folder / "whole", run);
  const SafetensorsFile file = SafetensorsFile::read(folder / "encoder");
  CHECK(file.metadata("epochs") == "3");
  CHECK(file.metadata("data") == "squares");
  CHECK(file.names().size() == parameters<Alone>().size());
  for (const char* const name : {"encoder", "whole"}) {
    const Pretrained<Alone, Policy> found = load_encoder<Alone, Policy>(folder / name);
    CHECK(found.normalization == own);
    CHECK(same_encoder(found.weights, run.weights()));
    CHECK(load_encoder<Alone, Policy>(folder / name, own).normalization == own);
  }
}

TEST_CASE("a head of any name is new; its encoder is saved flat, and found behind the name that the model gave it") {
  const test::TemporaryDirectory folder;
  const Run<Model> run;
  save_encoder(folder / "encoder", run);
  Run<Mine> tuned;
  tuned.weights().initialise(9);
  const Weights<Mine, Policy> before(9);
  const LoadReport report = load_encoder(folder / "encoder", tuned);
  CHECK(report.kept == std::vector<std::string>{"classifier.weight", "classifier.bias"});
  CHECK(report.loaded.front() == "encoder.cls_token");
  CHECK(report.ignored.empty());
  CHECK(same_encoder(tuned.weights(), run.weights()));
  const ParameterInfo& head = *before.find("classifier.weight");
  for (Index i = 0; i < head.count; ++i) CHECK(tuned.weights().at(head)[i] == before.at(head)[i]);

  save_checkpoint(folder / "tuned", tuned);  // encoder.cls_token, ..., classifier.bias
  save_encoder(folder / "again", tuned);     // cls_token, ...
  for (const char* const name : {"tuned", "again"})
    CHECK(same_encoder(load_encoder<Alone, Policy>(folder / name).weights, run.weights()));
  // Loaded as the model itself, the head is fresh, though the file has one.
  const auto fresh = load_encoder<Mine, Policy>(folder / "tuned");
  const Weights<Mine, Policy> zeroth(0);
  for (Index i = 0; i < head.count; ++i) CHECK(fresh.weights.at(head)[i] == zeroth.at(head)[i]);
}

TEST_CASE("the normalisation is the file's; without one the caller gives it; two that differ are an error") {
  const test::TemporaryDirectory folder;
  const Weights<Model, Policy> weights(1);
  save_encoder(folder / "silent", weights);
  CHECK(find_normalization(SafetensorsFile::read(folder / "silent")) == std::nullopt);
  CHECK(error_of([&] { load_encoder<Alone, Policy>(folder / "silent"); }) ==
        "mae: " + (folder / "silent") +
            ": found no mean and deviation of its images, expected a file that records them, "
            "or a Normalization given beside it");
  CHECK(load_encoder<Alone, Policy>(folder / "silent", other).normalization == other);

  const Run<Model> run;
  save_encoder(folder / "told", run);
  CHECK(find_normalization(SafetensorsFile::read(folder / "told")) == own);
  const std::string differ = "mae: " + (folder / "told") +
                             ": normalization: found mean [0.25], deviation [0.5], "
                             "expected mean [0.5], deviation [0.5], as images are normalised here";
  CHECK(error_of([&] { load_encoder<Alone, Policy>(folder / "told", other); }) == differ);
  Run<Mine> elsewhere;
  elsewhere.statistics = other;
  const Weights<Mine, Policy> before(7);
  CHECK(error_of([&] { load_encoder(folder / "told", elsewhere); }) == differ);
  CHECK(error_of([&] { load_encoder(folder / "told", elsewhere.weights(), other); }) == differ);
  for (const ParameterInfo& p : before.parameters()) CHECK(elsewhere.weights().at(p)[0] == before.at(p)[0]);
  load_encoder(folder / "told", elsewhere.weights(), own);
  CHECK(same_encoder(elsewhere.weights(), run.weights()));
}

TEST_CASE("an encoder of other sizes, with too much or too little, is refused") {
  const test::TemporaryDirectory folder;
  auto error_with = [&]<class M>(const Weights<M, Policy>& weights, bool sizes) {
    save_encoder(folder / "x", weights);
    if (!sizes) {  // a file that does not say what it is of
      const SafetensorsFile file = SafetensorsFile::read(folder / "x");
      std::vector<std::vector<std::byte>> bytes;
      std::vector<TensorBytes> tensors;
      for (const TensorEntry& e : file.entries()) bytes.push_back(file.bytes(e.name));
      for (std::size_t k = 0; k < bytes.size(); ++k)
        tensors.push_back({file.entries()[k].name, file.entries()[k].dtype, file.entries()[k].shape, bytes[k].data()});
      write_safetensors(folder / "x", tensors, {});
    }
    const std::string error = error_of([&] { load_encoder<Alone, Policy>(folder / "x", own); });
    const std::string start = "mae: " + (folder / "x") + ": ";
    REQUIRE(error.starts_with(start));
    return error.substr(start.size());
  };
  const Weights<Encoder<Geometry, Transformer<8, 3, 1>>, Policy> deeper(1);
  CHECK(error_with(deeper, true) ==
        "encoder: found 8 wide, 3 blocks, 1 heads, expected 8 wide, 2 blocks, 1 heads, as the model has");
  // Without metadata, the shapes say it.
  CHECK(error_with(deeper, false) ==
        "encoder: found 8 wide, 3 blocks, 1 heads, expected 8 wide, 2 blocks, 1 heads, as the model has");
  CHECK(error_with(Weights<Encoder<Geometry, Transformer<8, 1, 1>>, Policy>(1), false) ==
        "encoder: found 8 wide, 1 blocks, 1 heads, expected 8 wide, 2 blocks, 1 heads, as the model has");
  const Weights<Classifier<Geometry, Size, 3>, Policy> pooled(1);  // has no `norm`
  CHECK(error_with(pooled, true) == "found no tensor norm.weight, expected all parameters of the model");
}
