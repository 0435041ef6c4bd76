// The annotation doctor: everything that is wrong with a data set, before a minute of training is spent on it.
//
//   AnnotationSet set = read_annotations<Readers>("train.json");
//   mend<Decoders<Png, Jpeg>>(set);                          // finds and mends; nothing is written
//   for (const std::string& line : set.findings.lines(Faults::mend)) puts(line.c_str());
//   set.findings.ensure_accepted("train.json", Faults::mend);
//   write_coco("mended.json", set);
//
// What is looked for, and what is done about each, is the table of faults.hpp; how, mend_images.hpp and
// mend_annotations.hpp. A set that was mended and written has no fault when it is read again, but what is only noted.
#pragma once
#include <mae/io/annotations/mend_annotations.hpp>
#include <mae/io/annotations/mend_images.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Mends `set`, whose images lie in its folder, and adds what was wrong to its findings. Of each image the header is
/// read. `Formats` is a list of `Decoders`.
template <class Formats>
void mend(AnnotationSet& set) {
  mend_images<Formats>(set, set.folder);
  mend_annotations(set);
}

/// In words: "5,000 images, 36,781 objects in 80 categories".
inline std::string summary(const AnnotationSet& set) {
  std::size_t crowds = 0, difficult = 0;
  for (const Annotation& one : set.annotations) crowds += one.crowd ? 1 : 0, difficult += one.difficult ? 1 : 0;
  return std::to_string(set.images.size()) + " images, " + std::to_string(set.annotations.size()) + " objects in " +
         std::to_string(set.categories.size()) + " categories" +
         (crowds == 0 ? "" : ", " + std::to_string(crowds) + " of them crowds") +
         (difficult == 0 ? "" : ", " + std::to_string(difficult) + " difficult");
}

}  // namespace mae
MAE_PRECISE_END
