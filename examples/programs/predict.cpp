// What a trained model says of new images: classes, boxes or a class for each pixel, whichever it was trained to tell.
//
//   predict --checkpoint finetuned/model.safetensors --data photos          classes with probabilities
//   predict --checkpoint detected/model.safetensors --data photos --draw    boxes, and images with them
//   predict --checkpoint segmented/model.safetensors --files a.png b.jpg    class maps
//
// Writes into the folder `out`: predicted.csv and predicted.json, names of files and classes beside every number
// (framework/predictions.hpp), classes.json, and with --draw images in drawn/. An image that cannot be read is named
// and passed over; then the status is 1. `predict --help` lists all settings.
#include "framework/dispatch.hpp"
#include "framework/predictions.hpp"
#include "framework/trained/trained.hpp"

#include <mae/data/evaluation_crop.hpp>

namespace {

struct Predict : program::TrainedSettings {
  Predict() : program::TrainedSettings("predict", "Tells what a trained model says of new images.", "predicted") {}
  program::Heading heading{*this, "What is told"};
  program::Texts files{*this, "files", {}, "PNG or JPEG files, instead of data"};
  program::Integer top{*this, "top", 5, "of a classifier: so many of the likeliest classes", program::between(1, 1e6)};
  program::Switch draw{*this, "draw", false, "draw every image with what is said of it"};

  program::TrainedFile resolve() {
    if (files().empty() && data.data().empty())
      throw data.data.error("nothing", "a folder or a file of images, or --files");
    if (!files().empty() && !data.data().empty()) throw data.data.error("files beside data", "one of the two");
    data.refuse_division("what is said of all images is told");
    const program::TrainedFile file = TrainedSettings::resolve(program::compiled_models());
    if (top.given() && top.subject().starts_with("--") && file.kind != program::TrainedKind::classifier)
      throw top.error(std::to_string(top()), "nothing: " + checkpoint() + " is no classifier");
    return file;
  }
};

void predict(const Predict& settings, const program::TrainedFile& file, const program::Predictor& predictor) {
  const auto opened = !settings.files().empty()
                          ? program::open_files(settings.data, settings.files(), predictor.channels)
                          : program::image_opener(settings.data, predictor.channels,
                                                  false)({.path = settings.data.data(), .everything = true});
  const auto images = settings.images(*opened);
  program::report("data",
                  std::to_string(images->size()) + " images of " + opened->place() + " (" + opened->kind() + ")");
  for (const std::string& note : opened->notes()) program::report("data", note);
  program::make_folder(settings.out.subject(), settings.out());
  const program::ClassNames names = settings.classes(file, predictor);
  const program::Telling telling{settings.top(), settings.draw(), settings.shown_score()};
  const std::string& out = settings.out();
  std::string wrote;
  switch (file.kind) {
    case program::TrainedKind::classifier:
      wrote = program::write_classes(out, predictor, *images,
                                     mae::test_crops(settings.test_crops(), settings.evaluation_crop()),
                                     settings.batch(), names, telling);
      break;
    case program::TrainedKind::detector:
      wrote = program::write_boxes(out, predictor, *images, settings.detection(), settings.batch(), names,
                                   settings.categories(file, names), telling);
      break;
    case program::TrainedKind::segmenter:
      wrote =
          program::write_maps(out, predictor, *images, settings.window(names.count), names, file.in_files(), telling);
  }
  if (program::write_or_remove(out + "/classes.json", names.names)) wrote += ", classes.json";
  program::report("wrote", out + "/" + wrote);
  images->ensure_all_read();
}

}  // namespace

int program::command::predict(int count, char** arguments) {
  return run<::Predict>(count, arguments, [](::Predict& settings) {
    name_model(settings);
    const program::TrainedFile file = settings.resolve();
    program::with_predictor(settings, file,
                            [&](const program::Predictor& predictor) { ::predict(settings, file, predictor); });
  });
}
