// to_tensor(): the images of a collection as a model's input, in one call.
//
//     const auto x = mae::to_tensor<ImageShape<3, 32, 32, 4>>(images, normalization);   // [n, 3, 32, 32]
//
// Each image is what a model sees without augmentation: the middle of it, resized to the model's extents, normalised.
// All n are in memory at once, n times C H W numbers; what does not fit goes through `for_each_batch`.
#pragma once
#include <mae/data/batches.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The images of `images` as [n, C, H, W] of elements T, in their order; loaded on `threads` of `Threads`. `Geometry`
/// is the model's `ImageShape`. Throws mae::Error if there are none, if their channels are not the model's, or if one
/// cannot be read.
template <class Geometry, class T = float, class Threads = DefaultThreads>
Tensor<T, typename Geometry::Pixels> to_tensor(const Images& images, const Normalization& normalization,
                                               int threads = Threads::count()) {
  images.ensure_valid("images");
  check_channels(images, normalization, Geometry::channels, "images");
  Batch<Geometry, T> all(images.size());
  for (Index i = 0; i < images.size(); ++i) all.samples.push_back(i);
  load_batch<Threads>(images, normalization, {}, 0, all, threads);
  return std::move(all.images);
}

}  // namespace mae
MAE_PRECISE_END
