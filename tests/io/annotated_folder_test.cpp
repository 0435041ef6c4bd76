#include <mae/io/annotations/annotated_folder.hpp>

#include <doctest/doctest.h>

#include <mae/io/images/png.hpp>

#include <thread>

#include <support/png_file.hpp>
#include <support/temporary.hpp>

using mae::Annotation, mae::AnnotationSet, mae::Box, mae::FolderOptions, mae::Index, mae::LabelledBox, mae::ImageView;
using test::contains, test::error_of;
using Folder = mae::AnnotatedFolder<mae::Decoders<mae::Png>>;
static_assert(mae::ImageCollection<Folder>);

namespace {

Annotation object(std::int64_t image, std::int64_t category, const Box& box) {
  Annotation one{.id = 1, .image = image, .category = category};
  one.set_box(box);
  return one;
}
// Images 9 (20 x 30 pixels) and 4 (40 x 60), categories 8 and 2.
struct Photographs : test::TemporaryDirectory {
  Photographs() {
    mae::write_png(*this / "a.png", mae::blank_image(3, 20, 30, 100));
    mae::write_png(*this / "b.png", mae::blank_image(3, 40, 60, 200));
  }
  AnnotationSet set() const {
    Annotation crowd = object(9, 2, {1, 2, 3, 4}), difficult = object(9, 8, {-0.25, 2, 3, 4});
    crowd.crowd = difficult.difficult = true;
    return {.source = "a.json",
            .images = {{9, "a.png", 20, 30}, {4, "b.png", 40, 60}},
            .categories = {{8, "dog"}, {2, "cat"}},
            .annotations = {object(9, 8, {5, 6, 9, 10}), crowd, object(4, 2, {10, 0, 60, 20}), difficult},
            .folder = path};
  }
};
std::vector<LabelledBox> boxes(const mae::Images& images, Index i) {
  std::vector<LabelledBox> boxes;
  images.with_target<mae::Boxes>(i, [&](mae::Boxes::View view) { boxes.assign(view.begin(), view.end()); });
  return boxes;
}

}  // namespace

TEST_CASE("images in the order of their ids, with their boxes and classes in the order of categories' ids") {
  const Photographs folder;
  const Folder set(folder.set());
  const mae::Images images(set);
  images.ensure_valid("photographs");
  CHECK(images.gives<mae::Boxes>());
  CHECK(images.size() == 2);
  CHECK(images.channels() == 3);
  CHECK(images.classes() == 2);
  CHECK(set.class_names() == std::vector<std::string>{"cat", "dog"});
  CHECK(set.image_id(0) == 4);
  CHECK(set.images().name(1) == "a.png");
  images.with_image(0, [](const ImageView& view) { CHECK(view.pixels[0] == 200); });
  CHECK(boxes(images, 0) == std::vector<LabelledBox>{{{10, 0, 60, 20}, 0, false}});
  CHECK(boxes(images, 1) ==
        std::vector<LabelledBox>{{{5, 6, 9, 10}, 1, false}, {{1, 2, 3, 4}, 0, true}, {{0, 2, 3, 4}, 1, true}});
}

TEST_CASE("boxes follow images that are reduced, whichever is asked for first") {
  const Photographs folder;
  FolderOptions options;
  options.shortest_side = 10;
  for (const bool decoded : {false, true}) {
    const Folder set(folder.set(), options);
    if (decoded) set.with_image(0, [](const ImageView& view) { CHECK(view.width == 15); });
    CHECK(boxes(set, 0) == std::vector<LabelledBox>{{{2.5, 0, 15, 5}, 0, false}});
    CHECK(boxes(set, 1)[0].box == Box{2.5, 3, 4.5, 5});
  }
  options.shortest_side = 30;  // the smaller one is as it was
  CHECK(boxes(Folder(folder.set(), options), 0)[0].box == Box{7.5, 0, 45, 15});
  CHECK(boxes(Folder(folder.set(), options), 1)[0].box == Box{5, 6, 9, 10});
  // Threads that ask at once all see the same.
  options.shortest_side = 10;
  options.cache_bytes = 0;
  const Folder set(folder.set(), options);
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int k = 0; k < 50; ++k) right += boxes(set, 0)[0].box == Box{2.5, 0, 15, 5} ? 1 : 0;
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 200);
}

