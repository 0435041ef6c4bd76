// Which side of an image is up, from the notes that cameras and editors leave in its file: Exif, or else XMP.
//
// The number, 1 to 8, is tag 0x0112 of Exif, which is a small TIFF file: a mark of the byte order, and a directory of
// entries of twelve bytes. The number is written with 16 or with 32 bits. Where Exif has no such entry, the property
// tiff:Orientation of XMP, a text in XML, counts. These are the rules of Pillow's `ImageOps.exif_transpose`, except
// that damaged Exif is read as far as it goes, and does not keep XMP from counting. Notes that make no sense are
// ignored: the image is taken as it is stored. What the numbers stand for: image.hpp.
#pragma once
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace mae::detail {

/// How Exif begins in a JPEG file, and in a PNG file of some writers.
inline constexpr std::string_view exif_mark{"Exif\0\0", 6};

inline bool begins_with(std::span<const std::uint8_t> bytes, std::string_view mark) {
  return bytes.size() >= mark.size() && std::memcmp(bytes.data(), mark.data(), mark.size()) == 0;
}

/// Numbers in the byte order of a TIFF file; nothing where the file ends before.
class TiffNumbers {
 public:
  explicit TiffNumbers(std::span<const std::uint8_t> bytes) : bytes_(bytes), little_(begins_with(bytes, "II")) {}
  std::optional<std::uint32_t> at(std::size_t place, std::size_t size) const {
    if (place > bytes_.size() || size > bytes_.size() - place) return {};
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | bytes_[place + (little_ ? size - 1 - i : i)];
    return value;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  bool little_;
};

/// The number of the entry 0x0112, whatever it is, and 0 if it is no number; nothing if there is no such entry.
inline std::optional<std::uint32_t> exif_orientation(std::span<const std::uint8_t> notes) {
  for (int times = 0; times < 2 && begins_with(notes, exif_mark); ++times) notes = notes.subspan(exif_mark.size());
  const TiffNumbers numbers(notes);
  if (!begins_with(notes, {"II*\0", 4}) && !begins_with(notes, {"MM\0*", 4})) return {};
  const std::size_t directory = numbers.at(4, 4).value_or(0), entries = numbers.at(directory, 2).value_or(0);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    const auto tag = numbers.at(entry, 2), kind = numbers.at(entry + 2, 2), count = numbers.at(entry + 4, 4);
    if (!count || !numbers.at(entry + 8, 4)) return {};
    if (*tag != 0x0112 || *count == 0) continue;
    if (*kind == 0 || *kind > 13) continue;                                        // no type of TIFF
    const bool half = *kind == 3 || *kind == 8, whole = *kind == 4 || *kind == 9;  // SHORT, LONG, with a sign or not
    if (!half && !whole) return 0u;
    const std::size_t size = half ? 2 : 4, all = *count * size;
    const std::size_t place = all <= 4 ? entry + 8 : *numbers.at(entry + 8, 4);  // within the entry, or it says where
    if (all > notes.size() || place > notes.size() - all) continue;
    return numbers.at(place, size);
  }
  return {};
}

/// The number that an XMP text gives, as an attribute or an element; nothing if it gives none.
inline std::optional<std::uint32_t> xmp_orientation(std::string_view text) {
  constexpr std::string_view name = "tiff:Orientation";
  for (std::size_t at = text.find(name); at != text.npos; at = text.find(name, at + 1)) {
    std::string_view rest = text.substr(at + name.size());
    if (rest.starts_with("=\"")) rest.remove_prefix(2);
    else if (rest.starts_with(">")) rest.remove_prefix(1);
    else continue;
    if (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') return static_cast<std::uint32_t>(rest[0] - '0');
  }
  return {};
}

/// How an image is to be turned, 1 to 8, that has this number in its Exif, and this text, which may be empty.
inline int orientation_of(std::optional<std::uint32_t> exif, std::string_view xmp) {
  const std::uint32_t number = exif ? *exif : xmp_orientation(xmp).value_or(1);
  return number >= 1 && number <= 8 ? static_cast<int>(number) : 1;
}

}  // namespace mae::detail
