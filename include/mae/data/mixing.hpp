// Mixing: the images of a batch in pairs, each taking something of the other, and their targets in the same shares.
//
// Image b of B and image B - 1 - b are a pair; the middle one of an odd batch stays as it is. `Mix` says what happens
// in a batch: inside a box each gets `own` of itself and the rest of its partner, all else it keeps; its target is then
// `share` its own. A transform that has `mix` (transform.hpp) draws it for each batch, from (seed, epoch, number of the
// batch), so whoever makes the batch makes the same. `Mixup` (mixup.hpp) is the one of recipes; one of your own:
//
//   struct Halves {                                                      // the lower half is the partner's
//     static constexpr const char* name = "halves";
//     static constexpr std::uint32_t draws = 0;                          // of an image
//     Mix mix(const MixedBatch& batch) const {
//       return {.top = batch.height / 2, .height = batch.height - batch.height / 2, .width = batch.width,
//               .own = 0, .share = double(batch.height / 2) / double(batch.height)};
//     }
//   };
//   options.augmentation.transforms = {Halves{}};
#pragma once
#include <mae/core/random.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct Mix {
  Index top = 0, left = 0, height = 0, width = 0;  ///< the box, in pixels of the model's input
  double own = 1;                                  ///< weight of an image's own pixels inside the box
  double share = 1;                                ///< weight of its own target
};

/// The batch that is to be mixed: number `number` of its epoch, images of height x width.
struct MixedBatch {
  std::uint64_t seed, epoch, number;
  Index height, width;
  RandomStream random{seed, Purpose::mix, epoch, number};
};

/// Mixes `count` rows of `columns` numbers, each with its partner: own x + (1 - own) x of the partner, for columns from
/// `begin` to `end`.
template <class T>
void mix_rows(T* rows, Index count, Index columns, Index begin, Index end, double own) {
  const T kept = T(own), taken = T(1 - own);
  for (Index b = 0; b < count / 2; ++b) {
    T *const one = rows + b * columns, *const other = rows + (count - 1 - b) * columns;
    for (Index i = begin; i < end; ++i) {
      const T x = one[i], y = other[i];
      one[i] = kept * x + taken * y;
      other[i] = kept * y + taken * x;
    }
  }
}
/// Mixes `count` images of [C, H, W], `planes` the C of them.
template <class T>
void mix_images(T* images, Index count, Index planes, Index height, Index width, const Mix& mix) {
  for (Index c = 0; c < planes; ++c)
    for (Index y = mix.top; y < mix.top + mix.height; ++y) {
      const Index row = (c * height + y) * width + mix.left;
      mix_rows(images, count, planes * height * width, row, row + mix.width, mix.own);
    }
}

}  // namespace mae
MAE_PRECISE_END
