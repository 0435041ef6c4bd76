// What can be wrong with the images of an annotated set: listed twice, not there, named otherwise, or of another size
// than the annotators saw. Only the headers of files are read.
//
// A file's size says what was annotated. Where it is that of the upright image, all is well. Where it is that of the
// image as it lies in a file that a camera turned (EXIF 5 to 8), the annotations are turned upright. Where it is the
// exchange of height and width of an image that nobody turned, and no box would leave the image, a program exchanged
// them. Where both differ and the shape is the same, the image was scaled, and its annotations are too. Else the image
// is left out. Keypoints move with their annotation: moved_members.hpp.
#pragma once
#include <algorithm>
#include <set>

#include <mae/io/annotations/moved_members.hpp>
#include <mae/io/files/folder_walk.hpp>
#include <mae/io/images/image_file.hpp>

MAE_PRECISE_BEGIN
namespace mae {
namespace detail {

/// Finds files below a folder by names that others wrote: with other separators, other letters, more folders before.
class FileFinder {
 public:
  explicit FileFinder(std::string folder) : folder_(std::move(folder)) {}

  /// The name below the folder of the file that `name` means; empty if there is none.
  std::string find(std::string name) {
    if (there(name) == name) return name;
    std::replace(name.begin(), name.end(), '\\', '/');
    for (std::string rest = name; !rest.empty();) {
      if (const std::string found = there(rest); !found.empty()) return found;
      const std::size_t slash = rest.find('/');
      rest = slash == rest.npos ? "" : rest.substr(slash + 1);
    }
    return "";
  }

 private:
  /// Of the file of that name, letters of any case.
  std::string there(const std::string& name) {
    if (name.empty() || name[0] == '/') return "";
    const std::size_t slash = name.rfind('/');
    const std::string below = slash == name.npos ? "" : name.substr(0, slash + 1), last = name.substr(below.size());
    const auto [at, fresh] = names_.try_emplace(below);
    if (fresh) {
      std::error_code failed, unknown;
      for (std::filesystem::directory_iterator file(folder_ + "/" + below, failed), end; !failed && file != end;
           file.increment(failed))
        if (!file->is_directory(unknown)) {
          const std::string found = file->path().filename().string();
          at->second.exact.insert(found);
          at->second.lower.emplace(lower_case(found), found);
        }
    }
    if (at->second.exact.contains(last)) return name;
    const auto other = at->second.lower.find(lower_case(last));
    return other == at->second.lower.end() ? "" : below + other->second;
  }

  struct Names {
    std::set<std::string> exact;
    std::map<std::string, std::string> lower;
  };
  std::string folder_;
  std::map<std::string, Names> names_;
};

/// Makes of annotations on an image as it lies in its file those on the upright one.
inline void turn(Annotation& one, const ImageHeader& header) {
  const Point a = header.upright({one.y, one.x}), b = header.upright({one.y + one.height, one.x + one.width});
  one.set_box({(std::min)(a.x, b.x), (std::min)(a.y, b.y), (std::max)(a.x, b.x), (std::max)(a.y, b.y)});
  for (std::vector<double>& polygon : one.polygons)
    for (std::size_t i = 0; i + 1 < polygon.size(); i += 2) {
      const Point p = header.upright({polygon[i + 1], polygon[i]});
      polygon[i] = p.x, polygon[i + 1] = p.y;
    }
  if (one.mask && one.mask->height() == header.height && one.mask->width() == header.width) {
    const Image upright = to_planes(one.mask->pixels(), 1, header.height, header.width, header.orientation);
    one.mask = RunLengthMask::from_pixels(upright.height, upright.width, upright.pixels);
  }
}
/// The same of annotations on an image that was scaled since.
inline void scale(Annotation& one, double across, double down) {
  one.x *= across, one.width *= across, one.y *= down, one.height *= down;
  one.area *= across * down;
  for (std::vector<double>& polygon : one.polygons)
    for (std::size_t i = 0; i < polygon.size(); ++i) polygon[i] *= i % 2 == 0 ? across : down;
}

/// One pass over the images of a set, whose files lie below `folder`.
template <class Formats>
class ImageMender {
 public:
  ImageMender(AnnotationSet& set, const std::string& folder) : set_(set), folder_(folder), files_(folder) {}

  void run() {
    drop_repeated();
    for (std::size_t i = 0; i < set_.annotations.size(); ++i) of_image_[set_.annotations[i].image].push_back(i);
    std::set<std::int64_t> gone;
    for (AnnotatedImage& image : set_.images)
      if (!find(image) || !measure(image)) gone.insert(image.id);
    std::erase_if(set_.images, [&](const AnnotatedImage& image) { return gone.contains(image.id); });
    std::erase_if(set_.annotations, [&](const Annotation& one) { return gone.contains(one.image); });
  }

