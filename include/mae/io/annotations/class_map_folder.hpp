// Images with a class map for each, as a collection to train a segmenter on: decoded when asked for.
//
//   const ClassMapFolder<Decoders<Png, Jpeg>> scenes("ade20k", {.folder = {.channels = 3, .shortest_side = 256},
//                                                               .maps = {.reduce_zero_label = true}});
//   Finetuning<Segmenter<...>> run(scenes, segmentation_options(), normalization);
//
// Which map is of which image says class_map_list.hpp; what numbers in a map mean, class_map_png.hpp. Images are
// decoded, reduced and kept as in an ImageFolder, and maps follow them to the reduced size by the nearest pixel. Before
// that, every map is looked at once: pixels of each class are counted, and each fault is found with its file. Faults
// stop the program, the first one told in words and the others counted, or their images are left out and each is told;
// only then is every image decoded once too, since those that cannot be are left out.
#pragma once
#include <array>
#include <bitset>
#include <optional>

#include <mae/backend/threads.hpp>
#include <mae/io/annotations/class_map_list.hpp>
#include <mae/io/annotations/class_map_png.hpp>
#include <mae/io/images/image_folder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct ClassMapFolderOptions {
  FolderOptions folder{};              ///< how images are read; its classes and parts take no part
  ClassMapOptions maps{};              ///< how maps are read
  ClassMapPlace place{};               ///< which of them
  Index classes = 0;                   ///< how many there are; 0: one more than the largest number in the maps
  Index most_classes = 255;            ///< and no map may have more
  std::function<void(Index)> begin{};  ///< told how many maps are going to be looked at,
  std::function<void()> looked{};      ///< and that one more has been, by several threads at once
};

/// What the maps of a collection hold.
struct ClassMapSurvey {
  std::array<Index, 256> pixels{};   ///< of each class; at 255, of those without one
  std::array<Index, 256> images{};   ///< that have such pixels
  std::vector<std::string> empty{};  ///< files whose pixels are all without a class

  /// One more than the largest class.
  Index classes() const {
    Index count = 255;
    while (count > 0 && pixels[static_cast<std::size_t>(count - 1)] == 0) --count;
    return count;
  }
};

/// The pairs below a folder, an `ImageCollection`. `Formats` is a list of `Decoders`.
template <class Formats>
class ClassMapFolder {
 public:
  /// Looks at all maps. Throws `Error` if there is no pair, a fault, or but one class.
  explicit ClassMapFolder(const std::string& folder, ClassMapFolderOptions options = {})
      : options_(std::move(options)),
        place_(folder),
        list_(list_class_maps(folder, options_.place)),
        survey_(look()),
        images_(list_of_images(), share_of_cache(false)),
        maps_(list_.maps.size(), share_of_cache(true).cache_bytes, BadImage::stop, {}) {}

  // What an ImageCollection offers.
  using Target = ClassMap;
  Index size() const { return list_.size(); }
  Index channel_count() const { return images_.channel_count(); }
  Index class_count() const { return options_.classes; }
  /// As `ImageFolder` does it.
  template <class Use>
  void with_image(Index i, const Use& use) const {
    images_.with_image(i, use);
  }
  /// Calls use(ClassMapView) for the map of image `i`, of the size that the image has been reduced to.
  template <class Use>
  void with_target(Index i, const Use& use) const {
    const std::shared_ptr<const Image> map = maps_.find(i, [&] {
      const Image own = own_map(i);
      const auto [height, width] = images_.shown_size(i);
      Image to{1, height, width, {}};
      ClassMap::place({own.pixels.data(), own.height, own.width},
                      {height, width, {0, 0, double(own.height), double(own.width)}}, to.pixels);
      return to;
    });
    use(ClassMapView{map->pixels.data(), map->height, map->width});
  }

  /// The map of image `i` as its file has it, [1, H, W]: at the size of the image's file. Throws `Error` if it cannot
  /// be read, or has a class too many or another size by now.
  Image own_map(Index i) const {
    Image map = read_class_map_png(map_path(i), options_.maps);
    const Index most = options_.classes > 0 ? options_.classes : options_.most_classes;
    for (const std::uint8_t c : map.pixels)
      if (c >= most && c != ClassMap::ignored)
        throw Error(map_path(i), "class " + std::to_string(c),
                    "classes below " + std::to_string(most) +
                        (options_.classes > 0 ? "" : ", the most that there may be") + ", or 255 for none");
    if (const Extents& then = own_sizes_[static_cast<std::size_t>(i)];
        then.height > 0 && (then.height != map.height || then.width != map.width))
      throw Error(map_path(i), std::to_string(map.height) + " x " + std::to_string(map.width) + " pixels",
                  std::to_string(then.height) + " x " + std::to_string(then.width) + ", as when it was opened");
    return map;
  }
  /// The classes that occur in the map of image `i`; at 255 whether pixels have none.
  const std::bitset<256>& classes_in(Index i) const { return classes_in_[static_cast<std::size_t>(i)]; }
  const ClassMapSurvey& survey() const { return survey_; }
  /// Pairs and where they lie; those with faults have gone.
  const ClassMapList& list() const { return list_; }
  /// The images alone.
  const ImageFolder<Formats>& images() const { return images_; }
  /// The file of image `i`, relative to the folder of images; and the paths of it and of its map.
  const std::string& name(Index i) const { return list_.images[static_cast<std::size_t>(i)]; }
  std::string path(Index i) const { return list_.images_folder + "/" + name(i); }
  std::string map_path(Index i) const { return list_.maps_folder + "/" + list_.maps[static_cast<std::size_t>(i)]; }

