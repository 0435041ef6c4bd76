// What is built on an encoder, a detector or a segmenter: a training step, forward, backward and AdamW, or the results
// of images alone. Images a second, share of the machine's peak, and the most memory that the process held, beside what
// it had when its threads had started and what is planned: weights, gradients, moments and the block of a session.
//
// Usage: downstream MODEL step|inference BATCH [repetitions = 5] [threads = all]. Operations are those that a program
// for inference counts of itself, for a step three times as many. One thread is measured in processor seconds.
// `downstream.py` runs it in turn with PyTorch.
#include <mae/data/detection_targets.hpp>
#include <mae/model/detector.hpp>
#include <mae/model/pyramid_segmenter.hpp>

#include "on_cpu.hpp"

namespace {

using namespace mae;
using benchmark::Row;
using Policy = Cpu<float>;

/// That of examples/detect_digits.cpp.
using Scenes48 = Detector<ImageShape<1, 48, 48, 4>, Transformer<96, 6, 4>, 10, Scales<1, 0, -1>, 64, 2>;
using VitBase512 = Detector<ImageShape<3, 512, 512, 16>, Transformer<768, 12, 12>, 80>;
using SegmentVitBase512 =
    PyramidSegmenter<ImageShape<3, 512, 512, 16>, Transformer<768, 12, 12>, 150, Scales<2, 1, 0, -1>>;

/// Random images, and on each five boxes of all sizes.
template <class Model>
class Boxed {
 public:
  using Loss = DetectionLoss<Model>;
  explicit Boxed(Index batch)
      : images_(benchmark::random_images<Model>(batch)), classes_(batch), targets_(batch), weights_(batch) {
    constexpr double height = Model::ImageShape::height, width = Model::ImageShape::width;
    for (Index b = 0; b < batch; ++b) {
      std::vector<LabelledBox> boxes;
      for (int k = 1; k <= 5; ++k) {
        const double x = 0.08 * k * width, y = 0.05 * k * height, side = 0.11 * k;
        boxes.push_back({{x, y, x + side * width, y + side * height}, std::int32_t(b + k) % 10, false});
      }
      detection_targets<typename Model::Levels>(boxes, classes_.data() + b * places, targets_.data() + 5 * b * places);
      weights_(b) = 0.02f;
    }
  }
  auto views() const { return std::tuple(images_.view(), classes_.view(), targets_.view(), weights_.view()); }

 private:
  static constexpr Index places = Model::Levels::places;
  Tensor<float, typename Model::ImageShape::Pixels> images_;
  Tensor<std::int32_t, Shape<dyn, places>> classes_;
  Tensor<float, Shape<dyn, places, 5>> targets_;
  Tensor<float, Shape<dyn>> weights_;
};

/// Random images, and on each stripes of all classes.
template <class Model>
class Mapped {
 public:
  using Loss = SegmentationLoss<Model>;
  explicit Mapped(Index batch) : images_(benchmark::random_images<Model>(batch)), classes_(batch) {
    for (Index i = 0; i < classes_.size(); ++i) classes_.data()[i] = std::int32_t(i / 7 % Model::classes);
  }
  auto views() const { return std::tuple(images_.view(), classes_.view()); }

 private:
  Tensor<float, typename Model::ImageShape::Pixels> images_;
  Tensor<std::int32_t, Shape<dyn, Model::ImageShape::height * Model::ImageShape::width>> classes_;
};

/// Looks at images, as a `Trainer` makes steps.
template <class Model>
class Looker {
 public:
  Looker(Index batch, int threads) : session_(batch, threads), images_(benchmark::random_images<Model>(batch)) {}
  void steps(int count) {
    for (int i = 0; i < count; ++i) session_.forward(weights_, images_);
  }
  static constexpr int warm_up() { return 1; }
  Index planned_bytes() const {
    return weights_size<Model> * Index{sizeof(float)} + Look::bytes(session_.capacity(), session_.threads());
  }

 private:
  using Look = Session<Program<Model, Policy, Inference>>;
  Weights<Model, Policy> weights_{0};
  Look session_;
  Tensor<float, typename Model::ImageShape::Pixels> images_;
};

template <class Model, template <class> class Data>
Row measure(const std::string& name, bool step, Index batch, int repetitions, int threads) {
  benchmark::peak<float>(threads);  // starts the threads
  const double before = benchmark::peak_resident();
  const auto timed = [&](auto&& worker) {
    const double operations = (step ? 3 : 1) * double(Program<Model, Policy, Inference>::flops);
    const auto time = benchmark::time_step(worker, repetitions, 0.1, [&] { return benchmark::peak<float>(threads); });
    Row line = benchmark::images_row(name, batch, threads, time, benchmark::limit_name<float>(), operations);
    line["peak_resident_mib"] = benchmark::rounded(benchmark::peak_resident());
    line["before_mib"] = benchmark::rounded(before);
    line["planned_mib"] = benchmark::rounded(double(worker.planned_bytes()) / (1 << 20));
    return line;
  };
  using Trainer = benchmark::Trainer<Model, Policy, benchmark::Usual, Data<Model>>;
  return step ? timed(Trainer(batch, threads)) : timed(Looker<Model>(batch, threads));
}

constexpr struct {
  const char* name;
  Row (*measure)(const std::string& name, bool step, Index batch, int repetitions, int threads);
} models[] = {{"scenes-48", measure<Scenes48, Boxed>},
              {"detector-vit-base-512", measure<VitBase512, Boxed>},
              {"segmenter-vit-base-512", measure<SegmentVitBase512, Mapped>}};

}  // namespace

int main(int argc, char** argv) {
  const std::string model = argc > 1 ? argv[1] : "", work = argc > 2 ? argv[2] : "";
  const Index batch = argc > 3 ? std::atoi(argv[3]) : 0;
  const int repetitions = argc > 4 ? std::atoi(argv[4]) : 5;
  const int threads = argc > 5 ? std::atoi(argv[5]) : DefaultThreads::count();
  const auto* const chosen =
      std::find_if(std::begin(models), std::end(models), [&](auto& one) { return one.name == model; });
  if (chosen == std::end(models) || (work != "step" && work != "inference") || batch < 1 || repetitions < 1 ||
      threads < 1) {
    std::fprintf(stderr, "usage: downstream MODEL step|inference BATCH [repetitions] [threads]; known:\n");
    for (const auto& one : models) std::fprintf(stderr, "  %s\n", one.name);
    return 1;
  }
  DefaultThreads::limit(threads);
  benchmark::processor_time = threads == 1;
  try {
    benchmark::print(chosen->measure("downstream " + model + ", " + work + ", batch " + std::to_string(batch),
                                     work == "step", batch, repetitions, threads));
  } catch (const std::exception& error) { return std::fprintf(stderr, "%s\n", error.what()), 1; }
}
