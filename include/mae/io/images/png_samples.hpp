// The samples of a PNG image as bytes of sRGB on paper. What the rules are: png.hpp.
#pragma once
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <mae/io/images/decoding.hpp>

MAE_PRECISE_BEGIN
namespace mae::detail {

/// How the samples of a decoded image lie: of each pixel 1 or 3 colours, then alpha if it has one.
struct PngSamples {
  Index pixels = 0, channels = 0;
  bool alpha = false;
  bool wide = false;  ///< 16 bits, the upper eight first
  double gamma = 1;   ///< the file's, times 2.2: 1 is sRGB's
};

/// `paper` shows through a byte of colour as far as `alpha` is below `most`. Rounded to the nearest.
inline std::uint8_t on_paper(unsigned colour, unsigned alpha, unsigned most, unsigned paper) {
  return static_cast<std::uint8_t>((colour * alpha + paper * (most - alpha) + most / 2) / most);
}

/// The byte of a level of 16 bits: 255 * level / 65535, rounded to the nearest.
inline std::uint8_t narrowed(unsigned level) { return static_cast<std::uint8_t>((level * 255 + 32895) >> 16); }

/// The byte of each level up to `white`.
inline std::vector<std::uint8_t> png_tones(unsigned white, double gamma) {
  std::vector<std::uint8_t> tones(std::size_t{white} + 1);
  for (unsigned level = 0; level <= white; ++level)
    tones[level] = static_cast<std::uint8_t>(
        gamma == 1 ? (2 * 255 * level + white) / (2 * white)
                   : static_cast<unsigned>(std::lround(255 * std::pow(level / static_cast<double>(white), 1 / gamma))));
  return tones;
}

/// Turns samples into bytes [pixels, channels], in place: there are never more of them. Throws `Error` about `subject`
/// if a level is above the white of the options.
inline void png_samples_to_bytes(std::vector<std::uint8_t>& data, const PngSamples& have, const std::string& subject,
                                 const DecodeOptions& options) {
  if (!have.alpha && !have.wide && have.gamma == 1) return;
  const unsigned most = have.wide ? 65535 : 255;
  const unsigned white = have.wide ? static_cast<unsigned>(options.sixteen_bit_white) : 255;
  const unsigned paper = options.alpha == Alpha::black ? 0 : 255;
  const bool shift = white == 65535 && have.gamma == 1;  // no table for a small image
  const std::vector<std::uint8_t> tones = shift ? std::vector<std::uint8_t>{} : png_tones(white, have.gamma);
  const auto byte_of = [&](unsigned level) { return shift ? narrowed(level) : tones[level <= white ? level : white]; };
  const auto sample = [&](std::size_t i) {
    return have.wide ? static_cast<unsigned>(data[2 * i] << 8 | data[2 * i + 1]) : unsigned{data[i]};
  };
  const auto channels = static_cast<std::size_t>(have.channels), step = channels + (have.alpha ? 1 : 0);
  unsigned highest = 0;
  const std::size_t pixels = static_cast<std::size_t>(have.pixels),
                    usual = shift && !have.alpha ? pixels * channels : 0;
  for (std::size_t i = 0; i < usual; ++i) {  // what follows for most files of 16 bits, faster
    const unsigned level = static_cast<unsigned>(data[2 * i] << 8 | data[2 * i + 1]);
    highest = level > highest ? level : highest;
    data[i] = narrowed(level);
  }
  for (std::size_t i = usual / channels; i < pixels; ++i) {
    const unsigned alpha = have.alpha ? sample(i * step + channels) : most;
    for (std::size_t c = 0; c < channels; ++c) {
      const unsigned level = sample(i * step + c);
      highest = level > highest ? level : highest;
      const std::uint8_t tone = byte_of(level);
      data[i * channels + c] = alpha == most ? tone : on_paper(tone, alpha, most, paper);
    }
  }
  data.resize(pixels * channels);
  if (highest > white)
    throw Error(subject, "the level " + std::to_string(highest) + " of 16 bits",
                "at most " + std::to_string(white) + ", which is sixteen_bit_white");
  if (have.wide && highest > 0 && highest <= white / 4 && options.report)
    options.report(subject + ": found no level above " + std::to_string(highest) + " of " + std::to_string(white) +
                   " in 16 bits, so that " + std::to_string(byte_of(highest) + 1) +
                   " grey levels remain; if white is a lower one, sixteen_bit_white says which (12 bits: 4095)");
}

}  // namespace mae::detail
MAE_PRECISE_END
