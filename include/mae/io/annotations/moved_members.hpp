// What other members of an annotation say of places, when the annotation is moved: turned upright, or scaled.
//
// "keypoints" of COCO are x, y and whether it is visible, for each point; those that are not there are 0, 0, 0. They
// are moved. What else may hold coordinates is only named, for nobody knows what it means.
#pragma once
#include <nlohmann/json.hpp>

#include <mae/data/placement.hpp>
#include <mae/io/annotations/annotations.hpp>

MAE_PRECISE_BEGIN
namespace mae::detail {

/// Moves the keypoints among the members `more`, by `move`, a function of a Point. The others that may hold
/// coordinates: 'segments', 'attributes'.
template <class Move>
std::string move_members(std::string& more, const Move& move) {
  if (more.empty()) return "";
  nlohmann::json members = nlohmann::json::parse("{" + more + "}", nullptr, false);
  if (!members.is_object()) return "";
  std::string others;
  bool moved = false;
  for (auto member = members.begin(); member != members.end(); ++member) {
    nlohmann::json& value = *member;
    if (!value.is_structured() || value.empty()) continue;
    if (member.key() != "keypoints" || !value.is_array() || value.size() % 3 != 0 ||
        !std::all_of(value.begin(), value.end(), [](const nlohmann::json& one) { return one.is_number(); })) {
      others += (others.empty() ? "" : ", ") + quoted(member.key());
      continue;
    }
    for (std::size_t i = 0; i < value.size(); i += 3) {
      const Point from{value[i + 1].get<double>(), value[i].get<double>()};
      if (value[i + 2] == 0 && from.y == 0 && from.x == 0) continue;
      const Point to = move(from);
      value[i] = to.x, value[i + 1] = to.y;
    }
    moved = true;
  }
  if (moved) more = members.dump(), more = more.substr(1, more.size() - 2);
  return others;
}

}  // namespace mae::detail
MAE_PRECISE_END
