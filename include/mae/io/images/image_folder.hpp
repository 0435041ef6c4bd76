// A folder of images as a collection to train on: decoded when asked for, by as many threads as ask.
//
//   const ImageFolder<Decoders<Png, Jpeg>> photos("photos", {.channels = 3, .shortest_side = 256});
//   Pretraining<Model> run(photos, options, normalization);
//
// Decoding is most of the work, so decoded bytes are kept, as many images as fit a budget (kept_images.hpp).
//
// Photographs are larger than what a model looks at. With `shortest_side`, an image whose shorter side is longer is
// reduced to it after decoding, antialiased bicubic (data/resize.hpp) rounded to bytes; a JPEG image of more than
// four times that is decoded smaller in the first place (jpeg.hpp). That is done to every image, kept or not, so what
// a model sees never depends on the cache. It does depend on `shortest_side`: crops are cut from the reduced image,
// so a crop that covers a small part of it has less detail than one from the original.
//
// A file that cannot be decoded stops the run or, if the user prefers, is replaced by the next good one of its class.
#pragma once
#include <atomic>

#include <mae/data/images.hpp>
#include <mae/data/resize.hpp>
#include <mae/io/images/image_file.hpp>
#include <mae/io/images/image_list.hpp>
#include <mae/io/images/kept_images.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// How an `ImageFolder` reads.
struct FolderOptions {
  Index channels = 3;                  ///< 1 or 3: other files are converted (`with_channels`)
  Index shortest_side = 0;             ///< larger images are reduced until their shorter side has this; 0: never
  Index cache_bytes = Index{2} << 30;  ///< decoded images kept in memory, at most
  bool needs_classes = false;          ///< at least two classes, or it is an error
  std::vector<std::string> classes{};  ///< known classes in the order of labels; empty: those of the folder
  bool parts = true;                   ///< sub-folders named as parts of a set are never classes (parts.hpp)
  /// These sub-folders make one collection; empty: the folder itself.
  std::vector<std::string> together{};
  BadImage bad = BadImage::stop;
  /// Told once about each file that was skipped, in words, by one thread at a time.
  std::function<void(const std::string&)> report{};
  /// How files become bytes. Its `report` is told about the first doubtful file alone: others are often like it.
  DecodeOptions decoding{};
};

/// The image, reduced so that its shorter side has `side` pixels; as it is if that is not less, or `side` is 0.
inline Image reduced(Image image, Index side) {
  const Index shorter = (std::min)(image.height, image.width);
  if (side == 0 || shorter <= side) return image;
  const auto scaled = [&](Index extent) { return (2 * extent * side + shorter) / (2 * shorter); };  // rounded
  Image shrunk = blank_image(image.channels, scaled(image.height), scaled(image.width));
  const CropBox whole{0, 0, static_cast<double>(image.height), static_cast<double>(image.width)};
  resize(image.pixels.data(), image.channels, image.height, image.width, whole, shrunk.pixels.data(), shrunk.height,
         shrunk.width);
  return shrunk;
}

/// The images below a folder (image_list.hpp), an `ImageCollection`. `Formats` is a list of `Decoders`.
template <class Formats>
class ImageFolder {
 public:
  /// Lists the folder; decodes nothing yet. Throws `Error` if there is no image, as `list_images` does, or if an
  /// option is out of range.
  explicit ImageFolder(const std::string& folder, const FolderOptions& options = {})
      : ImageFolder(list_images(folder, options.classes, {options.needs_classes, options.parts, options.together}),
                    options) {}
  /// The files of a list. Throws `Error` if an option is out of range.
  ImageFolder(ImageList list, const FolderOptions& options)
      : options_(options),
        list_(std::move(list)),
        kept_(list_.names.size(), options_.cache_bytes, options_.bad, options_.report),
        shown_(list_.names.size()) {
    if (options_.channels != 1 && options_.channels != 3)
      throw Error("channels", std::to_string(options_.channels), "1 (grey) or 3 (colour)");
    if (options_.shortest_side < 0) throw Error("shortest side", std::to_string(options_.shortest_side), "0 or more");
    options_.decoding.ensure_valid();
    if (options_.decoding.report)
      options_.decoding.report = [this, report = options_.decoding.report](const std::string& text) {
        if (!doubted_.exchange(true)) report(text);
      };
    if (options_.needs_classes && list_.class_names.size() < 2)
      throw Error(list_.folder,
                  list_.class_names.empty() ? "images without classes"
                                            : "the only class " + detail::quoted(list_.class_names[0]),
                  "at least two sub-folders, one for each class");
  }

