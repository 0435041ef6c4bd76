// How good a trained model is on images of which the truth is known: a classifier, a detector or a segmenter, whichever
// the file is of.
//
//   evaluate --checkpoint finetuned/model.safetensors --data my_classes --validation_share 0.25
//   evaluate --checkpoint detected/model.safetensors --data val2017 --annotations instances_val2017.json
//   evaluate --checkpoint segmented/model.safetensors --data ade20k
//
// Of a divided set its validation or test part is looked at; `validation_share` of the images that were trained on
// gives those that were held out. Writes into the folder `out`: scores.json, what was said of each image, and
// worst.png, the images that the model is most wrong about; of a classifier scores.csv, confusion.csv and
// confusion.png, of a segmenter the latter two and class maps, of a detector COCO's results. `evaluate --help` lists
// all settings.
#include "framework/box_scores.hpp"
#include "framework/class_scores.hpp"
#include "framework/dispatch.hpp"
#include "framework/map_scores.hpp"
#include "framework/trained/trained.hpp"

#include <mae/data/evaluation_crop.hpp>

namespace {

using program::TrainedKind;

struct Evaluate : program::TrainedSettings {
  Evaluate() : program::TrainedSettings("evaluate", "Tells how good a trained model is.", "evaluated") {
    maps.reduce_zero_label.follow("the checkpoint's");
  }
  program::Heading truth{*this, "The truth"};
  program::BoxSettings boxes{*this};
  program::ClassMapSettings maps{*this};
  program::Heading told{*this, "What is told"};
  program::Integer worst{*this, "worst", 18, "images drawn, the worst ones; 0: none", program::between(0, 1000)};

