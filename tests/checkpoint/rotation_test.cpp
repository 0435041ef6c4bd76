#include <mae/checkpoint/rotation.hpp>

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <mae/backend/reference.hpp>
#include <mae/data/dataset.hpp>
#include <mae/train/pretrain.hpp>

#include <support/temporary.hpp>

using namespace mae;
using test::error_of, test::TemporaryDirectory;

namespace {

using Model = MaskedAutoencoder<ImageShape<1, 4, 4, 2>, Transformer<8, 1, 1>, Transformer<8, 1, 1>>;
using Run = Pretraining<Model, Reference<float>>;
using Names = std::vector<std::string>;

const Dataset five{1, 4, 4, std::vector<std::uint8_t>(16 * 5, 9), {}, 0};

/// A run that stands after `step` updates.
struct At : Run {
  explicit At(Index step) : Run(five, {.batch = 1, .epochs = 1000}, {{0.25}, {0.5}}) { optimizer().set_steps(step); }
};

Names names_in(const TemporaryDirectory& folder) {
  Names names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}
std::string name_of(Index step) { return "checkpoint-" + std::to_string(step) + ".safetensors"; }
void truncate(const std::string& path) {
  const std::string text = test::read_text(path);
  test::write_text(path, text.substr(0, text.size() - 1));
}

}  // namespace

TEST_CASE("the last few stay, and the best: the others go") {
  const TemporaryDirectory parent;
  const CheckpointFolder folder(parent / "run", {.keep = 2, .metric = "loss"});
  CHECK(folder.list().empty());
  CHECK(folder.newest().path.empty());
  CHECK(folder.best().empty());
  const double losses[] = {0.9, 0.5, 0.7, 0.5, NAN, 0.6};
  const Index kept_best[] = {1, 2, 2, 2, 2, 2};
  for (Index step = 1; step <= 6; ++step) {
    CHECK(folder.save(At(step), {}, losses[step - 1]) == folder.path() + "/" + name_of(step));
    CHECK(folder.newest().step == step);
    CHECK(folder.newest().skipped.empty());
    CHECK(folder.best() == folder.path() + "/" + name_of(kept_best[step - 1]));
    const auto all = folder.list();
    REQUIRE(all.size() == static_cast<std::size_t>(step == 1 ? 1 : step <= 3 ? 2 : 3));
    CHECK(all[0].step == step);
  }
  CHECK(folder.list().back().step == 2);
  // With another metric nothing is the best, and a higher one may be better.
  CHECK(CheckpointFolder(folder.path(), {.metric = "accuracy"}).best().empty());
  CHECK(CheckpointFolder(folder.path(), {.metric = "loss", .higher_is_better = true}).best() ==
        folder.path() + "/" + name_of(6));
  CHECK(CheckpointFolder(folder.path()).best().empty());
  // A number that is saved again is replaced.
  folder.save(At(6), {{"again", "yes"}}, 0.1);
  CHECK(SafetensorsFile::read(folder.newest().path).metadata("again") == "yes");
  CHECK(folder.list().size() == 2);  // the new best is among the last two
}

TEST_CASE("files that are not whole are passed over and named; what is newer than a resumed run stays") {
  const TemporaryDirectory parent;
  const CheckpointFolder folder(parent.path, {.keep = 1});
  for (const Index step : {10, 20}) save_run(parent / name_of(step), At(step));
  save_run(parent / name_of(9), At(9));  // sorted as numbers, not as text
  truncate(parent / name_of(20));
  test::write_text(parent / "checkpoint-30.safetensors", "");
  std::filesystem::create_directory(parent / "checkpoint-40.safetensors");
  const auto newest = folder.newest();
  CHECK(newest.path == parent / name_of(10));
  CHECK(newest.step == 10);
  REQUIRE(newest.skipped.size() == 3);
  CHECK(newest.skipped[0] == "mae: " + (parent / name_of(40)) + ": found a directory, expected a file");
  CHECK(newest.skipped[1].starts_with("mae: " + (parent / name_of(30)) + ": found an empty file"));
  CHECK(newest.skipped[2].starts_with("mae: " + (parent / name_of(20)) + ": "));

  folder.save(At(15));
  CHECK(names_in(parent) == Names{name_of(15), name_of(20), name_of(30), name_of(40)});
  CHECK(folder.newest().step == 15);
}

