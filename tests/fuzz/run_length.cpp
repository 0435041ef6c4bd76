// Run-length masks: two numbers for the size, then the counts as text, or as numbers of four bytes.
#include <mae/data/run_length.hpp>

#include <cstring>

#include "fuzz.hpp"

namespace {

void use(const mae::RunLengthMask& mask) {
  using mae::RunLengthMask;
  mae::Index sum = 0;
  for (const std::uint32_t count : mask.counts()) sum += count;
  fuzz::require(sum == mask.size(), "counts add up");
  fuzz::require(RunLengthMask::from_text(mask.height(), mask.width(), mask.text()) == mask, "text and back");
  const mae::Box box = mask.box();
  fuzz::require(mask.area() >= 0 && static_cast<double>(mask.area()) <= box.area(), "the box holds the ones");
  const mae::RunLengthMask all[] = {mask, mask, RunLengthMask(mask.height(), mask.width())};
  const mae::RunLengthMask joined = mae::union_of(all);
  fuzz::require(joined.area() == mask.area() && joined.box() == box, "the union with itself");
  fuzz::require(mae::shared_area(mask, joined) == mask.area(), "shares itself");
  fuzz::require(mask.area() == 0 || mae::mask_iou(mask, joined) == 1, "overlaps itself");
  if (mask.size() > 1 << 14) return;
  const auto pixels = mask.pixels();
  fuzz::require(RunLengthMask::from_pixels(mask.height(), mask.width(), pixels) == joined, "pixels and back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 8) return 0;
  std::int32_t extents[2];
  std::memcpy(extents, data, 8);
  const char* const text = reinterpret_cast<const char*>(data) + 8;
  const fuzz::MemoryLimit limit(64 * size);
  fuzz::accepts([&] { use(mae::RunLengthMask::from_text(extents[0], extents[1], {text, size - 8})); });
  std::vector<mae::Index> counts;
  for (std::size_t at = 8; at + 4 <= size; at += 4) {
    std::int32_t count = 0;
    std::memcpy(&count, data + at, 4);
    counts.push_back(count);
  }
  fuzz::accepts([&] { use(mae::RunLengthMask::from_counts(extents[0], extents[1], counts)); });
  return 0;
}
