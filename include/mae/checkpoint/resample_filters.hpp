// The filters of a patch embedding for patches of another side, and for other channels.
//
// Another side. With R the resize of an image, filters w' shall answer a resized patch as w did the patch itself:
// ⟨R x, w'⟩ = ⟨x, w⟩ for all x, so w' = (R⁺)ᵀ w with the pseudo-inverse R⁺. Exact where patches grow; where they shrink
// it is the nearest in the sense of least squares. (Beyer et al., FlexiViT, 2023, section 3.2; timm's
// resample_patch_embed, whose resize is the antialiased bicubic.) Resizing w itself would be wrong by the ratio of the
// areas. R acts on rows and columns by the same matrix, so the pseudo-inverse does too.
//
// Other channels, as timm's adapt_input_conv does it: to one channel the filters are summed, which is exact for a grey
// image in equal channels; to n others they are repeated in their order, times C / n, so that equal channels sum to
// as much as before where n is a multiple of C. The statistics of images follow: `adapt_channels`.
#pragma once
#include <mae/checkpoint/resample_positions.hpp>
#include <mae/core/number_text.hpp>
#include <mae/data/statistics.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The filters [n, from, from] of patches of side `from`, for patches of side `to`: [n, to, to], where n counts filters
/// and channels. Of the same side they stay bit for bit. Throws mae::Error about `subject` if the filters are of
/// another side.
template <class T>
Resampled<T> resample_filters(const std::vector<T>& filters, Index from, Index to,
                              const std::string& subject = "patch filters") {
  const auto text = [](Index side) { return std::to_string(side) + " x " + std::to_string(side); };
  const auto count = static_cast<Index>(filters.size());
  if (from < 1 || to < 1 || count / from < from || count % from != 0 || count / from % from != 0)
    throw Error(subject, std::to_string(count) + " numbers", "filters of " + text(from) + " pixels");
  if (from == to) return {filters, ""};
  const detail::ResizeMatrix matrix =
      detail::pseudo_inverse_transposed(detail::resize_matrix(to, from, Bicubic::antialiased));
  std::vector<double> values(filters.begin(), filters.end());
  values = detail::along_axis(values, matrix, from);  // [n, to, from]
  values = detail::along_axis(values, matrix, 1);     // [n, to, to]
  Resampled<T> result{{},
                      "patch filters " + text(from) + " -> " + text(to) + ", pseudo-inverse of bicubic antialiased"};
  result.values.reserve(values.size());
  for (const double value : values) result.values.push_back(static_cast<T>(value));
  return result;
}

/// The filters [D, from, P, P] for images of `to` channels: [D, to, P, P]; `pixels` is P · P. Of the same number they
/// stay bit for bit. Throws mae::Error about `subject` if the filters are of other channels.
template <class T>
Resampled<T> adapt_channels(const std::vector<T>& filters, Index from, Index to, Index pixels,
                            const std::string& subject = "patch filters") {
  const auto count = static_cast<Index>(filters.size());
  if (from < 1 || to < 1 || pixels < 1 || count == 0 || count % pixels != 0 || count / pixels % from != 0)
    throw Error(subject, std::to_string(count) + " numbers",
                "filters of " + std::to_string(from) + " channels of " + std::to_string(pixels) + " pixels");
  if (from == to) return {filters, ""};
  const double scale = to == 1 ? 1 : static_cast<double>(from) / static_cast<double>(to);
  Resampled<T> result{{},
                      "input channels " + std::to_string(from) + " -> " + std::to_string(to) +
                          (to == 1 ? ", summed" : ", repeated, times " + short_text(scale, 4))};
  result.values.reserve(static_cast<std::size_t>(count / from * to));
  for (Index d = 0; d < count / (from * pixels); ++d)
    for (Index c = 0; c < to; ++c)
      for (Index at = 0; at < pixels; ++at) {
        const T* const value = filters.data() + d * from * pixels + at;
        double sum = static_cast<double>(value[c % from * pixels]);
        for (Index other = 1; to == 1 && other < from; ++other) sum += static_cast<double>(value[other * pixels]);
        result.values.push_back(static_cast<T>(sum * scale));
      }
  return result;
}

/// The statistics of images of other channels, as their filters are made: for one channel the means over all, else
/// repeated in their order.
inline Normalization adapt_channels(const Normalization& normalization, Index to) {
  const auto adapted = [&](const std::vector<double>& values) {
    const auto from = static_cast<Index>(values.size());
    if (from < 1 || to < 1 || to == from) return values;
    std::vector<double> result;
    double sum = 0;
    for (const double value : values) sum += value;
    for (Index c = 0; c < to; ++c)
      result.push_back(to == 1 ? sum / static_cast<double>(from) : values[static_cast<std::size_t>(c % from)]);
    return result;
  };
  return {adapted(normalization.mean), adapted(normalization.deviation)};
}

}  // namespace mae
MAE_PRECISE_END