TEST_CASE("an image of another size than annotated is an error, reduced or not") {
  const Photographs folder;
  AnnotationSet other = folder.set();
  other.images[0].width = 31;
  const Folder set(other);
  CHECK(contains(error_of([&] { set.with_image(1, [](const ImageView&) {}); }),
                 "a.png: found 20 x 30 pixels, expected 20 x 31 as annotated"));
  AnnotationSet turned = folder.set();
  std::swap(turned.images[1].height, turned.images[1].width);
  turned.annotations.pop_back();
  turned.annotations.pop_back();
  FolderOptions options;
  options.shortest_side = 10;
  const Folder reduced(turned, options);
  CHECK(contains(error_of([&] { boxes(reduced, 0); }), "10 x 15 pixels, reduced, expected 60 x 40 as annotated"));
}

TEST_CASE("a bad image is replaced with its boxes, or stops") {
  const Photographs folder;
  test::put_text(folder / "b.png", "damaged");
  CHECK(contains(error_of([&] { mae::Images(Folder(folder.set())).ensure_valid("set"); }), "b.png"));
  FolderOptions options;
  options.bad = mae::BadImage::skip;
  const Folder set(folder.set(), options);
  set.with_image(0, [](const ImageView& view) { CHECK(view.number == 1); });
  options.shortest_side = 10;
  CHECK(contains(error_of([&] { boxes(Folder(folder.set(), options), 0); }), "b.png: found an image that cannot be"));
}

TEST_CASE("classes that another set had give their labels; an unknown category is an error") {
  const Photographs folder;
  FolderOptions options;
  options.classes = {"bird", "dog", "cat"};
  const Folder set(folder.set(), options);
  CHECK(set.class_count() == 3);
  CHECK(boxes(set, 0)[0].label == 2);
  CHECK(boxes(set, 1)[0].label == 1);
  options.classes = {"bird", "cat"};
  CHECK(error_of([&] { Folder(folder.set(), options); }) ==
        "mae: a.json: found the category 'dog', expected only the 2 known classes, 'bird' to 'cat'");
  // Two categories of one name stay two classes.
  AnnotationSet same = folder.set();
  same.categories[0].name = "cat";
  CHECK(boxes(Folder(same), 1)[0].label == 1);
}

TEST_CASE("a set that was not mended is an error") {
  const Photographs folder;
  const auto error = [&](const auto& change) {
    AnnotationSet set = folder.set();
    change(set);
    return error_of([&] { Folder{std::move(set)}; });
  };
  CHECK(contains(error([](AnnotationSet& set) { set.images.clear(); }), "no image"));
  CHECK(contains(error([](AnnotationSet& set) { set.images[0].height = 0; }), "a.json: a.png: found no size"));
  CHECK(contains(error([](AnnotationSet& set) { set.images[1].id = set.images[0].id; }), "found listed twice"));
  CHECK(contains(error([](AnnotationSet& set) { set.annotations[0].category = 3; }), "an unknown image or category"));
  CHECK(contains(error([](AnnotationSet& set) { set.annotations[0].image = 3; }), "an unknown image or category"));
  for (const Box& box : {Box{5, 6, 5, 10}, Box{5, 6, 31, 10}, Box{-1, 6, 7, 10}, Box{30, 6, 30.2, 10},
                         Box{5, Annotation::not_said, 9, 10}})
    CHECK(contains(error([&](AnnotationSet& set) { set.annotations[0].set_box(box); }),
                   "annotation 1 of 'a.png': found a box that leaves its image or has no area"));
}
