// Mean and standard deviation of a collection's channels, and normalising with them.
//
// A model sees (byte / 255 - mean) / deviation. The statistics are part of a trained model, for its weights mean
// nothing without them: checkpoints record them. Sums of bytes are whole numbers, hence exact: the result does not
// depend on the order of images or on threads. Cost: every image is looked at once.
#pragma once
#include <mae/backend/threads.hpp>
#include <mae/core/math.hpp>
#include <mae/data/images.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Mean and standard deviation (over n, not n - 1) of each channel, for pixels scaled to 0..1. A channel of a single
/// value has deviation 0; who divides by it must guard.
struct ChannelStatistics {
  std::vector<double> mean, deviation;  // [C]
};

/// One pass over all pixels of all images. Throws mae::Error if an image cannot be read.
template <class Threads = DefaultThreads>
ChannelStatistics channel_statistics(const Images& images, int threads = Threads::count()) {
  const auto C = static_cast<std::size_t>(images.channels());
  struct Sums {
    std::uint64_t pixels = 0, values = 0, squares = 0;
  };
  std::vector<std::vector<Sums>> partial(static_cast<std::size_t>(threads), std::vector<Sums>(C));
  parallel_for_each<Threads>(images.size(), threads, [&](Index i, int thread) {
    images.with_image(i, [&](const ImageView& image) {
      const Index plane = image.height * image.width;
      for (std::size_t c = 0; c < C; ++c) {
        const std::uint8_t* const bytes = image.pixels + static_cast<Index>(c) * plane;
        std::uint64_t values = 0, squares = 0;
        for (Index at = 0; at < plane; ++at) {
          values += bytes[at];
          squares += std::uint64_t{bytes[at]} * bytes[at];
        }
        Sums& sums = partial[static_cast<std::size_t>(thread)][c];
        sums.pixels += static_cast<std::uint64_t>(plane), sums.values += values, sums.squares += squares;
      }
    });
  });
  ChannelStatistics statistics;
  for (std::size_t c = 0; c < C; ++c) {
    Sums all;
    for (const auto& part : partial)
      all.pixels += part[c].pixels, all.values += part[c].values, all.squares += part[c].squares;
    const double count = static_cast<double>(all.pixels), mean = static_cast<double>(all.values) / count;
    const double variance = static_cast<double>(all.squares) / count - mean * mean;
    statistics.mean.push_back(mean / 255);
    statistics.deviation.push_back(math::sqrt(math::fmax(variance, 0)) / 255);
  }
  return statistics;
}

/// Shift and scale of each channel, from bytes / 255 to the model's input.
struct Normalization {
  std::vector<double> mean, deviation;  ///< [C]

  /// From a data set's own statistics; a channel of one value keeps its scale.
  static Normalization of(const ChannelStatistics& statistics) {
    Normalization result{statistics.mean, statistics.deviation};
    for (double& d : result.deviation) d = d > 0 ? d : 1;
    return result;
  }
  /// From the images themselves (`channel_statistics`): one pass over all pixels. Throws mae::Error if an image
  /// cannot be read.
  template <class Threads = DefaultThreads>
  static Normalization of(const Images& images, int threads = Threads::count()) {
    return of(channel_statistics<Threads>(images, threads));
  }
  bool operator==(const Normalization&) const = default;
};

/// Throws mae::Error about `subject` unless images and statistics have as many channels as the model.
inline void check_channels(const Images& images, const Normalization& normalization, Index channels,
                           const std::string& subject) {
  const std::string expected = "the model's " + std::to_string(channels);
  if (images.channels() != channels) throw Error(subject, std::to_string(images.channels()) + " channels", expected);
  for (const auto* statistic : {&normalization.mean, &normalization.deviation})
    if (static_cast<Index>(statistic->size()) != channels)
      throw Error("normalization", "statistics of " + std::to_string(statistic->size()) + " channels", expected);
}

}  // namespace mae
MAE_PRECISE_END
