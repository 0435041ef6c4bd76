// A model in words: the sizes that `--model` gives, known when the program runs.
//
//   digits-8                                          a line of models.hpp, or a preset of mae/model/presets.hpp
//   3x64x64/8,192x6x3,96x2x3                          images channels x height x width / patch, encoder and decoder
//   3x64x64/8,192x6x3,96x2x3,target=pixels,classes=7  width x blocks x heads; further keys of the file by their names
//   vit.json                                          {"height": 64, "width": 64, "patch": 8, "encoder": [192, 6, 3],
//   ...}
//
// The rules about shapes (mae/core/rules.hpp) are asked here in the very sentences in which the compiler would tell
// them. What a name is, is for people alone: it never becomes part of a path, of source or of a command.
#pragma once
#include <string>
#include <vector>

#include <mae/checkpoint/file_sizes.hpp>
#include <mae/model/presets.hpp>

namespace program {

struct Description {
  std::string name = "unnamed";  ///< [a-z0-9-]{1,32}
  mae::Index channels = 3, height = 0, width = 0, patch = 0;
  mae::TransformerSizes encoder{}, decoder{512, 8, 16};
  mae::Target target = mae::Target::normalized_pixels;
  mae::Index classes = 1000;             ///< the most that labelled data may have
  bool mixed = false;                    ///< trained in mixed precision
  mae::Index window = 0;                 ///< side of the windows of detect and segment, in patches; 0: none
  std::vector<double> mask_ratio{0.75};  ///< shares of patches hidden, the first by default

  mae::Index patches() const { return height / patch * (width / patch); }  // L
  /// V: patches that stay visible, of the first mask ratio or another.
  mae::Index visible(double ratio) const {
    return static_cast<mae::Index>(static_cast<double>(patches()) * (1 - ratio));
  }
  /// Whether all but the name is the same.
  bool same_sizes(const Description& other) const { return numbers() == other.numbers(); }
  /// Adds a mask ratio that is not there: it takes the place of all. Throws mae::Error if it hides all patches or none.
  void take_ratio(double ratio, const std::string& subject);
  /// All of it in one text that `describe_model` reads; the same for the same model, however it was given.
  std::string text() const;
  /// The same without the name.
  std::string numbers() const;
  /// Images and encoder as a checkpoint records them.
  mae::Metadata metadata() const;
};

/// The description of a line of models.hpp or of a preset.
template <class Line>
Description description_of() {
  Description d;
  using Image = typename Line::ImageShape;
  using Encoder = typename Line::EncoderShape;
  using Decoder = typename Line::DecoderShape;
  d.name = Line::name;
  d.channels = Image::channels, d.height = Image::height, d.width = Image::width, d.patch = Image::patch;
  d.encoder = {Encoder::width, Encoder::depth, Encoder::heads};
  d.decoder = {Decoder::width, Decoder::depth, Decoder::heads};
  d.target = Line::target;
  d.classes = Line::classes;
  if constexpr (requires { typename Line::Element; }) d.mixed = !std::is_same_v<typename Line::Element, float>;
  if constexpr (requires { Line::window; }) d.window = Line::window;
  d.mask_ratio.clear();
  [&]<class... Ratio>(std::tuple<Ratio...>*) {
    (d.mask_ratio.push_back(Ratio::value), ...);
  }(static_cast<typename Line::Ratios*>(nullptr));
  return d;
}

/// All that has a name: the lines of models.hpp, then the presets that have no line.
const std::vector<Description>& named_models();
/// What the text of a setting `--model` describes; `subject` begins errors. Throws mae::Error, in one sentence, if it
/// is no name, no description, or no model that can be.
Description describe_model(const std::string& text, const std::string& subject);

/// The help of a setting `--model`; `automatic`: whose it is by default.
inline std::string model_meaning(const char* automatic = nullptr) {
  const std::string meaning = "a name, a file vit.json, or sizes such as 3x64x64/8,192x6x3,96x2x3 (mae models)";
  return automatic ? meaning + "; auto: " + automatic : meaning;
}

/// What a model costs, by arithmetic on its sizes.
struct Costs {
  mae::Index parameters;  ///< of encoder and decoder
  mae::Index encoder;     ///< of the encoder alone
  double features;        ///< operations of the encoder on one whole image; a multiply and an add are two
  double step;            ///< of a pre-training step for one image, backward too, as the published model does them
  double weights;         ///< bytes of weights, gradients and what AdamW keeps
  double activations;     ///< bytes of a step for each image of a batch, about
};
Costs costs_of(const Description& model);
/// "192 wide, 6 blocks, 3 heads".
std::string in_words(const mae::TransformerSizes& size);
/// "21.7 M", "58.7 G".
std::string with_prefix(double number);

}  // namespace program
