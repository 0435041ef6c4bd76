// Lesson 16: from tokens to places.
//
// A detector tells where objects are and of which class. Tokens are of one size, objects of any, so the first step
// makes maps of several sizes out of the tokens of the patches (a pyramid). In the map of stride s, place (i, j) stands
// for the pixel ((j + 1/2) s, (i + 1/2) s), x first. Finer and coarser maps, of x at row i and column j:
//
//     finer      a linear layer makes 4 O numbers of a token, and they are spread over 2 × 2 places, O numbers each:
//                y[2 i + u, 2 j + v] = numbers u, v of x[i, j]    (together "a transposed convolution")
//     coarser    y[i, j] = max over u, v in {0, 1} of x[2 i + u, 2 j + v], number by number    ("max pooling")
//
// A patch's token was made for its patch. To look at neighbours, each place takes a sum over 3 × 3 of them, weighted by
// a matrix for each direction, with nothing beyond the border ("a convolution"):
//
//     y[i, j] = b + Σ_{u, v in {-1, 0, 1}} W_uv x[i + u, j + v].
//
// All maps lie in one tensor [B, places, D], one behind the other, so what works place by place is one layer for all.
//
// The second step says which place answers for which object. An object is a box [x0, x1) × [y0, y1) with a class. From
// a place at (x, y) its sides are l = x - x0, t = y - y0, r = x1 - x and b = y1 - y away (left, top, right, bottom).
// The place is a candidate if it lies inside, min(l, t, r, b) > 0; near the middle, within 1.5 s of it in x and in y;
// and if the map has the object's size: max(l, t, r, b) is above 8 s' and not above 8 s, s' the stride of the map
// before. (The first map begins at 0, the last ends nowhere.) Of several boxes the smallest has the place, for the
// larger has others. A place that has no box is background, which is an answer too.
//
// What a place has to say of its box: the class, l, t, r, b in strides, and how central it lies, from 0 to 1 in the
// middle: √(min(l, r) / max(l, r) · min(t, b) / max(t, b)), "centerness". All that follows from boxes alone, so it is
// made before the network is asked, as masks are (lesson 6). How far off the answers are is lesson 17.
//
// Paper: section 5, "Object detection and segmentation", table 4. Pyramid: Li et al., "Exploring plain vision
// transformer backbones for object detection", 2022, section 3. Places: Tian et al., "FCOS", 2019, section 3.
#include <mae/autograd/run/eager.hpp>
#include <mae/backend/reference.hpp>
#include <mae/data/detection_targets.hpp>
#include <mae/model/feature_pyramid.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

using mae::dyn, mae::Expression, mae::Grid, mae::Index, mae::Shape;
using Policy = mae::Reference<double>;

/// A map of 1 × 2 patches, 8 pixels wide, then one twice as fine, and both in one tensor.
using Patches = Grid<1, 2, 8>;
using Fine = Grid<2, 4, 4>;
using Both = mae::Levels<Fine, Patches>;
struct Parts {
  mae::Conv3x3<Both, 1, 1> conv;
  MAE_MODULE(conv)
};

/// Prints the numbers of one channel, places row by row.
void print(const char* name, const auto& values) {
  std::printf("%-34s", name);
  for (const double value : values) std::printf(" %3g", value);
  std::printf("\n");
}

