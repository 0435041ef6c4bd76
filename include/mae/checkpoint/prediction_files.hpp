// Masks from a file and predictions to files, as NumPy arrays: for comparison with other implementations.
//
//   noise.npy          [images, L] float: patches with the smallest numbers stay, as `noise` of transformers' ViTMAE
//   pred.npy           [images, L, n] float: what the decoder gives, in the target's space; n = P·P·C, channel last
//   mask.npy           [images, L] float: 1 where a patch was hidden
//   ids_restore.npy    [images, L] int64: the rank of each patch among the numbers of its image
// Names, shapes and types are those of MAE and transformers.
#pragma once
#include <mae/eval/reconstruct.hpp>
#include <mae/io/tensors/npy.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The noise of `images` images of L patches. Throws mae::Error if the file is no array of such numbers.
inline std::vector<float> read_noise(const std::string& path, Index images, Index L) {
  NpyArray<float> noise = read_npy<float>(path);
  if (noise.shape != std::vector<Index>{images, L})
    throw Error(path, "an array of " + shape_text(noise.shape),
                shape_text({images, L}) + ", a number for each patch of each image");
  return std::move(noise.values);
}

/// Writes pred.npy, mask.npy and ids_restore.npy of `rows`, at least one, into `folder`. Throws mae::Error if one
/// cannot be written.
inline void write_predictions(const std::string& folder, const std::vector<PanelRow>& rows) {
  std::vector<float> predictions, masks;
  std::vector<std::int64_t> restore;
  for (const PanelRow& row : rows) {
    predictions.insert(predictions.end(), row.masked.predicted.begin(), row.masked.predicted.end());
    masks.insert(masks.end(), row.masked.hidden.begin(), row.masked.hidden.end());
    restore.insert(restore.end(), row.restore.begin(), row.restore.end());
  }
  const Index count = static_cast<Index>(rows.size()), L = static_cast<Index>(masks.size()) / count;
  write_npy(folder + "/pred.npy", {count, L, static_cast<Index>(predictions.size()) / (count * L)}, predictions);
  write_npy(folder + "/mask.npy", {count, L}, masks);
  write_npy(folder + "/ids_restore.npy", {count, L}, restore);
}

}  // namespace mae
MAE_PRECISE_END