TEST_CASE("names that are not checkpoints' are left alone") {
  const TemporaryDirectory parent;
  const CheckpointFolder folder(parent.path, {.keep = 1});
  const Names others{"checkpoint-.safetensors",
                     "checkpoint--1.safetensors",
                     "checkpoint-1.safetensors.bak",
                     "checkpoint-1x.safetensors",
                     "checkpoint-99999999999999999999.safetensors",
                     "encoder.safetensors",
                     "notes.1-0.tmp",
                     "xcheckpoint-1.safetensors"};
  for (const std::string& name : others) test::write_text(parent / name, "mine");
  CHECK(folder.list().empty());
  CHECK(folder.newest().skipped.empty());
  folder.save(At(1)), folder.save(At(2));
  CHECK(names_in(parent).size() == others.size() + 1);
}

TEST_CASE("a process killed while it writes: its unfinished file is named, and gone after the next checkpoint") {
  const TemporaryDirectory parent;
  const CheckpointFolder folder(parent.path, {.keep = 5});
  folder.save(At(1));
  const pid_t child = ::fork();
  if (child == 0) {
    AtomicFile file(parent / name_of(2));
    file.write("half", 4);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(parent.entries() == 2);
  const auto newest = folder.newest();
  CHECK(newest.step == 1);
  REQUIRE(newest.skipped.size() == 1);
  CHECK(newest.skipped[0].ends_with(".tmp: found an unfinished file of a process that was killed"));
  // A process that lives keeps its file: process 1 always does.
  test::write_text(parent / (name_of(3) + ".1-0.tmp"), "half");
  folder.save(At(2));
  CHECK(names_in(parent) == Names{name_of(1), name_of(2), name_of(3) + ".1-0.tmp"});
  CHECK(folder.newest().skipped.empty());
}

TEST_CASE("a full disk: an error, everything earlier is there and the unfinished file is gone") {
  const TemporaryDirectory parent;
  const CheckpointFolder folder(parent.path, {.keep = 1});
  folder.save(At(1));
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit earlier{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &earlier) == 0);
  const rlimit small{5000, earlier.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const std::string text = error_of([&] { folder.save(At(2)); });
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &earlier) == 0);
  std::signal(SIGXFSZ, handler);
  CHECK(text == "mae: " + (parent / name_of(2)) +
                    ": found \"File too large\" on writing, expected a file that can be "
                    "written");
  CHECK(names_in(parent) == Names{name_of(1)});
  CHECK(folder.newest().step == 1);
}

TEST_CASE("folders that cannot be used") {
  const TemporaryDirectory parent;
  test::write_text(parent / "file", "x");
  const CheckpointFolder file(parent / "file"), nowhere(parent / "none/run");
  CHECK(error_of([&] { file.newest(); }) ==
        "mae: " + (parent / "file") + ": found \"Not a directory\" on reading the folder, expected a readable folder");
  CHECK(error_of([&] { file.save(At(1)); }).find("\"Not a directory\"") != std::string::npos);
  CHECK(error_of([&] { nowhere.save(At(1)); }) ==
        "mae: " + (parent / "none/run") +
            ": found \"No such file or directory\" on creating the folder, expected a folder for checkpoints");
  CHECK(error_of([] { CheckpointFolder("x", {.keep = 0}); }) == "mae: keep: found 0, expected a whole number from 1");

  const TemporaryDirectory locked;
  const CheckpointFolder folder(locked.path, {.keep = 1});
  folder.save(At(1));
  REQUIRE(::chmod(locked.path.c_str(), 0555) == 0);
  {
    const test::OrdinaryUser ordinary;
    CHECK(error_of([&] { folder.save(At(2)); }).find("\"Permission denied\" on ") != std::string::npos);
  }
  REQUIRE(::chmod(locked.path.c_str(), 0755) == 0);
  CHECK(names_in(locked) == Names{name_of(1)});
}
