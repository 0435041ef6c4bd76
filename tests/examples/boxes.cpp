// boxes make FOLDER COUNT SEED        images of bright squares and dark discs on noise, and their boxes in three
// formats boxes score TRUTHS.json RESULTS.json      COCO's AP and AP50 of what a detector found, on one line
//
// `make` writes grey images of several sizes around 24 x 32 into FOLDER/images, NNN.png, and of each a text of YOLO's
// into FOLDER/labels, with FOLDER/data.yaml; the same images and boxes into FOLDER/voc/JPEGImages and
// FOLDER/voc/Annotations; and FOLDER.json, COCO's, in which categories have the ids 9, disc, and 4, square, and the ids
// of images begin at 100 and have gaps.
#include <mae/core/random.hpp>
#include <mae/io/annotations/coco.hpp>
#include <mae/io/annotations/coco_evaluation.hpp>
#include <mae/io/images/png.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace {

using mae::Index;

void make(const std::string& folder, int count, std::uint64_t seed) {
  for (const char* const name : {"/images", "/labels", "/voc/JPEGImages", "/voc/Annotations"})
    std::filesystem::create_directories(folder + name);
  mae::AnnotationSet coco{.source = "", .categories = {{9, "disc"}, {4, "square"}}};
  for (int i = 0; i < count; ++i) {
    const mae::RandomStream random(seed, mae::Purpose::probe, 0, static_cast<std::uint64_t>(i));
    std::uint32_t next = 0;
    const auto below = [&](Index most) { return Index{random.below(next++, static_cast<std::uint32_t>(most))}; };
    const Index height = 20 + below(9), width = 28 + below(9);
    mae::Image image = mae::blank_image(1, height, width);
    const Index side = 9 + below(5), top = below(height - side), left = below(width / 2 - side);
    const Index radius = 4 + below(3), y0 = radius + below(height - 2 * radius),
                x0 = width / 2 + radius + below(width - width / 2 - 2 * radius);
    for (Index y = 0; y < height; ++y)
      for (Index x = 0; x < width; ++x) {
        const double far = std::hypot(double(y) + 0.5 - double(y0), double(x) + 0.5 - double(x0));
        const bool square = y >= top && y < top + side && x >= left && x < left + side;
        const Index level = far <= double(radius) ? 10 : square ? 215 : 100;
        image.row(0, y)[x] = static_cast<std::uint8_t>(level + below(40));
      }
    char name[16];
    std::snprintf(name, sizeof name, "%03d", i);
    const std::string file = std::string(name) + ".png";
    mae::write_png(folder + "/images/" + file, image);
    mae::write_png(folder + "/voc/JPEGImages/" + file, image);
    const std::int64_t id = 100 + 3 * i;
    coco.images.push_back({id, file, height, width});
    std::ofstream yolo(folder + "/labels/" + name + ".txt"), voc(folder + "/voc/Annotations/" + name + ".xml");
    yolo.precision(12);
    voc << "<annotation><filename>" << file << "</filename><size><width>" << width << "</width><height>" << height
        << "</height><depth>1</depth></size>\n";
    const auto add = [&](int kind, Index x, Index y, Index extent) {
      const auto share = [](Index twice, Index of) { return double(twice) / 2 / double(of); };
      yolo << kind << ' ' << share(2 * x + extent, width) << ' ' << share(2 * y + extent, height) << ' '
           << share(2 * extent, width) << ' ' << share(2 * extent, height) << '\n';
      voc << "<object><name>" << (kind == 0 ? "square" : "disc") << "</name><difficult>0</difficult><bndbox><xmin>"
          << x + 1 << "</xmin><ymin>" << y + 1 << "</ymin><xmax>" << x + extent << "</xmax><ymax>" << y + extent
          << "</ymax></bndbox></object>\n";
      mae::Annotation one{
          .id = static_cast<std::int64_t>(coco.annotations.size()) + 1, .image = id, .category = kind == 0 ? 4 : 9};
      one.set_box({double(x), double(y), double(x + extent), double(y + extent)});
      one.area = one.box().area();
      coco.annotations.push_back(one);
    };
    add(0, left, top, side);
    add(1, x0 - radius, y0 - radius, 2 * radius);
    voc << "</annotation>\n";
  }
  std::ofstream(folder + "/data.yaml") << "names: [square, disc]\n";
  mae::write_coco(folder + ".json", coco);
}

void score(const std::string& truths, const std::string& results) {
  const mae::EvaluatedSet set(mae::read_coco(truths));
  const auto found = mae::read_coco_results(results);
  const auto scores = mae::average_precision(set.images(), set.categories(), set.truths<mae::CocoBox>(),
                                             set.results<mae::CocoBox>(found));
  std::printf("%.6f %.6f\n", scores.average_precision(), scores.average_precision({.threshold = 0}));
}

}  // namespace

int main(int count, char** words) {
  try {
    if (count == 5 && words[1] == std::string("make"))
      return make(words[2], std::atoi(words[3]), static_cast<std::uint64_t>(std::atoi(words[4]))), 0;
    if (count == 4 && words[1] == std::string("score")) return score(words[2], words[3]), 0;
    return std::fputs("boxes make|score ...\n", stderr), 2;
  } catch (const std::exception& error) { return std::fprintf(stderr, "%s\n", error.what()), 1; }
}
