// Shows what a pre-trained model makes of images: original, masked, predicted, pasted, whole, and where it is wrong.
//
//   reconstruct --checkpoint pretrained/model.safetensors --files cat.jpg dog.jpg --out reconstructed
//
// Writes panel.png into the folder `out` and prints the errors. The file says which model it is of and how its images
// were normalised. A model of normalised pixels predicts neither the mean nor the contrast of a patch: `--statistics
// oracle` takes them from the hidden patch, `visible` estimates them from the patches that the model saw; the panel
// says which.
// `--noise FILE.npy` fixes the masks, `--out-npy FOLDER` writes pred, mask and ids_restore, for comparison with other
// implementations. `reconstruct --help` lists all settings.
#include "reconstruct.hpp"

int program::command::reconstruct(int count, char** arguments) { return main<Reconstruct>(count, arguments); }
