// What can be wrong with annotations, found and mended one by one: ids, categories, boxes, areas, masks.
//
// How boxes are written shows only in the set as a whole: box_form.hpp. Of a box that is converted or cut, the area
// that was said is no more true, and is computed anew: mend_outlines.hpp.
#pragma once
#include <algorithm>
#include <set>
#include <tuple>

#include <mae/io/annotations/mend_outlines.hpp>
#include <mae/io/files/checked_size.hpp>
#include <mae/io/files/folder_walk.hpp>

MAE_PRECISE_BEGIN
namespace mae {
namespace detail {

/// One pass over the annotations of a set.
class AnnotationMender {
 public:
  explicit AnnotationMender(AnnotationSet& set) : set_(set), classes_(set.categories) {
    for (const AnnotatedImage& image : set.images) images_.emplace(image.id, &image);
  }

  void run() {
    check_categories();
    number_anew();
    keep([&](Annotation& one) { return known(one) && find_box(one) && find_area(one); });
    convert_boxes();
    keep([&](Annotation& one) { return fit_box(one); });
    drop_repeated();
    for (Annotation& one : set_.annotations) {
      const auto tell = [&](Fault fault, const std::string& more) { add(fault, place(one) + more); };
      mend_outlines(one, *images_.at(one.image), tell);
      mend_area(one, *images_.at(one.image), tell);
    }
    note_unused();
  }

 private:
  void add(Fault fault, const std::string& place) { set_.findings.add(fault, place); }
  /// In words, which one it is.
  std::string place(const Annotation& one) const {
    std::string text = set_.source + ": annotation";
    if (one.id != Annotation::no_id) text += " " + std::to_string(one.id);
    if (const auto at = images_.find(one.image); at != images_.end()) text += " of " + quoted(at->second->file);
    if (one.has_box())
      text += ", box [" + short_text(one.x, 8) + ", " + short_text(one.y, 8) + ", " + short_text(one.width, 8) + ", " +
              short_text(one.height, 8) + "]";
    return text;
  }
  template <class Keep>
  void keep(const Keep& wanted) {
    std::vector<Annotation>& all = set_.annotations;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (wanted(all[i])) {
        if (kept != i) all[kept] = std::move(all[i]);
        ++kept;
      }
    all.resize(kept);
  }

  void check_categories() {
    std::set<std::int64_t> ids;
    std::set<std::string> names, alike;
    for (const Category& category : set_.categories) {
      const std::string text = set_.source + ": category " + std::to_string(category.id) + ", " + quoted(category.name);
      if (!ids.insert(category.id).second) add(Fault::category_twice, text);
      else if (!names.insert(category.name).second) add(Fault::category_name_twice, text);
      else if (!alike.insert(folded(category.name)).second) add(Fault::category_name_alike, text);
    }
  }

  /// `name` in small letters of ASCII without blanks.
  static std::string folded(const std::string& name) {
    std::string text;
    for (const char c : lower_case(name))
      if (c != ' ' && c != '\t' && c != '\r' && c != '\n') text += c;
    return text;
  }

  void number_anew() {
    std::int64_t last = 0;
    std::set<std::int64_t> ids;
    bool wanted = false;
    for (const Annotation& one : set_.annotations) {
      last = (std::max)(last, one.id);
      wanted = !ids.insert(one.id).second || one.id == 0 || one.id == Annotation::no_id || wanted;
    }
    if (!wanted) return;
    const bool full = last > INT64_MAX - static_cast<std::int64_t>(set_.annotations.size());
    if (full) last = 0;  // then all are numbered anew
    ids.clear();
    for (Annotation& one : set_.annotations) {
      const bool fresh = ids.insert(one.id).second;
      if (one.id == Annotation::no_id) add(Fault::id_absent, place(one));
      else if (one.id == 0) add(Fault::id_zero, place(one));
      else if (!fresh) add(Fault::id_twice, place(one));
      else if (full) add(Fault::id_large, place(one));
      else continue;
      one.id = ++last;
    }
  }

  bool known(const Annotation& one) {
    if (!images_.contains(one.image))
      return add(Fault::image_unknown,
                 place(one) + (one.image == Annotation::no_id ? "" : ", image " + std::to_string(one.image))),
             false;
    if (!classes_.class_of(one.category))
      return add(Fault::category_unknown,
                 place(one) + (one.category == Annotation::no_id ? "" : ", category " + std::to_string(one.category))),
             false;
    return true;
  }

  bool find_box(Annotation& one) {
    if (one.has_box()) return true;
    add(Fault::box_absent, place(one));
    if (!one.has_segmentation()) return false;
    one.set_box(one.mask ? one.mask->box() : extent_of(one.polygons));
    return true;
  }

  /// What says no area has none until all else is known.
  bool find_area(Annotation& one) {
    if (is_finite(one.area) && one.area > 0) return true;
    add(Fault::area_absent, place(one));
    one.area = Annotation::not_said;
    return true;
  }

