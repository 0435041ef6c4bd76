// The programs: the one list of them. The program `mae` has each as a sub-command, and one that is called by a
// program's name, through a link for example, is that program.
//
// A program of yours is a file programs/<name>.cpp with `int program::command::<name>(int count, char** arguments)`,
// its name in the declaration below, and its line. CMake finds the file and builds it into `mae`, and as a program
// alone.
#pragma once

namespace program {

/// What a program does with its arguments, of which the first is what it was called by. Returns the exit status.
using Main = int(int count, char** arguments);

namespace command {
Main pretrain, finetune, probe, detect, segment, predict, evaluate, annotations, features, reconstruct, onnx, info, models, build,
    cache, doctor;
}  // namespace command

struct Command {
  const char *name, *purpose;
  Main* main;
};
/// In the order in which one meets them.
inline constexpr Command commands[] = {
    {"pretrain", "learn from images without labels", command::pretrain},
    {"finetune", "learn classes, from an encoder or from scratch", command::finetune},
    {"probe", "learn classes by one layer on a frozen encoder", command::probe},
    {"segment", "learn a class for each pixel", command::segment},
    {"detect", "learn boxes around objects", command::detect},
    {"predict", "tell what a trained model says of new images", command::predict},
    {"evaluate", "tell how good a trained model is", command::evaluate},
    {"annotations", "tell and mend what is wrong with boxes and masks", command::annotations},
    {"features", "write what an encoder makes of images, for NumPy", command::features},
    {"reconstruct", "show what a model makes of hidden patches", command::reconstruct},
    {"onnx", "write a trained model as ONNX", command::onnx},
    {"info", "tell what files and folders are", command::info},
    {"models", "sizes, parameters, operations and memory of models", command::models},
    {"build", "compile a program for one model into a file", command::build},
    {"cache", "list or remove models that were compiled on demand", command::cache},
    {"doctor", "tell whether a machine is fit to train on", command::doctor},
};

}  // namespace program
