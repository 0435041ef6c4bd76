// Linear probing: how much does a frozen encoder know, read out by one linear layer?
//
//   probe --encoder pretrained/encoder.safetensors --data labelled --validation_share 0.2 --out probed
//
// The features are the mean over the patches, with `--recipe paper` the class token. Writes into the folder `out` what
// finetune does. `probe --help` lists all settings.
#include "probe.hpp"

int program::command::probe(int count, char** arguments) { return main<Probe>(count, arguments); }
