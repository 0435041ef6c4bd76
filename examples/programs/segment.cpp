// Trains a segmenter, a class for each pixel, on a pre-trained encoder: images, and class maps as PNG files.
//
//   segment --encoder pretrained/encoder.safetensors --data scenes --validation_share 0.2 --out segmented
//   segment --scratch --model photos-64 --data scenes --validation_share 0.2 --out scratch           to compare
//   segment --resume --predict photos --out segmented                    what it says of other images
//
// `data` is a folder with images/ and masks/, or one that lies as ADE20K or Pascal VOC do. Writes into the folder
// `out`: checkpoints to resume from, of which the one with the best mean IoU on held-out images is kept, log.jsonl,
// loss.png, mean_iou.png, panel.png, and at the end model.safetensors, scores.json and a class map for each held-out
// image. `segment --help` lists all settings.
#include "segment.hpp"

int program::command::segment(int count, char** arguments) { return main<Segment>(count, arguments); }
