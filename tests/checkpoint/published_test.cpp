// Files of other projects (tests/golden/published.py): loaded, compared bit by bit, and computed with.
#include <mae/checkpoint/load_encoder.hpp>

#include <map>

#include <mae/backend/reference.hpp>
#include <mae/model/classifier.hpp>
#include <mae/model/encode.hpp>

#include "support/golden.hpp"
#include "support/temporary.hpp"

using namespace mae;
using test::distance;

namespace {

using Geometry = ImageShape<3, 6, 6, 2>;
using Size = Transformer<8, 2, 2>;
using Model = MaskedAutoencoder<Geometry, Size, Transformer<4, 1, 1>, MaskRatio<75>, Target::pixels>;
using Alone = Encoder<Geometry, Size>;

std::string published(const std::string& name) { return test::source_folder() + "/tests/golden/published/" + name; }
SafetensorsFile truth() { return SafetensorsFile::read(published("expected.safetensors")); }

/// How many of the parameters are not, bit for bit, the tensor of the file that has their name there.
template <class M, class Policy>
int differences(const Weights<M, Policy>& weights, const SafetensorsFile& file) {
  int count = 0;
  for (const ParameterInfo& p : weights.parameters()) {
    const auto values = file.values<typename Policy::Parameter>(p.name);
    for (Index i = 0; i < p.count; ++i)
      if (weights.at(p)[i] != values[static_cast<std::size_t>(p.file_position(i))]) {
        ++count;
        break;
      }
  }
  return count;
}
std::size_t ignored(const LoadReport& report, Reason reason) {
  std::size_t count = 0;
  for (const LoadReport::Ignored& i : report.ignored) count += i.reason == reason;
  return count;
}

/// The dialect of each file, and whether it has a decoder.
struct File {
  const char *name, *dialect;
  bool whole;
};
const File files[] = {{"hugging_face/model.safetensors", "Hugging Face", true},
                      {"transformers_5.safetensors", "Hugging Face, as transformers 5 saves", true},
                      {"transformers_5_memory.safetensors", "Hugging Face, transformers 5", true},
                      {"transformers_encoder.safetensors", "Hugging Face", false},
                      {"transformers_classifier.safetensors", "Hugging Face", false},
                      {"timm.safetensors", "the original repository", false},
                      {"timm_token.safetensors", "the original repository", false},
                      {"mmpretrain.safetensors", "mmpretrain", true},
                      {"lightly.safetensors", "lightly", true},
                      {"lightly_old.safetensors", "lightly, old", true},
                      {"solo_learn.safetensors", "solo-learn", true},
                      {"augreg.safetensors", "augreg", false},
                      {"big_vision.safetensors", "big_vision", false}};

}  // namespace

TEST_CASE("a model of any dialect becomes the same weights, bit by bit, and all of the file is accounted for") {
  const SafetensorsFile expected = truth();
  for (const File& file : files) {
    const char *const name = file.name, *const dialect = file.dialect;
    const bool whole = file.whole;
    INFO(name);
    const std::size_t tensors = open_tensors(published(name)).entries().size();
    Weights<Alone, Reference<double>> encoder(7);
    const LoadReport report = load_encoder(published(name), encoder, {{.5, .5, .5}, {.5, .5, .5}});
    CHECK(differences(encoder, expected) == 0);
    CHECK(report.dialect == dialect);
    CHECK(report.loaded.size() == encoder.parameters().size());
    CHECK(report.suspicious.empty());
    std::size_t stacked = 0;
    for (const LoadReport::Conversion& c : report.converted) stacked += c.how.find("stacked") != c.how.npos ? 2 : 0;
    CHECK(report.loaded.size() + stacked + report.ignored.size() == tensors);
    if (!whole) {
      Weights<Model, Reference<float>> none(7);
      CHECK(test::error_of([&] { load_checkpoint(published(name), none); }) ==
            "mae: " + published(name) + ": found an encoder without a decoder, expected a whole masked autoencoder");
      continue;
    }
    Weights<Model, Reference<float>> model(7);
    if (std::string(name).starts_with("solo")) {  // has a head of its own
      CHECK(test::error_of([&] { load_checkpoint(published(name), model); }).find("a tensor classifier.weight") !=
            std::string::npos);
      load_checkpoint(published(name), model, {.may_ignore = {"classifier."}});
    } else {
      const LoadReport all = load_checkpoint(published(name), model);
      CHECK(all.ignored.size() == (std::string(name) == "lightly.safetensors" ? 1u : 0u));
    }
    CHECK(differences(model, expected) == 0);
    CHECK(ignored(report, Reason::decoder) > 15);
  }
}

