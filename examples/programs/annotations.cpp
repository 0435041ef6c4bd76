// The annotation doctor: looks at a data set of boxes or masks, tells every fault, and writes it mended.
//
//   annotations --data instances_train.json                         tells what is wrong; the status is 1 if something
//   is annotations --data VOC2012 --faults mend --out voc.json         mends what can be mended, writes COCO's JSON
//
// What is looked for, and what is done about each fault: mae/io/annotations/faults.hpp. It reads COCO's JSON, YOLO's
// texts and, where pugixml is installed, Pascal VOC's XML. Of images it reads the headers, so it tells a file that is
// no image, not one that is damaged behind its header. `annotations --help` lists all settings.
#include <mae/io/annotations/doctor.hpp>
#include <mae/io/annotations/write_coco.hpp>

#include <annotation_formats.hpp>

#include "framework/display.hpp"
#include "framework/program.hpp"

namespace {

struct Settings : program::Settings {
  Settings() : program::Settings("annotations", "Tells what is wrong with annotations, and mends them.") {}
  program::Text data{*this, "data", "", "annotations: COCO's JSON, or a folder of Pascal VOC's or YOLO's"};
  program::Text images{*this, "images", "",
                       "folder of the images, of which the headers are read; empty: where they usually lie"};
  program::Text faults{*this, "faults", "refuse", "what becomes of faults that can be mended",
                       program::one_of({"refuse", "mend"})};
  program::Switch missing_is_empty{*this, "missing_is_empty", false,
                                   "YOLO: an image without a text has no objects; else it is left out"};
  program::Integer places{*this, "places", 5, "how many places are told of each fault", program::between(1, 1e9)};
  program::Text out{*this, "out", "", "COCO's JSON to write, mended; file names count from the folder of images"};
};

}  // namespace

int program::command::annotations(int count, char** arguments) {
  return run<::Settings>(count, arguments, [](const ::Settings& settings) {
    if (settings.data().empty())
      throw settings.data.error("nothing", "a file or folder of annotations: " + AnnotationFormats::names());
    const mae::Faults faults = settings.faults() == "mend" ? mae::Faults::mend : mae::Faults::refuse;
    mae::AnnotationSet set = mae::read_annotations<AnnotationFormats>(
        settings.data(), {.images = settings.images(),
                          .missing_is_empty = settings.missing_is_empty(),
                          .places = static_cast<std::size_t>(settings.places())});
    if (std::error_code unknown; std::filesystem::equivalent(set.source, settings.out(), unknown))
      throw settings.out.error(settings.out(), "another file than the one that is read, which stays as it was");
    program::report("data", settings.data() + ": " + mae::summary(set));
    program::report("images", set.folder);
    mae::mend<ImageFormats>(set);
    const auto lines = set.findings.lines(faults);
    program::report("faults", lines.empty() ? "none" : std::to_string(set.findings.all().size()) + " kinds");
    for (const std::string& line : lines) std::printf("  %s\n", mae::printable(line).c_str());
    set.findings.ensure_accepted(settings.data(), faults);
    program::report("mended", mae::summary(set));
    if (settings.out().empty()) return;
    mae::write_coco(settings.out(), set);
    program::report("wrote", settings.out());
  });
}
