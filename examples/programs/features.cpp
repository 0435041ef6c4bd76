// Writes the features that a pre-trained encoder gives to images, unmasked, as arrays for NumPy.
//
//   features --encoder pretrained/encoder.safetensors --data photos --out features
//
// Writes features.npy, [images, width] or with `--tokens all` [images, 1 + patches, width], and labels.npy if there are
// labels, into the folder `out`. Row i belongs to image i of `data`, folders sorted by name. `features --help` lists
// all settings.
#include "features.hpp"

int program::command::features(int count, char** arguments) { return main<Features>(count, arguments); }
