// Some images of a set as a set of its own: a split, a balanced sample, a few to look at.
#pragma once
#include <cstring>

#include <mae/data/dataset.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The images with the given numbers, in that order; a number may occur twice. Throws `Error` if one does not exist.
inline Dataset subset(const Dataset& set, std::span<const Index> indices) {
  const auto size = static_cast<std::size_t>(set.image_size()), count = indices.size();
  Dataset part{set.channels, set.height, set.width, std::vector<std::uint8_t>(count * size), {}, set.classes};
  if (!set.labels.empty()) part.labels.resize(count);
  for (std::size_t k = 0; k < count; ++k) {
    const Index i = indices[k];
    if (i < 0 || i >= set.size())
      throw Error("subset", "image " + std::to_string(i), "a number below " + std::to_string(set.size()));
    std::memcpy(part.pixels.data() + k * size, set.image(i).data(), size);
    if (!set.labels.empty()) part.labels[k] = set.labels[static_cast<std::size_t>(i)];
  }
  return part;
}

}  // namespace mae
MAE_PRECISE_END
