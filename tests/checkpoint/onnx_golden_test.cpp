// What onnxruntime computes from the files that save_onnx writes (tests/golden/onnx_models.py), and what this library
// does. That it writes these very files is save_onnx_test.cpp's.
#include <doctest/doctest.h>

#include <support/golden.hpp>
#include <support/onnx_results.hpp>

using namespace mae;

TEST_CASE("exported models give in onnxruntime what they give here") {
  test::each_onnx_model([]<class Model>(const std::string& name, std::type_identity<Model>) {
    const SafetensorsFile golden = test::golden_file("onnx/" + name);
    INFO(golden.path(), ": onnx ", golden.metadata("onnx"), ", onnxruntime ", golden.metadata("onnxruntime"));
    const test::OnnxResults ours = test::onnx_results<Model>();
    REQUIRE(ours.tensors.size() == golden.names().size());
    for (std::size_t i = 0; i < ours.tensors.size(); ++i) {
      const TensorBytes& tensor = ours.tensors[i];
      INFO(tensor.name);
      CHECK(golden.find(tensor.name)->shape == tensor.shape);
      if (tensor.name != "ids_restore") {
        CHECK(test::distance(ours.numbers[i], golden.values<double>(tensor.name)) < 2e-5);
        continue;
      }
      const std::vector<std::byte> bytes = golden.bytes(tensor.name);  // int64
      REQUIRE(bytes.size() == 8 * ours.numbers[i].size());
      for (std::size_t k = 0; k < ours.numbers[i].size(); ++k)
        CHECK(static_cast<float>(reinterpret_cast<const std::int64_t*>(bytes.data())[k]) == ours.numbers[i][k]);
    }
  });
}
