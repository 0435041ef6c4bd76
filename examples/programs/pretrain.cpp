// Pre-trains a masked autoencoder on images without labels.
//
//   pretrain --data photos --model photos-64 --out pretrained
//
// Before it begins it tells what it will do: model, data, memory, updates. Then it writes into the folder `out`:
// checkpoints to resume from, log.jsonl, loss.png, panel.png, and at the end model.safetensors, the whole model, and
// encoder.safetensors, which finetune, probe and features begin from. `pretrain --help` lists all settings.
#include "pretrain.hpp"

int program::command::pretrain(int count, char** arguments) { return main<Pretrain>(count, arguments); }