void maps() {
  const double numbers[] = {1, 2, 3, 4, 5, 6, 7, 8};  // two tokens, four numbers each
  mae::Weights<Parts, Policy> weights;
  std::fill_n(weights.at(*weights.find("conv.weight")), 9, 1.0);  // so it sums up what is around, and itself
  mae::Eager<Parts, Policy> eager(weights);
  auto tokens = eager.input(mae::View<const double, Shape<dyn, 2, 4>>(numbers));  // [1, 2, 4]
  auto fine = mae::spread<2, Patches>(tokens);                                    // [1, 8, 1]
  auto coarse = mae::max_pool<Fine>(fine);                                        // [1, 2, 1]
  auto both = mae::concat<1>(fine, coarse);                                       // [1, 10, 1]
  print("1 2 3 4 and 5 6 7 8, spread:", eager.view(fine));
  print("its largest of 2 x 2:", eager.view(coarse));
  print("both:", eager.view(both));
  print("sums of 3 x 3, each map by itself:", eager.view(eager.module().conv(both)));

  using Pyramid = mae::FeaturePyramid<Grid<32, 32, 16>, 768, mae::Scales<1, 0, -1, -2>, 256>;
  std::printf("\npyramid of ViT-B, 512 x 512 pixels:\n");
  for (const mae::Level& level : Pyramid::Levels::all)
    std::printf("  stride %2jd: %2jd x %2jd places, the first is number %jd\n", level.stride, level.rows, level.columns,
                level.first);
  std::printf("  %jd places, %.1f million weights\n\n", Pyramid::Levels::places,
              static_cast<double>(mae::parameter_count<Pyramid>()) / 1e6);

  //! mae::max_pool<Patches>(tokens);
  // error: mae::max_pool<Map>: a map has at least two rows and two columns
}

/// 64 × 64 pixels in patches of 4 × 4: strides 4, 8, 16, sizes up to 32, up to 64 and above.
using Maps = mae::Levels<Grid<16, 16, 4>, Grid<8, 8, 8>, Grid<4, 4, 16>>;
const std::vector<mae::LabelledBox> boxes = {{{2, 2, 62, 62}, 0},             // A, large
                                             {{2, 34, 26, 58}, 1},            // B, in front of A
                                             {{30, 26, 40, 36}, 2},           // C, small, in the middle of A
                                             {{52.5, 52.5, 53.5, 53.5}, 2}};  // D, a pixel

void places() {
  std::vector<std::int32_t> owners(Maps::places), classes(Maps::places);
  std::vector<double> targets(5 * Maps::places);
  mae::PlaceOwners<Maps>::find(boxes, owners.data());
  mae::detection_targets<Maps>(boxes, classes.data(), targets.data());  // the same, and what places have to say
  std::printf("whose is which place:\n");
  for (Index i = 0; i < 16; ++i) {
    for (const mae::Level& level : Maps::all)
      for (Index j = 0; j < level.columns + 3; ++j) {
        const bool inside = i < level.rows && j < level.columns;
        const std::int32_t owner = inside ? owners[std::size_t(level.first + i * level.columns + j)] : 0;
        std::printf("%c", !inside ? ' ' : owner < 0 ? '.' : "ABCD"[owner]);
      }
    std::printf("|\n");
  }
  for (int n = 0; n < 4; ++n) {
    const Index count = std::count(owners.begin(), owners.end(), n);
    std::printf("box %c, width %2g: %jd places%s\n", "ABCD"[n], boxes[std::size_t(n)].box.width(), count,
                count == 0 ? ", it lies between them: nothing can find it" : "");
  }

  std::printf("\nin strides:%-17s %5s %5s %5s %5s   %s\n", "", "l", "t", "r", "b", "centerness");
  for (const Index p : {7 * 16 + 7, 256 + 3 * 8 + 3, 7 * 16 + 8}) {
    const mae::Level& level = Maps::all[p < 256 ? 0 : 1];
    const double s = double(level.stride);
    const double y = (double((p - level.first) / level.columns) + 0.5) * s;
    const double x = (double((p - level.first) % level.columns) + 0.5) * s;
    const std::int32_t owner = owners[std::size_t(p)];
    const mae::Box& box = boxes[std::size_t(owner)].box;
    const double l = (x - box.x0) / s, t = (y - box.y0) / s, r = (box.x1 - x) / s, b = (box.y1 - y) / s;
    const double central = std::sqrt(std::fmin(l, r) / std::fmax(l, r) * (std::fmin(t, b) / std::fmax(t, b)));
    std::printf("%c at (%2.0f, %2.0f), stride %.0f %7s %5.2f %5.2f %5.2f %5.2f   %.3f\n", "ABCD"[owner], x, y, s,
                "by hand", l, t, r, b, central);
    const double* const target = &targets[std::size_t(5 * p)];
    std::printf("%28s %5.2f %5.2f %5.2f %5.2f   %.3f\n", "library", target[0], target[1], target[2], target[3],
                target[4]);
  }
}

int main() {
  maps();
  places();
}
