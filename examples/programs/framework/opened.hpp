// An opened collection of images, whatever is said of them: what `Source` asks of it.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <mae/data/images.hpp>

namespace program {

class Opened {
 public:
  Opened() = default;
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  virtual ~Opened() = default;

  /// Valid while this lives.
  virtual mae::Images images() const = 0;
  /// Names of classes in the order of their numbers; empty if there are none or they are not known.
  virtual const std::vector<std::string>& class_names() const = 0;
  /// Where they lie; and, for who reads the report, what that is.
  virtual std::string place() const = 0;
  virtual std::string kind() const = 0;
  /// What else there is to say of it, in lines.
  virtual std::vector<std::string> notes() const = 0;
  /// What there is to say of a division, in lines: of some images to train on, and of some of `others` held out.
  virtual std::vector<std::string> notes_on(const std::vector<mae::Index>& /*training*/, const Opened& /*others*/,
                                            const std::vector<mae::Index>& /*held_out*/) const {
    return {};
  }
  /// The files that images come from, by path: one for each image if it decodes, else those that were read.
  virtual mae::Index file_count() const = 0;
  virtual std::string file(mae::Index i) const = 0;
  /// Whether images are decoded when they are asked for; then the name of image `i`, relative to its folder, and how
  /// many bytes it takes to decode one at a time, at most.
  virtual bool decodes() const = 0;
  virtual std::string name(mae::Index i) const = 0;
  virtual mae::Index decoding_bytes() const = 0;
  /// Bytes of memory that images take: which are there already, or once all are decoded; infinity if that is not known.
  virtual double bytes() const = 0;
};

/// What of a set is opened.
struct Wanted {
  std::string path;
  bool held_out = false;               ///< its part that is set aside, instead of the one to train on
  bool everything = false;             ///< all of it
  bool whole = false;                  ///< if it is not divided, all of it is held out
  bool only = false;                   ///< no other is opened: settings for `data` are for this one, held out or not
  std::vector<std::string> classes{};  ///< known names, in the order of their numbers
};
/// Opens it, or throws mae::Error.
using Opener = std::function<std::unique_ptr<const Opened>(const Wanted&)>;

}  // namespace program
