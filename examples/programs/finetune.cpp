// Fine-tunes a pre-trained encoder on labelled images: a sub-folder a class, or files with labels.
//
//   finetune --encoder pretrained/encoder.safetensors --data labelled --validation_share 0.2 --out finetuned
//   finetune --scratch --model photos-64 --data labelled --validation_share 0.2 --out scratch       to compare
//
// Writes into the folder `out`: checkpoints to resume from, of which the one with the best accuracy on held-out images
// is kept, log.jsonl, loss.png, accuracy.png, and at the end model.safetensors. `finetune --help` lists all settings.
#include "finetune.hpp"

int program::command::finetune(int count, char** arguments) { return main<Finetune>(count, arguments); }
