// What a file or folder is, for the program `info`: weights, a run, images, annotations, class maps, settings.
//
// All is found by the library's own readers, so what is told is what the other programs will find. Each `tell_…` adds
// to the facts, or throws mae::Error if the path is not of its kind after all.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "checkpoints.hpp"
#include "facts.hpp"

namespace program {

/// A program that reads a file of settings.
struct SettingsReader {
  std::string program;
  std::function<std::vector<std::string>()> names;    ///< of its settings
  std::function<void(const std::string& path)> read;  ///< throws mae::Error about what it does not take
};

/// What is known of this build, and what is asked for.
struct Asked {
  std::vector<Description> models{};  ///< that are compiled
  std::vector<SettingsReader> readers{};
  bool scan = false;      ///< read every number and decode every image
  bool settings = false;  ///< tell all settings that made a model
  /// What stands before the names of the model that is meant, where a file has several.
  std::optional<std::string> prefix{};
};

/// Tells what `path` is. Throws mae::Error if it is nothing that is known here.
void tell(const std::string& path, const Asked& asked, Facts& facts);

// The kinds.
void tell_checkpoint(const std::string& path, const Asked& asked, Facts& facts);
void tell_run(const std::string& folder, const Asked& asked, Facts& facts);
void tell_images(const std::string& path, const std::string& format, const Asked& asked, Facts& facts);
void tell_image(const std::string& path, Facts& facts);
void tell_array(const std::string& path, const Asked& asked, Facts& facts);
void tell_annotations(const std::string& path, const Asked& asked, Facts& facts);
void tell_class_maps(const std::string& folder, const Asked& asked, Facts& facts);
void tell_json(const std::string& path, const Asked& asked, Facts& facts);

// Parts of what is told of weights.
/// Which of the models that a program was compiled for a file fits.
void tell_models(const mae::TensorFile& file, const mae::Recognised& names, const Asked& asked, Facts& facts);
/// What the programs would load of it; `kind` is what it is of.
void tell_loading(const mae::TensorFile& file, const mae::Recognised& names, const std::string& kind, Facts& facts);
/// Reads every number: what is not finite or all zero, and whether the checksum is right.
void scan_numbers(const mae::TensorFile& file, Facts& facts);
/// A mistake in the file.
void suspect(Facts& facts, const std::string& what);
/// What an error says, without the subject that is known.
std::string without_mae(const mae::Error& error, const std::string& path);

/// "a, b and 3 more": the first `most` of a list.
std::string first_of(const std::vector<std::string>& list, std::size_t most);
/// Classes with how many there are of each, in lines; "" for a class without a name.
void tell_classes(const std::vector<std::string>& names, const std::vector<mae::Index>& counts, const char* of,
                  Facts& facts);
/// The smallest, the median and the largest of sizes, by the number of pixels.
void tell_sizes(std::vector<std::pair<mae::Index, mae::Index>> height_width, Facts& facts);

}  // namespace program