 private:
  struct Extents {
    Index height = 0, width = 0;
  };

  ImageList list_of_images() const {
    return {list_.images_folder, list_.images, std::vector<std::int32_t>(list_.images.size(), -1), {}, list_.ignored};
  }
  /// A map takes a byte where an image takes one for each channel.
  FolderOptions share_of_cache(bool of_maps) const {
    FolderOptions share = options_.folder;
    share.needs_classes = false;
    const Index maps = share.cache_bytes / (1 + share.channels);
    share.cache_bytes = of_maps ? maps : share.cache_bytes - maps;
    return share;
  }

  /// What is wrong with pair `i`, in words, or ""; adds its pixels to `found`.
  std::string look_at(Index i, ClassMapSurvey& found) {
    try {
      const Image map = own_map(i);
      const ImageHeader image = image_header<Formats>(path(i), 0, options_.folder.decoding);
      const Index height = image.upright_height(), width = image.upright_width();
      const auto text = [](Index rows, Index columns) {
        return std::to_string(rows) + " x " + std::to_string(columns);
      };
      if (map.height != height || map.width != width)
        throw Error(map_path(i), text(map.height, map.width) + " pixels",
                    text(height, width) + ", as many as the upright " + path(i) + " has");
      std::array<Index, 256> pixels{};
      for (const std::uint8_t c : map.pixels) ++pixels[c];
      if (options_.folder.bad == BadImage::skip) {
        DecodeOptions quiet = options_.folder.decoding;
        quiet.report = {};  // what is doubtful is told when it is read to be looked at
        static_cast<void>(read_image<Formats>(path(i), options_.folder.channels, options_.folder.shortest_side, quiet));
      }
      own_sizes_[static_cast<std::size_t>(i)] = {map.height, map.width};
      for (std::size_t c = 0; c < 256; ++c) {
        found.pixels[c] += pixels[c], found.images[c] += pixels[c] > 0;
        classes_in_[static_cast<std::size_t>(i)][c] = pixels[c] > 0;
      }
      if (pixels[ClassMap::ignored] == static_cast<Index>(map.pixels.size())) found.empty.push_back(map_path(i));
      return "";
    } catch (const Error& error) { return error.what() + 5; }  // without "mae: "
  }

  ClassMapSurvey look() {
    const int threads = DefaultThreads::count();
    std::vector<ClassMapSurvey> parts(static_cast<std::size_t>(threads));
    std::vector<std::string> wrong(list_.images.size());
    classes_in_.resize(wrong.size());
    own_sizes_.resize(wrong.size());
    if (options_.begin) options_.begin(size());
    parallel_for_each<DefaultThreads>(size(), threads, [&](Index i, int thread) {
      wrong[static_cast<std::size_t>(i)] = look_at(i, parts[static_cast<std::size_t>(thread)]);
      if (options_.looked) options_.looked();
    });
    ClassMapSurvey all;
    for (const ClassMapSurvey& part : parts) {
      for (std::size_t c = 0; c < 256; ++c) all.pixels[c] += part.pixels[c], all.images[c] += part.images[c];
      all.empty.insert(all.empty.end(), part.empty.begin(), part.empty.end());
    }
    std::sort(all.empty.begin(), all.empty.end());
    leave_out(wrong);
    if (options_.classes == 0) options_.classes = all.classes();
    if (options_.classes < (options_.place.split == Split::train ? 2 : 1))
      throw Error(place_,
                  options_.classes == 0 ? "class maps that are 255, no class, everywhere"
                                        : "class maps of the only class 0, and " + std::to_string(all.pixels[255]) +
                                              " pixels of 255, which is none",
                  "at least two classes, numbered 0, 1, 2 and so on");
    return all;
  }
  /// Removes the pairs of which something is wrong, or throws `Error`.
  void leave_out(const std::vector<std::string>& wrong) {
    std::vector<std::string> faults = list_.faults;
    ClassMapList good = list_;
    good.images.clear(), good.maps.clear();
    for (std::size_t i = 0; i < wrong.size(); ++i) {
      if (!wrong[i].empty()) {
        faults.push_back(wrong[i]);
        continue;
      }
      good.images.push_back(list_.images[i]);
      good.maps.push_back(list_.maps[i]);
      classes_in_[good.maps.size() - 1] = classes_in_[i];
      own_sizes_[good.maps.size() - 1] = own_sizes_[i];
    }
    const std::string more = faults.size() > 1 ? "; and so on, " + std::to_string(faults.size()) + " faults" : "";
    if (!faults.empty() && (options_.folder.bad == BadImage::stop || good.images.empty()))
      throw Error(faults[0] + more);
    if (options_.folder.report)
      for (const std::string& fault : faults) options_.folder.report("mae: " + fault);
    list_ = std::move(good);
  }

  ClassMapFolderOptions options_;
  std::string place_;
  ClassMapList list_;
  std::vector<std::bitset<256>> classes_in_{};  // before the survey, which fills them
  std::vector<Extents> own_sizes_{};            // of maps, as their files have them
  ClassMapSurvey survey_;
  ImageFolder<Formats> images_;
  KeptImages maps_;
};

/// Decodes the first image, as for an `ImageFolder`.
template <class Formats>
void validate(const ClassMapFolder<Formats>& set, const std::string&) {
  set.with_image(0, [](const ImageView&) {});
}

}  // namespace mae
MAE_PRECISE_END