  // What an ImageCollection offers.
  Index size() const { return static_cast<Index>(list_.names.size()); }
  Index channel_count() const { return options_.channels; }
  Index class_count() const { return static_cast<Index>(list_.class_names.size()); }
  std::int32_t label(Index i) const { return list_.labels[static_cast<std::size_t>(i)]; }
  /// Calls use(ImageView) for image `i`, or the one that replaces it. Throws `Error` naming the file if it cannot
  /// be decoded and is not to be skipped, or if no file of its class can.
  template <class Use>
  void with_image(Index i, const Use& use) const {
    const auto [from, to] = std::equal_range(list_.labels.begin(), list_.labels.end(), label(i));
    const Index begin = from - list_.labels.begin(), count = to - from;
    for (Index step = 0; step < count; ++step) {
      const Index number = begin + (i - begin + step) % count;
      const std::shared_ptr<const Image> image = find(number);
      if (!image) continue;
      return use(ImageView{image->pixels.data(), image->channels, image->height, image->width, number});
    }
    throw Error(
        label(i) < 0 ? list_.folder : list_.folder + "/" + list_.class_names[static_cast<std::size_t>(label(i))],
        std::to_string(count) + " files that cannot be decoded", "at least one good image");
  }

  /// Height and width in which image `i` is shown, for targets that follow it: it is decoded if it was not yet. Throws
  /// `Error` naming the file if it cannot be.
  std::pair<Index, Index> shown_size(Index i) const {
    const std::atomic<std::uint64_t>& size = shown_[static_cast<std::size_t>(i)];
    if (size == 0 && !find(i)) throw Error(path(i), "an image that cannot be decoded", "a whole one");
    return {static_cast<Index>(size >> 32), static_cast<Index>(size & 0xffffffff)};
  }

  /// Classes in the order of their labels; empty without classes.
  const std::vector<std::string>& class_names() const { return list_.class_names; }
  /// The file of image `i`, relative to the folder.
  const std::string& name(Index i) const { return list_.names[static_cast<std::size_t>(i)]; }
  /// Path of the file of image `i`.
  std::string path(Index i) const { return list_.folder + "/" + name(i); }
  /// Files in the folder that are not named as images.
  Index ignored_files() const { return list_.ignored; }
  /// What was found in the folder, with what was passed over.
  const ImageList& list() const { return list_; }
  /// Files found bad so far.
  Index bad_files() const { return kept_.bad_count(); }
  /// Bytes of memory that decoding takes at most, for one image at a time: that of the largest one, told from the
  /// headers of `looked_at` files, evenly spread, or of all if there are no more. Files that are no images are passed
  /// over.
  Index decoding_bytes(Index looked_at = 4096) const {
    Index most = 0;
    const Index count = (std::min)(looked_at, size());
    for (Index k = 0; k < count; ++k) {
      try {
        const std::string file = path(k * size() / count);
        most = (std::max)(most, image_header<Formats>(file, options_.shortest_side, options_.decoding).decoding_bytes);
      } catch (const Error&) {  // told when it is decoded
      }
    }
    return most;
  }
  /// Bytes of decoded images in memory.
  Index cached_bytes() const { return kept_.bytes(); }

 private:
  /// Image `i`, from memory or its file; null if it is bad and to be skipped.
  std::shared_ptr<const Image> find(Index i) const {
    return kept_.find(i, [&] {
      const Index side = options_.shortest_side;
      Image image = reduced(read_image<Formats>(path(i), options_.channels, side, options_.decoding), side);
      shown_[static_cast<std::size_t>(i)] =
          static_cast<std::uint64_t>(image.height) << 32 | static_cast<std::uint64_t>(image.width);
      return image;
    });
  }

  FolderOptions options_;
  ImageList list_;
  KeptImages kept_;
  mutable std::vector<std::atomic<std::uint64_t>> shown_;  // height and width of each, once it was decoded
  mutable std::atomic<bool> doubted_{false};
};

/// Decodes the first image, so that what no image of the folder can do shows before the training. All others are
/// checked when they are decoded. Throws `Error` naming the file.
template <class Formats>
void validate(const ImageFolder<Formats>& set, const std::string&) {
  set.with_image(0, [](const ImageView&) {});
}

}  // namespace mae
MAE_PRECISE_END
