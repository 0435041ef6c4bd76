// onnx_models FOLDER: exports the models of support/onnx_models.hpp to FOLDER/<name>.onnx, and with tensors in a file
// of their own to <name>-outside.onnx, and writes what this library computes with them, for three images, to
// FOLDER/<name>.safetensors. onnx_models.py compiles and runs it.
#include <cstdio>

#include <support/onnx_results.hpp>

using namespace mae;

int main(int, char** arguments) {
  test::each_onnx_model([&]<class Model>(const std::string& name, std::type_identity<Model>) {
    const std::string path = arguments[1] + ("/" + name);
    const auto weights = test::onnx_weights<Model>();
    const Normalization normalization = test::onnx_normalization(Model::ImageShape::channels);
    save_onnx(path + ".onnx", weights, normalization, {.name = name});
    save_onnx(path + "-outside.onnx", weights, normalization, {.name = name, .external_data_above = 0});
    write_safetensors(path + ".safetensors", test::onnx_results<Model>().tensors);
    std::printf("%s\n", name.c_str());
  });
}
