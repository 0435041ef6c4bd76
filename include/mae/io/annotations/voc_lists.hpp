// Pascal VOC's lists: which images of a set are to train on, and which to look at.
//
//   ImageSets/Main/train.txt  ImageSets/Segmentation/val.txt        a name a line, 2007_000032, and what may follow it
//
// To train, train.txt is taken or, without it, trainval.txt; to look at, val.txt or test.txt.
#pragma once
#include <filesystem>
#include <set>
#include <vector>

#include <mae/io/files/input_file.hpp>
#include <mae/io/images/named_dataset.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The file of names that chooses a part; of a part to train on, the one to look at too. "": there is none.
struct VocList {
  std::string path{}, left_alone{};
};

/// The list of the part that `split` asks for, of the set in `folder`; `kind` is Main or Segmentation. Of Split::all
/// there is none.
inline VocList voc_list(const std::string& folder, const std::string& kind, Split split) {
  const auto first = [&](const char* name, const char* other) {
    std::error_code unknown;
    for (const char* const file : {name, other})
      if (std::string path = folder + "/ImageSets/" + kind + "/" + file; std::filesystem::exists(path, unknown))
        return path;
    return std::string();
  };
  if (split == Split::all) return {};
  const std::string looked_at = first("val.txt", "test.txt");
  return split == Split::train ? VocList{first("train.txt", "trainval.txt"), looked_at} : VocList{looked_at};
}

/// The names in a list, the first word of each line, each once. Throws mae::Error if it cannot be read.
inline std::vector<std::string> names_in_voc_list(const std::string& path) {
  const std::vector<char> bytes = read_file<char>(path);
  std::string_view text(bytes.data(), bytes.size());
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::vector<std::string> names;
  std::set<std::string_view> known;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix((std::min)(line.size() + 1, text.size()));
    line.remove_prefix((std::min)(line.find_first_not_of(" \t\r"), line.size()));
    const std::string_view name = line.substr(0, line.find_first_of(" \t\r"));
    if (!name.empty() && known.insert(name).second) names.emplace_back(name);
  }
  return names;
}

}  // namespace mae
MAE_PRECISE_END