  program::TrainedFile resolve() {
    if (data.data().empty()) throw data.data.error("nothing", "images of which the truth is known");
    if (!data.validation().empty()) throw data.validation.error(data.validation(), "nothing: data are looked at");
    if (data.limit() > 0) throw data.limit.error(std::to_string(data.limit()), "0: all of data are looked at");
    for (const program::Text* const one : {&boxes.validation_annotations, &maps.validation_class_maps})
      if (!(*one)().empty()) throw one->error((*one)(), "nothing: what is known is of data");
    const program::TrainedFile file = TrainedSettings::resolve(program::compiled_models());
    const auto refuse = [&](TrainedKind kind, const program::Setting& setting, const char* of) {
      if (file.kind != kind && setting.given() && setting.subject().starts_with("--"))
        throw mae::Error(setting.subject(), "a value", "none: " + checkpoint() + " is no " + of);
    };
    for (const program::Setting* const one :
         std::initializer_list<const program::Setting*>{&boxes.annotations, &boxes.faults, &boxes.missing_is_empty})
      refuse(TrainedKind::detector, *one, "detector");
    for (const program::Setting* const one :
         std::initializer_list<const program::Setting*>{&maps.class_maps, &maps.reduce_zero_label, &maps.classes})
      refuse(TrainedKind::segmenter, *one, "segmenter");
    if (!maps.classes().empty() && !file.names.empty())
      throw maps.classes.error(maps.classes(), "nothing: the model knows the names of its classes");
    if (file.kind != TrainedKind::classifier) data.refuse_formats("what is known of places lies in folders");
    return file;
  }
  /// What is opened: of a divided set the part that is set aside, or the one that a share of is held out.
  program::Wanted wanted(const program::TrainedFile& file) const {
    const bool all = data.validation_share() == 0;
    return {.path = data.data(), .held_out = all, .whole = all, .only = true, .classes = file.names};
  }
  std::vector<mae::Index> numbers(const program::Opened& opened) const {
    if (data.validation_share() == 0) return program::all_of(opened);
    return program::divide(data, opened.images().size()).held_out;
  }
};

void report_data(const program::NewImages& images) {
  const program::Opened& opened = images.opened();
  program::report("data", std::to_string(images.size()) + " images of " + opened.place() + " (" + opened.kind() + ")");
  for (const std::string& note : opened.notes()) program::report("data", note);
}

/// Throws mae::Error unless classes are not more than the model has, and have the names that it knows; tells if it
/// knows none.
void check_names(const program::Opened& opened, const program::TrainedFile& file, const Evaluate& settings,
                 mae::Index most) {
  const std::vector<std::string>& names = opened.class_names();
  if (const mae::Index count = std::max(opened.images().classes(), static_cast<mae::Index>(names.size())); count > most)
    throw mae::Error(settings.data.data(), std::to_string(count) + " classes",
                     "at most " + std::to_string(most) + ", as the model has");
  if (names.empty()) return;
  if (file.names.empty())
    return program::report("classes", "the checkpoint has no names: those of data are taken to be in its order");
  if (names == file.names) return;
  const auto [found, expected] = mae::first_difference(names, file.names);
  throw mae::Error(settings.data.data(), found, expected + ", as the model has");
}

void evaluate_classes(const Evaluate& settings, const program::TrainedFile& file, const program::Predictor& predictor,
                      program::ClassNames names) {
  const auto opened = program::image_opener(settings.data, predictor.channels, true)(settings.wanted(file));
  check_names(*opened, file, settings, predictor.classes);
  if (opened->images().classes() == 0)
    throw mae::Error(settings.data.data(), "images without classes", "a sub-folder for each class, or labels");
  if (names.names.empty()) names.names = opened->class_names();
  const auto images = settings.images(*opened, settings.numbers(*opened));
  report_data(*images);
  program::make_folder(settings.out.subject(), settings.out());
  const std::string wrote = program::write_class_scores(
      settings.out(), predictor, *images, mae::test_crops(settings.test_crops(), settings.evaluation_crop()),
      settings.batch(), names, settings.worst());
  program::report("wrote", settings.out() + "/" + wrote);
  images->ensure_all_read();
}

void evaluate_boxes(const Evaluate& settings, const program::TrainedFile& file, const program::Predictor& predictor,
                    const program::ClassNames& names) {
  const auto opened = program::box_opener(settings.data, settings.boxes, predictor.channels)(settings.wanted(file));
  check_names(*opened, file, settings, predictor.classes);
  const program::BoxScores scores(dynamic_cast<const program::OpenedBoxes&>(*opened), settings.numbers(*opened), names,
                                  settings.data, settings.stops());
  report_data(scores.images());
  program::make_folder(settings.out.subject(), settings.out());
  const program::BoxLooking looking{settings.detection(), settings.batch(), settings.shown_score()};
  auto order = scores.write(predictor, looking, settings.out());
  order.resize(std::min(order.size(), static_cast<std::size_t>(settings.worst())));
  if (!order.empty()) scores.draw(predictor, looking, order, settings.out() + "/worst.png");
  program::report(
      "wrote", settings.out() + "/scores.json, predictions.json, held_out.json" + (order.empty() ? "" : ", worst.png"));
  scores.images().ensure_all_read();
}

void evaluate_maps(const Evaluate& settings, const program::TrainedFile& file, const program::Predictor& predictor,
                   program::ClassNames names) {
  const auto opened = program::class_map_opener(settings.data, settings.maps, predictor.channels,
                                                predictor.classes)(settings.wanted(file));
  if (names.names.empty()) names.names = opened->class_names();
  const program::MapScores scores(dynamic_cast<const program::OpenedClassMaps&>(*opened), settings.numbers(*opened),
                                  names, settings.maps.reduce_zero_label() ? 1 : 0, settings.data, settings.stops());
  report_data(scores.images());
  program::make_folder(settings.out.subject(), settings.out());
  const mae::SlidingWindow window = settings.window(names.count);
  auto [found, order] = scores.write(predictor, window, settings.out());
  mae::ConfusionMatrix matrix(std::max(names.count, opened->images().classes()));
  for (mae::Index c = 0; c < matrix.classes; ++c)
    for (mae::Index k = 0; k < matrix.classes; ++k)
      matrix.count[static_cast<std::size_t>(c * matrix.classes + k)] = found.of(c, k);
  program::write_confusion(matrix, names.names, settings.out());
  order.resize(std::min(order.size(), static_cast<std::size_t>(settings.worst())));
  if (!order.empty()) scores.draw(predictor, window, order, settings.out() + "/worst.png");
  program::report("wrote", settings.out() + "/scores.json, predictions, confusion.csv, confusion.png" +
                               (order.empty() ? "" : ", worst.png"));
  scores.images().ensure_all_read();
}

}  // namespace

int program::command::evaluate(int count, char** arguments) {
  return run<::Evaluate>(count, arguments, [](::Evaluate& settings) {
    name_model(settings);
    const program::TrainedFile file = settings.resolve();
    program::with_predictor(settings, file, [&](const program::Predictor& predictor) {
      const program::ClassNames names = settings.classes(file, predictor);
      if (file.kind == TrainedKind::classifier) evaluate_classes(settings, file, predictor, names);
      if (file.kind == TrainedKind::detector) evaluate_boxes(settings, file, predictor, names);
      if (file.kind == TrainedKind::segmenter) evaluate_maps(settings, file, predictor, names);
    });
  });
}
