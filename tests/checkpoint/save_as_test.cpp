// What is written for others: tensor for tensor what they write themselves, and their programs loaded strictly and
// without a warning (transformers 4.57.3 and 5.24.0, timm 1.0.31: tests/golden/published.py).
#include <mae/checkpoint/save_as.hpp>

#include <doctest/doctest.h>

#include <mae/backend/reference.hpp>
#include <mae/checkpoint/load_encoder.hpp>

#include "support/source_folder.hpp"
#include "support/temporary.hpp"

using namespace mae;
using test::error_of;

namespace {

using Geometry = ImageShape<3, 6, 6, 2>;
using Size = Transformer<8, 2, 2>;
using Model = MaskedAutoencoder<Geometry, Size, Transformer<4, 1, 1>, MaskRatio<75>, Target::pixels>;
using Policy = Reference<float>;

std::string published(const std::string& name) { return test::source_folder() + "/tests/golden/published/" + name; }

/// Whether two files have the same tensors, in any order, and a foreign file's metadata.
void check_same(const std::string& path, const std::string& golden) {
  const SafetensorsFile ours = SafetensorsFile::read(path), theirs = SafetensorsFile::read(golden);
  CHECK(ours.entries().size() == theirs.entries().size());
  for (const TensorEntry& entry : theirs.entries()) {
    INFO(entry.name);
    REQUIRE(ours.find(entry.name) != nullptr);
    CHECK(ours.at(entry.name, entry.shape).dtype == entry.dtype);
    CHECK(ours.bytes(entry.name) == theirs.bytes(entry.name));
  }
  CHECK(ours.metadata() == std::map<std::string, std::string>{{"format", "pt"}});
}
template <class M>
Weights<M, Policy> loaded(const std::string& name) {
  Weights<M, Policy> weights;
  load_checkpoint(published(name), weights);
  return weights;
}

}  // namespace

TEST_CASE("transformers' folders: a whole model, an encoder, a classifier") {
  const test::TemporaryDirectory folder;
  auto check = [&](const auto& weights, const std::string& golden, const std::string& tensors) {
    save_as(dialects::hugging_face, folder / "x", weights);
    check_same(folder / "x/model.safetensors", published(tensors));
    CHECK(test::read_text(folder / "x/config.json") == test::read_text(published(golden + "/config.json")));
  };
  check(loaded<Model>("transformers_5.safetensors"), "hugging_face", "hugging_face/model.safetensors");
  check(loaded<Encoder<Geometry, Size>>("timm.safetensors"), "hugging_face_encoder",
        "transformers_encoder.safetensors");
  check(loaded<Classifier<Geometry, Size, 5, Pool::class_token>>("transformers_classifier.safetensors"),
        "hugging_face_classifier", "transformers_classifier.safetensors");
}

TEST_CASE("transformers' folders say how images are normalised, and say it to us") {
  const test::TemporaryDirectory folder;
  const Pretrained<Model, Policy> model{loaded<Model>("hugging_face"), {{0.5, 0.25, 0.125}, {0.25, 0.5, 0.75}}};
  save_as(dialects::hugging_face, folder / "x", model);
  const std::string settings = folder / "x/preprocessor_config.json";
  CHECK(test::read_text(settings) == test::read_text(published("hugging_face_images/preprocessor_config.json")));
  CHECK(load_encoder<Encoder<Geometry, Size>>(folder / "x").normalization == model.normalization);
  save_as(dialects::hugging_face, folder / "x", model.weights);  // of which nothing is known
  CHECK(!std::filesystem::exists(settings));
}

TEST_CASE("files for timm and the original code, and for any other dialect that is PyTorch's") {
  const test::TemporaryDirectory folder;
  save_as(dialects::original, folder / "x", loaded<Encoder<Geometry, Size>>("transformers_encoder.safetensors"));
  check_same(folder / "x", published("timm.safetensors"));
  save_as(dialects::original, folder / "x", loaded<Classifier<Geometry, Size, 5>>("timm_pool.safetensors"));
  check_same(folder / "x", published("timm_pool.safetensors"));
  const auto whole = loaded<Model>("transformers_5.safetensors");
  for (const Dialect& dialect : dialects::all) {
    INFO(dialect.name);
    const std::string name(dialect.name);
    if (name == "augreg" || name == "big_vision") {
      CHECK(error_of([&] { save_as(dialect, folder / "no", whole); }).starts_with("mae: " + (folder / "no")));
      continue;
    }
    if (&dialect == &dialects::hugging_face || name.find("DINOv2") != name.npos || name == "lightly") continue;
    save_as(dialect, folder / "x", whole);
    if (name == "mmpretrain") check_same(folder / "x", published("mmpretrain.safetensors"));
    if (name == "lightly, old") check_same(folder / "x", published("lightly_old.safetensors"));
    if (name.ends_with("transformers 5")) check_same(folder / "x", published("transformers_5_memory.safetensors"));
    if (name.ends_with("5 saves")) check_same(folder / "x", published("transformers_5.safetensors"));
    Weights<Model, Policy> again;
    load_checkpoint(folder / "x", again);
    CHECK(std::memcmp(again.data(), whole.data(), static_cast<std::size_t>(whole.size()) * 4) == 0);
  }
}

TEST_CASE("a probe has the counter that PyTorch's batch norm wants, and loading it back ignores it") {
  const test::TemporaryDirectory folder;
  using Probe = LinearProbe<Geometry, Size, 3>;
  const Weights<Probe, Policy> weights(1);
  save_as(dialects::original, folder / "x", weights);
  const SafetensorsFile file = SafetensorsFile::read(folder / "x");
  CHECK(file.at("head.0.num_batches_tracked", {}).dtype == "I64");
  CHECK(file.values<std::int64_t>("head.0.num_batches_tracked").at(0) == 0);
  Weights<Probe, Policy> again(2);
  const LoadReport report = load_checkpoint(file, again);
  REQUIRE(report.ignored.size() == 1);
  CHECK(report.ignored[0].reason == Reason::counter);
  CHECK(std::memcmp(again.data(), weights.data(), static_cast<std::size_t>(weights.size()) * 4) == 0);
}

TEST_CASE("what a dialect has no name for, or no number is, is not written") {
  const test::TemporaryDirectory folder;
  CHECK(error_of([&] {
          save_as(dialects::hugging_face, folder / "x", Weights<Classifier<Geometry, Size, 5>, Policy>(1));
        }) == "mae: " + (folder / "x") +
                  ": found the parameter fc_norm.weight, expected one that Hugging Face has a name for");
  Weights<Model, Policy> weights(1);
  weights.at(*weights.find("blocks.1.attn.qkv.weight"))[130] = HUGE_VALF;
  CHECK(error_of([&] { save_as(dialects::hugging_face, folder / "x", weights); }) ==
        "mae: " + (folder / "x/model.safetensors") +
            ": tensor 'blocks.1.attn.qkv.weight': found 1 of 192 numbers that is not finite, "
            "the first at [16, 2], expected finite numbers");
  CHECK(folder.entries() == 0);
}
