// Files that no run can go on from: damaged, of something else, of numbers that are none. Nothing of them is loaded, and
// no file takes the place of a good one.
#include <bit>
#include <cmath>
#include <cstring>

#include "checkpoint/parts.hpp"
#include "checkpoint/runs.hpp"

using namespace test;

namespace {

void write_changed(const std::string& from, const std::string& to, const auto& edit) {
  std::string text = read_text(from);
  edit(text);
  write_text(to, text);
}

}  // namespace

TEST_CASE("files that are no state of a run, or damaged") {
  const TemporaryDirectory folder;
  const std::string path = folder / "run", bad = folder / "bad";
  Run run(images, small<PretrainingOptions>(), normalization);
  run.update();
  CHECK(load_error(path) == "mae: FILE: found \"No such file or directory\" on opening, expected a readable file");
  save_checkpoint(path, run.weights());
  CHECK(load_error(path) ==
        "mae: FILE: found a checkpoint without the state of a run, expected one that save_run wrote");
  check_checkpoint(path);  // whole, though

  save_run(path, run);
  const std::size_t bytes = read_text(path).size();
  for (const std::size_t left : {std::size_t{0}, std::size_t{7}, std::size_t{1000}, bytes / 2, bytes - 1}) {
    write_changed(path, bad, [&](std::string& text) { text.resize(left); });
    INFO(left, " bytes of ", bytes);
    CHECK(load_error(bad).starts_with("mae: FILE: "));
    CHECK_THROWS_AS(check_checkpoint(bad), Error);
  }
  // One bit, in a weight, a moment, the last byte, or the number of updates.
  const std::size_t steps = read_text(path).find("\"run.steps\":\"1\"") + 13;
  for (const std::size_t place : {bytes / 3, bytes / 2, bytes - 1, steps}) {
    write_changed(path, bad, [&](std::string& text) { text[place] = static_cast<char>(text[place] ^ 2); });
    INFO("byte ", place, " of ", bytes);
    CHECK(load_error(bad).ends_with("; the file is damaged"));
    CHECK_THROWS_AS(check_checkpoint(bad), Error);
  }
}

TEST_CASE("weights and moments that are no numbers: which, where and how many, and nothing is loaded") {
  const TemporaryDirectory folder;
  Run run(images, small<PretrainingOptions>(), normalization);
  run.update();
  save_run(folder / "run", run);
  const auto infinite = std::bit_cast<std::uint32_t>(HUGE_VALF), nan = infinite + 1;
  for (const std::string name :
       {"patch_embed.proj.weight", "optimizer.exp_avg.blocks.1.attn.qkv.weight", "optimizer.exp_avg_sq.cls_token"})
    for (const std::uint32_t bits : {infinite, infinite | 1u << 31, nan, nan | 1u << 31}) {
      Parts parts(folder / "run");
      for (const std::size_t at : {std::size_t{13}, std::size_t{15}})
        std::memcpy(parts[name].bytes.data() + 4 * at, &bits, 4);
      parts.write_run(folder / "bad");
      const std::size_t count = parts[name].bytes.size() / 4;
      const std::string place = name.ends_with("token")        ? "[0, 0, 13]"
                                : name.ends_with("qkv.weight") ? "[0, 13]"
                                                               : "[0, 0, 3, 1]";
      CHECK(load_error(folder / "bad") == "mae: FILE: tensor '" + name + "': found 2 of " + std::to_string(count) +
                                              " numbers that are not finite, the first at " + place +
                                              ", expected finite numbers");
      CHECK_THROWS_AS(check_checkpoint(folder / "bad"), Error);
    }
}

TEST_CASE("files that say nonsense, with the right checksum") {
  const TemporaryDirectory folder;
  Run run(images, small<PretrainingOptions>(), normalization);
  run.update();
  save_run(folder / "run", run);
  auto error_with = [&](const std::string& key, const std::string& value) {
    Parts parts(folder / "run");
    if (value.empty()) parts.metadata.erase(key);
    else parts.metadata[key] = value;
    parts.write_run(folder / "bad");
    return load_error(folder / "bad");
  };
  for (const char* const steps : {"x", "1.5", "[1]", "\"1\"", "1e99999", "99999999999999999999", "{"})
    CHECK(error_with("run.steps", steps).starts_with("mae: FILE"));
  CHECK(error_with("run.steps", "1\n5") == "mae: FILE: metadata 'run.steps': found '1?5', expected a whole number");
  CHECK(error_with("run.steps", "13") == "mae: FILE: found 13 updates, expected at most 3 epochs of 4");
  CHECK(error_with("run.steps", "-1") == "mae: FILE: found -1 updates, expected at most 3 epochs of 4");
  CHECK(error_with("run.steps", "") == "mae: FILE: metadata: found no key 'run.steps', expected one");
  CHECK(error_with("run.epoch_images", "-7").starts_with("mae: FILE: found a loss of "));
  CHECK(error_with("run.epoch_loss", "1e999").starts_with("mae: FILE: metadata 'run.epoch_loss': found '1e999'"));
  CHECK(error_with("run.seed", "") ==
        "mae: FILE: the run to continue: found seed nothing, expected seed '3', as this run has");
  CHECK(error_with("run.seed", std::string(5000, '9')).size() < 300);
}

TEST_CASE("files of another mask ratio or precision") {
  const TemporaryDirectory folder;
  save_run(folder / "run", Run(images, small<PretrainingOptions>(), normalization));
  Parts ratio(folder / "run"), precision(folder / "run");
  ratio.metadata["mask_ratio"] = "0.500000";
  ratio.write_run(folder / "ratio");
  CHECK(load_error(folder / "ratio") ==
        "mae: FILE: the run to continue: found mask_ratio '0.500000', expected mask_ratio '0.750000', as this run has");
  Parts::Tensor& token = precision["cls_token"];
  token.dtype = "F64";
  token.bytes.resize(2 * token.bytes.size());
  precision.write_run(folder / "precision");
  CHECK(load_error(folder / "precision") == "mae: FILE: tensor 'cls_token': found dtype F64, expected F32");
}

TEST_CASE("a file that cannot be written leaves the earlier one") {
  const TemporaryDirectory folder;
  Run run(images, small<PretrainingOptions>(), normalization);
  save_run(folder / "run", run);
  const std::string before = read_text(folder / "run");
  run.update();
  CHECK(
      error_of([&] { save_run(folder / "none/run", run); }).starts_with("mae: " + (folder / "none/run") + ": found "));
  CHECK(error_of([&] { save_run(folder / "run", run, {{"config", "\xff"}}); }).find("UTF-8") != std::string::npos);
  // Weights that have run away must not take the place of good ones.
  run.weights().at(*run.weights().find("norm.bias"))[3] = HUGE_VALF;
  CHECK(
      error_of([&] { save_run(folder / "run", run); }) ==
      "mae: " + (folder / "run") +
          ": tensor 'norm.bias': found 1 of 16 numbers that is not finite, the first at [3], expected finite numbers");
  run.weights().at(*run.weights().find("norm.bias"))[3] = 0;
  run.optimizer().second_moment().at(*run.weights().find("cls_token"))[0] = NAN;
  CHECK(contains(error_of([&] { save_run(folder / "run", run); }), "'optimizer.exp_avg_sq.cls_token': found 1 of 16"));
  CHECK(read_text(folder / "run") == before);
  CHECK(folder.entries() == 1);
}
