// The images that a program works with: which settings name them, how they are opened and divided.
#pragma once
#include <algorithm>
#include <atomic>
#include <memory>

#include <mae/data/images.hpp>
#include <mae/data/statistics.hpp>
#include <mae/io/images/decoding.hpp>

#include "opened.hpp"
#include "room.hpp"
#include "settings.hpp"

namespace mae {
struct FolderOptions;  // io/images/image_folder.hpp
struct ImageList;      // io/images/image_list.hpp
}  // namespace mae

namespace program {

struct DataSettings {
  Settings& all;

  Heading heading{all, "Data"};
  Text data{all, "data", "", "images: a folder, flat or a sub-folder a class, or files of MNIST, CIFAR or NumPy",
            Scope::runtime};
  Text format{all, "format", "auto", "what data is", one_of({"auto", "folder", "idx", "cifar10", "cifar100", "npy"})};
  Text idx_layout{
      all, "idx_layout", "auto",
      "how files of MNIST's format lie: emnist has rows for columns, emnist_letters labels from 1 too; auto: "
      "as they are named",
      one_of({"auto", "mnist", "emnist", "emnist_letters"})};
  Switch parts{all, "parts", true, "sub-folders named train, val, test ... are parts of a set, not classes"};
  Text validation{all, "validation", "",
                  "other images, to look at how training goes; of a divided set its validation part, "
                  "else its test part",
                  Scope::runtime};
  Number validation_share{all, "validation_share", 0, "share of data that is held out instead", from_below(0, 1)};
  Integer limit{all, "limit", 0, "train on so many images of data; 0: all", at_least(0)};
  Text bad_images{all, "bad_images", "stop", "an image that cannot be read stops the program, or is skipped and named",
                  one_of({"stop", "skip"})};
  Text normalization{all, "normalization", "auto",
                     "mean and deviation: of data, ImageNet's, or given; auto: those of the encoder, else of data",
                     one_of({"auto", "data", "imagenet", "given"})};
  Numbers mean{all, "mean", {}, "given mean of each channel, for pixels from 0 to 1"};
  Numbers deviation{all, "deviation", {}, "given deviation of each channel", above(0)};
  Text alpha{all, "alpha", "white", "transparent images are laid on white or black, or alpha is dropped",
             one_of({"white", "drop", "black"})};
  Integer sixteen_bit_white{all, "sixteen_bit_white", 65535, "level of 16-bit images that is white; 4095 for 12 bits",
                            between(1, 65535)};
  Integer max_pixels{all, "max_pixels", mae::DecodeOptions{}.max_pixels, "an image of more is an error",
                     between(1, 1e12)};
  Integer shortest_side{all, "shortest_side", 256, "larger images of a folder are reduced to this; 0: never",
                        between(0, 65536)};
  Integer cache_megabytes{all, "cache_megabytes", 2048, "memory for decoded images", between(0, 1e9), Scope::runtime};
  Integer loaders{all,           "loaders", 1, "threads that load batches ahead; 0: load when needed", between(0, 1024),
                  Scope::runtime};

  mutable std::atomic<mae::Index> skipped{0};  ///< images that were skipped and named, so far

  /// How files become images; what is doubtful about one is told on stderr.
  mae::DecodeOptions decode_options() const;
  /// Throws mae::Error if statistics are given that are not used.
  void check_statistics() const {
    for (const Numbers* const given : {&mean, &deviation})
      if (!(*given)().empty() && normalization() != "given")
        throw given->error("numbers, and " + normalization() + " as normalization",
                           "--normalization given beside them");
  }
  /// For a program that needs more than labels: throws mae::Error if a format of labelled images is asked for.
  void refuse_formats(const char* why) const {
    if (format() != "auto" && format() != "folder") throw format.error(format(), std::string("folder: ") + why);
    if (idx_layout() != "auto") throw idx_layout.error(idx_layout(), std::string("auto: ") + why);
    if (!parts()) throw parts.error("false", std::string("true: ") + why);
  }
  /// For a program that looks at `data` alone: throws mae::Error if they are to be divided.
  void refuse_division(const char* why) const {
    if (!validation().empty()) throw validation.error(validation(), std::string("nothing: ") + why);
    if (validation_share() > 0) throw validation_share.error(plain(validation_share()), std::string("0: ") + why);
    if (limit() > 0) throw limit.error(std::to_string(limit()), std::string("0: ") + why);
  }
};

/// Some of the images of a collection, in an order of their own: a collection too.
struct Subset {
  mae::Images images;
  std::vector<mae::Index> numbers;