 private:
  void add(Fault fault, const AnnotatedImage& image, const std::string& more = "") {
    set_.findings.add(fault, set_.source + ": image " + std::to_string(image.id) + ", " + quoted(image.file) + more);
  }

  void drop_repeated() {
    std::map<std::int64_t, std::string> ids;
    std::map<std::string, std::int64_t> files;
    std::map<std::int64_t, std::int64_t> same;
    std::vector<AnnotatedImage> kept;
    for (AnnotatedImage& image : set_.images) {
      const auto [known, fresh_id] = ids.emplace(image.id, image.file);
      const auto [first, fresh_file] = files.emplace(image.file, image.id);
      if (!fresh_id && known->second != image.file) add(Fault::image_twice, image, ", " + quoted(known->second));
      else if (!fresh_id || !fresh_file) add(Fault::image_repeated, image);
      if (!fresh_file && first->second != image.id) same.emplace(image.id, first->second);
      if (fresh_id && fresh_file) kept.push_back(std::move(image));
    }
    set_.images = std::move(kept);
    for (Annotation& one : set_.annotations)
      if (const auto at = same.find(one.image); at != same.end()) one.image = at->second;
  }

  bool find(AnnotatedImage& image) {
    const std::string found = files_.find(image.file);
    if (found.empty()) return add(Fault::image_missing, image, " below " + quoted(folder_)), false;
    if (found != image.file) {
      add(Fault::image_named_otherwise, image, ", " + quoted(found));
      image.file = found;
    }
    if (found.find(' ') != found.npos) add(Fault::image_name_with_space, image);
    return true;
  }

  bool measure(AnnotatedImage& image) {
    ImageHeader header;
    try {
      header = image_header<Formats>(folder_ + "/" + image.file);
    } catch (const Error& error) {
      set_.findings.add(Fault::image_unreadable, std::string(error.what()).substr(5));  // without "mae: "
      return false;
    }
    const Index height = header.upright_height(), width = header.upright_width();
    const std::string sizes = ": " + std::to_string(image.height) + " x " + std::to_string(image.width) +
                              " annotated, " + std::to_string(height) + " x " + std::to_string(width) + " upright";
    if (image.height == height && image.width == width) {
      const bool same = header.height == height && header.width == width;
      if (header.orientation != 1 && same) add(Fault::turn_unknown, image);
      return true;
    }
    if (image.height == 0 || image.width == 0) {
      add(Fault::size_absent, image);
    } else if (image.height == header.height && image.width == header.width) {
      add(Fault::image_turned, image, sizes);
      each(image, [&](Annotation& one) {
        turn(one, header);
        move_others(one, image, [&](Point p) { return header.upright(p); });
      });
    } else if (image.height == width && image.width == height && fit(image, height, width)) {
      add(Fault::size_swapped, image, sizes);
    } else if (const double across = double(width) / double(image.width), down = double(height) / double(image.height);
               image.width != width && image.height != height &&
               math::fabs(double(image.width) * down - double(width)) <= 1 + 0.01 * double(width)) {
      add(Fault::size_scaled, image, sizes);
      each(image, [&, across, down](Annotation& one) {
        scale(one, across, down);
        move_others(one, image, [&](Point p) { return Point{p.y * down, p.x * across}; });
      });
    } else {
      return add(Fault::size_other, image, sizes), false;
    }
    image.height = height, image.width = width;
    return true;
  }
  template <class Use>
  void each(const AnnotatedImage& image, const Use& use) {
    if (const auto at = of_image_.find(image.id); at != of_image_.end())
      for (const std::size_t i : at->second) use(set_.annotations[i]);
  }
  template <class Move>
  void move_others(Annotation& one, const AnnotatedImage& image, const Move& move) {
    const std::string others = move_members(one.more, move);
    if (!others.empty()) add(Fault::members_kept, image, ", annotation " + std::to_string(one.id) + ": " + others);
  }
  bool fit(const AnnotatedImage& image, Index height, Index width) {
    bool all = true;
    each(image, [&](const Annotation& one) {
      all = all && !(one.x + one.width > double(width) + 0.5) && !(one.y + one.height > double(height) + 0.5);
    });
    return all;
  }

  AnnotationSet& set_;
  std::string folder_;
  FileFinder files_;
  std::map<std::int64_t, std::vector<std::size_t>> of_image_;
};

}  // namespace detail

/// Mends the images of `set`, whose files lie below `folder`, and what follows from that for annotations; adds what was
/// wrong to the findings of the set. `Formats` is a list of `Decoders`.
template <class Formats>
void mend_images(AnnotationSet& set, const std::string& folder) {
  detail::ImageMender<Formats>(set, folder).run();
}

}  // namespace mae
MAE_PRECISE_END
