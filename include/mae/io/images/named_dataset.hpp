// What a reader of published data sets is asked for and gives: a part of the set, and the names of its classes.
#pragma once
#include <mae/data/dataset.hpp>
#include <mae/io/files/checked_size.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Which part of a data set: what is to be learned from, what is set aside (validation before test), or both.
enum class Split { train, test, all };

/// A data set and the names of its classes, in the order of the labels; none if they are not known. `notes` are lines
/// for the user: what was passed over or taken in a way that he may not expect.
struct NamedDataset {
  Dataset images;
  std::vector<std::string> class_names{};
  std::vector<std::string> notes{};
};

/// The images of both sets, one after the other. Throws `Error` about `path`, where the other one is, if they are not
/// of one size, or labelled in different ways.
inline NamedDataset joined(NamedDataset set, const NamedDataset& other, const std::string& path) {
  Dataset& all = set.images;
  const Dataset& more = other.images;
  const auto shape = [](const Dataset& s) { return shape_text({s.channels, s.height, s.width}); };
  if (shape(all) != shape(more)) throw Error(path, "images of " + shape(more), shape(all) + ", as in the other part");
  if (all.labels.empty() != more.labels.empty() || set.class_names != other.class_names)
    throw Error(path, "labels of another kind than in the other part", "labels in both parts or in none");
  all.pixels.insert(all.pixels.end(), more.pixels.begin(), more.pixels.end());
  all.labels.insert(all.labels.end(), more.labels.begin(), more.labels.end());
  all.classes = (std::max)(all.classes, more.classes);
  set.notes.insert(set.notes.end(), other.notes.begin(), other.notes.end());
  return set;
}

}  // namespace mae
MAE_PRECISE_END