  mae::Index size() const { return static_cast<mae::Index>(numbers.size()); }
  mae::Index channel_count() const { return images.channels(); }
  mae::Index class_count() const { return images.classes(); }
  std::int32_t label(mae::Index i) const { return images.label(numbers[static_cast<std::size_t>(i)]); }
  /// `count` of them, evenly spread, or all: classes often stand one after the other.
  Subset some(mae::Index count) const {
    Subset part{images, {}};
    const mae::Index taken = std::min(count, size());
    for (mae::Index i = 0; i < taken; ++i)
      part.numbers.push_back(numbers[static_cast<std::size_t>(i * size() / taken)]);
    return part;
  }
  /// Each of them `views` times, and each time with random numbers of its own.
  Subset repeated(mae::Index views) const {
    memory_for("a list of " + std::to_string(size() * views) + " images", "fewer --repeats need less");
    Subset part{images, {}};
    for (mae::Index view = 0; view < views; ++view)
      part.numbers.insert(part.numbers.end(), numbers.begin(), numbers.end());
    return part;
  }
  /// Where the collection replaces an image that cannot be read, the next one of the part stands in: an image of
  /// another part never does.
  template <class Use>
  void with_image(mae::Index i, const Use& use) const {
    for (mae::Index tries = 0, k = i; tries < size(); ++tries, k = (k + 1) % size()) {
      const mae::Index number = numbers[static_cast<std::size_t>(k)];
      bool found = false;
      images.with_image(number, [&](mae::ImageView image) {
        found = image.number == number;
        image.number = k;
        if (found) use(image);
      });
      if (found) return;
    }
    throw mae::Error("images", "none that can be read", "at least one");
  }
};
inline void validate(const Subset& part, const std::string& subject) {
  if (part.numbers.empty()) throw mae::Error(subject, "no images", "at least one");
  part.images.ensure_valid(subject);
}

/// The same with the target of each image, for who learns it; labels are there in any case.
template <class TargetType>
struct SubsetOf : Subset {
  using Target = TargetType;
  template <class Use>
  void with_target(mae::Index i, const Use& use) const {
    images.with_target<Target>(numbers[static_cast<std::size_t>(i)], use);
  }
};

/// Which of some images are trained on, and which are held out as `validation_share` says: the same for every run.
struct Division {
  std::vector<mae::Index> training, held_out;
};
/// Throws mae::Error if the share leaves none on one side.
Division divide(const DataSettings& settings, mae::Index count);

/// How a folder of images is read by the settings.
mae::FolderOptions folder_options(const DataSettings& settings, mae::Index channels);

/// What was passed over on the way to the images of a folder, added to `lines`.
void describe_folder(const mae::ImageList& list, std::vector<std::string>& lines);

/// The mean and deviation that the settings ask for, if no image need be looked at; for images of `channels`.
std::optional<mae::Normalization> known_normalization(const DataSettings& settings, mae::Index channels,
                                                      const std::string& checkpoint);
/// The mean and deviation that the settings ask for. `checkpoint` is the file that the program begins from, or "". To
/// be computed, all of `images` are looked at.
mae::Normalization normalization_of(const DataSettings& settings, const mae::Images& images,
                                    const std::string& checkpoint);

/// Opens images with labels or without, of `channels` channels; nothing is decoded yet. `settings` must outlive it.
Opener image_opener(const DataSettings& settings, mae::Index channels, bool labelled);

/// The files at `paths`, in their order. `settings` must outlive it.
std::unique_ptr<const Opened> open_files(const DataSettings& settings, const std::vector<std::string>& paths,
                                         mae::Index channels);

/// The images below the folder at `path`, whatever they are of; nothing is decoded yet. Throws mae::Error if there are
/// none.
std::unique_ptr<const Opened> open_images(const DataSettings& settings, const std::string& path, mae::Index channels);

/// Height and width of the upright image in a file. Throws mae::Error if it is none.
std::pair<mae::Index, mae::Index> size_of_file(const std::string& path, const DataSettings& settings);

/// What images are for. To train: those of the training part, `labelled` with at least two classes. To be looked at,
/// `everything`: those of all parts.
enum class Use { unlabelled, labelled, everything };

/// The images that the settings name, opened.
class Source {
 public:
  /// Images of `channels` channels, 1 or 3. If `classes` are given, they are numbered so. Throws mae::Error, also if an
  /// image is held out that is a training image.
  Source(const DataSettings& settings, mae::Index channels, Use use = Use::unlabelled,
         const std::vector<std::string>& classes = {});
  /// Images of any kind: what `open` gives.
  Source(const DataSettings& settings, const Opener& open, bool everything = false,
         const std::vector<std::string>& classes = {});
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  const Subset& training() const { return *training_; }
  /// Null if no image is held out.
  const Subset* validation() const { return validation_.get(); }
  /// The collection that held-out images are of, by their numbers there. Valid if there are any.
  const Opened& held_out() const { return other_ ? *other_ : *data_; }
  /// The same of images to train on.
  const Opened& trained() const { return *data_; }
  /// Names of classes in the order of their labels; empty if there are none or they are not known.
  const std::vector<std::string>& class_names() const;
  /// The files of a part of the training images, relative to their folder; empty if they are no folder's.
  std::vector<std::string> files(const Subset& part) const;
  /// What tells the training images from others, as JSON for a checkpoint: how many there are with those held out, a
  /// checksum of the names of their files in order, and how many classes they have.
  std::string identity() const;
  /// That of the training images.
  mae::Normalization normalization(const std::string& checkpoint) const {
    return normalization_of(settings_, training(), checkpoint);
  }
  /// Throws mae::Error if there are more classes than the `most` of `model`.
  void check_classes(mae::Index most, const std::string& model) const;
  /// What there is, in lines.
  std::vector<std::string> describe() const;
  /// How many bytes of memory the images take, at most.
  double bytes() const;
  /// How many bytes of memory it takes beside them to decode `count` files at a time, at most.
  double decoding_bytes(mae::Index count) const;
  /// Whether they are decoded when they are needed and kept as far as `cache_megabytes` reach, or are there already.
  bool decodes() const;
  const DataSettings& settings() const { return settings_; }

 private:
  const DataSettings& settings_;
  std::unique_ptr<const Opened> data_, other_;  // `other_`: the settings' validation
  std::unique_ptr<Subset> training_, validation_;
  std::string copies_;  // a line about held-out images that are byte copies, or ""
};

}  // namespace program
