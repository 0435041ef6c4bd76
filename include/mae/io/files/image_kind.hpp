// Which format an image file has, told by its first bytes, also of formats that nothing here reads.
#pragma once
#include <cstring>
#include <span>
#include <string_view>

#include <mae/core/config.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A kind of image file: how it begins, and the library that reads it here, if there is one.
struct ImageKind {
  const char* name = nullptr;
  const char* library = nullptr;
  Index offset = 0;  // where the bytes that it is known by lie
  std::string_view mark;
};

namespace detail {
using namespace std::string_view_literals;
inline constexpr ImageKind image_kinds[] = {{"PNG", "libpng", 0, "\x89PNG\r\n\x1a\n"sv},
                                                {"JPEG", "libjpeg", 0, "\xff\xd8\xff"sv},
                                                {"GIF", nullptr, 0, "GIF8"sv},
                                                {"WebP", nullptr, 8, "WEBP"sv},
                                                {"TIFF", nullptr, 0, "II*\0"sv},
                                                {"TIFF", nullptr, 0, "MM\0*"sv},
                                                {"BMP", nullptr, 0, "BM"sv},
                                                {"HEIF or AVIF", nullptr, 4, "ftyp"sv}};
}  // namespace detail

/// The kind of image that `bytes`, the start of a file, begin; null if it is none of those known.
inline const ImageKind* image_kind(std::span<const std::uint8_t> bytes) {
  for (const ImageKind& kind : detail::image_kinds) {
    const auto offset = static_cast<std::size_t>(kind.offset);
    if (bytes.size() >= offset + kind.mark.size() &&
        std::memcmp(bytes.data() + offset, kind.mark.data(), kind.mark.size()) == 0)
      return &kind;
  }
  return nullptr;
}

}  // namespace mae
MAE_PRECISE_END
