// Trains a detector, boxes with a class and a score, on a pre-trained encoder: images and annotations of COCO, Pascal
// VOC or YOLO.
//
//   detect --encoder pretrained/encoder.safetensors --data photos --annotations train.json --validation_share 0.2
//   detect --scratch --model photos-64 --data VOC2012 --validation_share 0.2 --out scratch           to compare
//   detect --resume --predict photos                                           what it finds in other images
//
// Annotations are mended first (the program `annotations`), and what can be learnt of them is told. Writes into the
// folder `out`: checkpoints to resume from, of which the one with the best average precision on held-out images is
// kept, log.jsonl, loss.png, average_precision.png, panel.png, and at the end model.safetensors, scores.json, and for
// any evaluator predictions.json with held_out.json. `detect --help` lists all settings.
#include "detect.hpp"

int program::command::detect(int count, char** arguments) { return main<Detect>(count, arguments); }