TEST_CASE_TEMPLATE("features and predictions are those of transformers and timm", T, float, double) {
  const SafetensorsFile expected = truth();
  using Policy = Reference<T>;
  const auto images = test::tensor<T, Geometry::Pixels>(expected, "images");
  Weights<Model, Policy> model;
  load_checkpoint(published("transformers_5.safetensors"), model);
  CHECK(distance(encode(model, images), expected.values<double>("features")) <= test::tolerance<T>.value);
  const auto noise = test::tensor<float, Shape<dyn, Model::L>>(expected, "noise");
  Model::Masks masks(2);
  masks.resize(2);
  for (Index b = 0; b < 2; ++b) masks.from_noise(b, &noise(b, 0));
  Session<Program<Reconstruction<Model>, Policy, Inference>> session(2);
  const auto predicted = session.forward(model, images, masks.keep(), masks.restore());
  CHECK(distance(predicted, expected.values<double>("pred")) <= test::tolerance<T>.value);

  // Relatives: LayerScale is folded, a missing bias is zero.
  struct Relative {
    const char *name, *how;
  };
  const Relative relatives[] = {Relative{"dinov2", "times ls1.gamma"},
                                Relative{"dinov2_hf", "times layer_scale1.lambda1"},
                                Relative{"beit", "query, key and value stacked, keys have no bias: zeros"},
                                Relative{"no_bias", "no bias: zeros"}};
  for (const Relative& relative : relatives) {
    const char *const name = relative.name, *const how = relative.how;
    INFO(name);
    const auto encoder = load_encoder<Alone, Policy>(published(std::string(name) + ".safetensors"));
    const SafetensorsFile features = SafetensorsFile::read(published(std::string(name) + "_features.safetensors"));
    CHECK(distance(encode(encoder.weights, images), features.values<double>("features")) <= test::tolerance<T>.value);
    CHECK(encoder.normalization.mean == std::vector{0.485, 0.456, 0.406});
    bool told = false;
    for (const LoadReport::Conversion& c : encoder.report.converted)
      told = told || c.how.find(how) != std::string::npos;
    CHECK(told);
  }
}

TEST_CASE_TEMPLATE("classifiers of timm and transformers give their logits", Task,
                   Classifier<Geometry, Size, 5, Pool::mean>, Classifier<Geometry, Size, 5, Pool::class_token>) {
  const bool mean = std::is_same_v<Task, Classifier<Geometry, Size, 5, Pool::mean>>;
  const auto images = test::tensor<double, Geometry::Pixels>(truth(), "images");
  Session<Program<Task, Reference<double>, Inference>> session(2);
  auto check = [&](const std::string& name) {
    Weights<Task, Reference<double>> weights;
    const LoadReport report = load_checkpoint(published(name + ".safetensors"), weights);
    CHECK(report.ignored.empty());
    const auto logits = SafetensorsFile::read(published(name + "_logits.safetensors")).values<double>("logits");
    CHECK(distance(session.forward(weights, images), logits) <= 1e-10);
  };
  if (mean) check("timm_pool");
  else check("timm_token"), check("transformers_classifier");

  using Other = Classifier<Geometry, Size, 3, Pool::mean>;
  Weights<Other, Reference<double>> other(3);
  CHECK(test::error_of([&] { load_checkpoint(published("timm_pool.safetensors"), other); }) ==
        "mae: " + published("timm_pool.safetensors") +
            ": found a classifier of 5 classes, expected 3, as the model has; its encoder can be loaded alone");
  const LoadReport fresh = load_encoder(published("timm_pool.safetensors"), other, {{.5, .5, .5}, {.5, .5, .5}});
  CHECK(fresh.kept == std::vector<std::string>{"fc_norm.weight", "fc_norm.bias", "head.weight", "head.bias"});
  CHECK(ignored(fresh, Reason::head) == 4);
}
