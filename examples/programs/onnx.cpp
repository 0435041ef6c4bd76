// Writes a trained model as ONNX, which onnxruntime and others run without this library.
//
//   onnx --checkpoint pretrained/encoder.safetensors --out encoder.onnx
//   onnx --checkpoint finetuned/model.safetensors --out classifier.onnx
//
// Inputs and outputs are told in mae/checkpoint/save_onnx.hpp; how images must be prepared stands in the file's metadata.
// `onnx --help` lists all settings.
#include "onnx.hpp"

int main(int count, char** arguments) {
  return program::run<Onnx::Settings>(count, arguments, [](Onnx::Settings& settings) {
    settings.resolve();
    program::dispatch<Onnx, program::OnCpu>(settings, CompiledModels());  // nothing is computed: any device will do
  });
}