  void convert_boxes() {
    BoxForm form;
    for (const Annotation& one : set_.annotations) form.add(one, *images_.at(one.image));
    if (form.shares()) return multiply_shares();
    const bool all = form.corners();
    if (!all && !form.suspected()) return;
    for (Annotation& one : set_.annotations) {
      const bool doubtful =
          BoxForm::far_beyond(one, *images_.at(one.image)) && BoxForm::evidence(one) != BoxForm::Evidence::size;
      if (!all && !doubtful) continue;
      add(all ? Fault::box_of_corners : Fault::box_maybe_of_corners, place(one));
      if (!all) continue;
      one.set_box({one.x, one.y, one.width, one.height});
      if (one.area > one.width * one.height) one.area = Annotation::not_said;
    }
  }
  void multiply_shares() {
    for (Annotation& one : set_.annotations) {
      const AnnotatedImage& image = *images_.at(one.image);
      add(Fault::box_of_shares, place(one));
      const double across = double(image.width), down = double(image.height);
      one.x *= across, one.width *= across, one.y *= down, one.height *= down;
      if (one.area <= 1) one.area *= across * down;
      for (std::vector<double>& polygon : one.polygons) {
        const bool shares = std::all_of(polygon.begin(), polygon.end(), [](double number) { return number <= 1; });
        for (std::size_t i = 0; shares && i < polygon.size(); ++i) polygon[i] *= i % 2 == 0 ? across : down;
      }
    }
  }

  bool fit_box(Annotation& one) {
    const AnnotatedImage& image = *images_.at(one.image);
    const Box box = one.box(), whole{0, 0, double(image.width), double(image.height)};
    // The area of one that is next to nothing is 0 in numbers, that of one without end is none.
    if (!(one.width > 0) || !(one.height > 0) || !(one.width * one.height > 0))
      return add(Fault::box_empty, place(one)), false;
    if (whole.area() == 0) {  // nobody knows the size
      if (is_finite(one.width * one.height)) return true;
      return add(Fault::box_outside, place(one)), false;
    }
    const Box inside = intersection(box, whole);
    if (inside.area() == 0) return add(Fault::box_outside, place(one)), false;
    if (box.x0 <= -0.5 || box.y0 <= -0.5 || box.x1 >= whole.x1 + 0.5 || box.y1 >= whole.y1 + 0.5) {
      add(Fault::box_over_border, place(one));
      one.set_box(inside);
      one.area = Annotation::not_said;
    }
    if (inside.area() >= 0.999 * whole.area()) add(Fault::box_covers_all, place(one));
    return true;
  }

  void drop_repeated() {
    const std::vector<Annotation>& all = set_.annotations;
    std::vector<std::size_t> order(all.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    const auto box_of = [&](std::size_t i) { return std::tuple(all[i].x, all[i].y, all[i].width, all[i].height); };
    const auto sort = [&](const auto& key) {
      std::sort(order.begin(), order.end(),
                [&](std::size_t a, std::size_t b) { return std::tuple(key(a), a) < std::tuple(key(b), b); });
    };
    const auto whole = [&](std::size_t i) {
      return std::tuple(all[i].image, all[i].category, all[i].crowd, box_of(i));
    };
    sort(whole);
    std::set<const Annotation*> repeated;
    for (std::size_t i = 1; i < order.size(); ++i)
      if (whole(order[i]) == whole(order[i - 1])) repeated.insert(&all[order[i]]);
    sort(box_of);
    for (std::size_t i = 0, end = 0; i < order.size(); i = end) {
      std::set<std::int64_t> images;
      for (end = i; end < order.size() && box_of(order[end]) == box_of(order[i]); ++end)
        images.insert(all[order[end]].image);
      for (std::size_t k = 0; images.size() >= 100 && k < images.size(); ++k)
        add(Fault::box_everywhere, place(all[order[i]]));
    }
    for (const Annotation& one : all)
      if (repeated.contains(&one)) add(Fault::box_repeated, place(one));
    // In place, and so by where they stand now.
    std::vector<bool> wanted(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) wanted[i] = !repeated.contains(&all[i]);
    std::size_t at = 0;
    keep([&](Annotation&) { return wanted[at++]; });
  }

  void note_unused() {
    std::set<std::int64_t> images, categories;
    for (const Annotation& one : set_.annotations) images.insert(one.image), categories.insert(one.category);
    for (const Category& category : set_.categories)
      if (!categories.contains(category.id))
        add(Fault::category_unused,
            set_.source + ": category " + std::to_string(category.id) + ", " + quoted(category.name));
    for (const AnnotatedImage& image : set_.images)
      if (!images.contains(image.id)) add(Fault::image_without_objects, set_.source + ": " + quoted(image.file));
  }

  AnnotationSet& set_;
  CategoryClasses classes_;
  std::map<std::int64_t, const AnnotatedImage*> images_;
};

}  // namespace detail

/// Mends the annotations of `set`, adds what was wrong to its findings. Sizes of its images are taken as they are.
inline void mend_annotations(AnnotationSet& set) { detail::AnnotationMender(set).run(); }

}  // namespace mae
MAE_PRECISE_END
