// Files that are no checkpoint of the model, or cannot be: what is told, and that weights keep every bit.
#include <cmath>
#include <cstring>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <mae/checkpoint/load_encoder.hpp>
#include <mae/model/classifier.hpp>

#include <support/temporary.hpp>
#include "checkpoint/parts.hpp"

using namespace mae;
using test::error_of, test::Parts;

namespace {

using Geometry = ImageShape<5, 18, 9, 3>;
using Size = Transformer<20, 5, 5, 3>;
using Decoded = Transformer<24, 4, 3, 3>;
using Model = MaskedAutoencoder<Geometry, Size, Decoded, MaskRatio<50>>;
using Policy = Cpu<float>;
const Normalization statistics{{0, 0, 0, 0, 0}, {1, 1, 1, 1, 1}};  // of files that record none


template <class W>
bool same_bits(const W& a, const W& b) {
  return std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(*a.data())) == 0;
}

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
