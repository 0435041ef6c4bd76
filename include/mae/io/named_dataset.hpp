// What a reader of published data sets is asked for and gives: a part of the set, and the names of its classes.
#pragma once
#include <mae/data/dataset.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Which part of a data set.
enum class Split { train, test };

/// A data set and the names of its classes, in the order of the labels; none if they are not known. `notes` are lines
/// for the user: what was passed over or taken in a way that he may not expect.
struct NamedDataset {
  Dataset images;
  std::vector<std::string> class_names{};
  std::vector<std::string> notes{};
};

}  // namespace mae
MAE_PRECISE_END
