// The parts of a data set: sub-folders named train, val, test and the like.
//
//   training     train, training, trn, trainval
//   validation   val, valid, validation, validate, dev, devel, development, eval, evaluation, heldout, holdout
//   test         test, testing, tst
//
// in any case, with a number or one of the words set, data, images, split, part behind it: Train, test_set, val2017,
// training-images. A folder with a training part and another is divided, and other sub-folders are left alone. One
// where such a name stands beside folders of other names could be either, classes or parts, and is refused: a part
// taken for a class would be wrong numbers in silence. Only `train`, with images directly in it, may be a class among
// others.
#pragma once
#include <mae/io/files/checked_size.hpp>
#include <mae/io/files/folder_walk.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// What a part of a data set is for.
enum class PartKind { none, training, validation, test };

namespace detail {

/// What a folder of this name is for, if it is a part.
inline PartKind kind_of_part(const std::string& folder) {
  static const std::map<std::string, PartKind> kinds{
      {"train", PartKind::training},         {"training", PartKind::training},
      {"trn", PartKind::training},           {"trainval", PartKind::training},
      {"val", PartKind::validation},         {"valid", PartKind::validation},
      {"validation", PartKind::validation},  {"validate", PartKind::validation},
      {"dev", PartKind::validation},         {"devel", PartKind::validation},
      {"development", PartKind::validation}, {"eval", PartKind::validation},
      {"evaluation", PartKind::validation},  {"heldout", PartKind::validation},
      {"holdout", PartKind::validation},     {"test", PartKind::test},
      {"testing", PartKind::test},           {"tst", PartKind::test}};
  std::string name;
  for (const char c : lower_case(folder))  // validation and held-out are heldout
    if (c != '_' && c != '-' && c != ' ' && c != '.') name += c;
  while (!name.empty() && name.back() >= '0' && name.back() <= '9') name.pop_back();
  if (const auto found = kinds.find(name); found != kinds.end()) return found->second;
  for (const char* const word : {"set", "data", "images", "split", "part"})
    if (name.ends_with(word))
      if (const auto found = kinds.find(name.substr(0, name.size() - std::string(word).size())); found != kinds.end())
        return found->second;
  return PartKind::none;
}

/// The names of the parts of a folder, sorted; none if it is not divided.
struct Parts {
  std::vector<std::string> training, validation, test;

  bool divided() const { return !training.empty() || !validation.empty() || !test.empty(); }
  bool trains_and_evaluates() const { return !training.empty() && !evaluation().empty(); }
  /// Validation if there is one, else test: what says which checkpoint is best must not be what is told in the end.
  const std::vector<std::string>& evaluation() const { return validation.empty() ? test : validation; }
  std::vector<std::string> all() const {
    std::vector<std::string> names = training;
    names.insert(names.end(), validation.begin(), validation.end());
    names.insert(names.end(), test.begin(), test.end());
    return names;
  }
};

/// `names` by what they are for; those that are no part are left out.
inline Parts parts_among(const std::vector<std::string>& names) {
  Parts parts;
  for (const std::string& name : names) {
    const PartKind kind = kind_of_part(name);
    if (kind == PartKind::training) parts.training.push_back(name);
    if (kind == PartKind::validation) parts.validation.push_back(name);
    if (kind == PartKind::test) parts.test.push_back(name);
  }
  return parts;
}

/// The parts among the sub-folders `found` of `folder`, but for names that are `classes`. Throws `Error` if they could
/// be parts or classes.
inline Parts parts_of(const std::string& folder, const std::vector<std::string>& found,
                      const std::vector<std::string>& classes) {
  std::vector<std::string> names, others;
  for (const std::string& name : found) {
    const bool known = std::find(classes.begin(), classes.end(), name) != classes.end();
    (!known && kind_of_part(name) != PartKind::none ? names : others).push_back(name);
  }
  Parts parts = parts_among(names);
  if (!parts.divided() || others.empty() || parts.trains_and_evaluates()) return parts;
  if (names.size() == 1 && !parts.training.empty() && !entries_of(folder + "/" + names[0]).images.empty()) return {};
  throw Error(folder, "the folder " + quoted(names[0]) + ", named as a part of a set, beside " + quoted(others[0]),
              "parts or classes: give the path of the part, or set parts to false if it is a class");
}

/// The one part of `names`. Throws `Error` about `folder` unless there is one; `what` it is for, in words.
inline const std::string& only_part(const std::string& folder, const std::vector<std::string>& names,
                                    const Parts& parts, const std::string& what) {
  if (names.empty())
    throw Error(folder, "the part " + quoted(parts.all()[0]) + " and no part to " + what,
                "a sub-folder for it, or the path of the part that is meant");
  if (names.size() > 1)
    throw Error(folder, "two parts to " + what + ", " + quoted(names[0]) + " and " + quoted(names[1]),
                "one: give its path");
  return names[0];
}

}  // namespace detail

}  // namespace mae
MAE_PRECISE_END
