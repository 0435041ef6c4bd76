// Writes a trained model as ONNX, which onnxruntime and others run without this library.
//
//   onnx --checkpoint pretrained/encoder.safetensors --out encoder.onnx
//   onnx --checkpoint finetuned/model.safetensors --out classifier.onnx
//
// Inputs and outputs are told in mae/checkpoint/save_onnx.hpp; how images must be prepared stands in the file's metadata.
// `onnx --help` lists all settings.
#include "onnx.hpp"

int program::command::onnx(int count, char** arguments) {
  return run<Onnx::Settings>(count, arguments, [](Onnx::Settings& settings) {
    name_model(settings);
    settings.resolve();
    dispatch<Onnx, OnCpu>(settings, static_cast<CompiledModels*>(nullptr));  // nothing is computed: any device will do
  });
}
