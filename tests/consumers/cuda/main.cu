// A program outside of the project, with weights on a GPU; where there is none, it says so.
#include <cstdio>

#include <mae/mae.cuh>

using Model = mae::Encoder<mae::ImageShape<1, 8, 8, 4>, mae::Transformer<16, 1, 2>>;

int main() {
  try {
    const mae::Weights<Model, mae::Cuda<mae::bf16>> weights;
    const auto tokens = mae::encode(weights, mae::Tensor<float, Model::ImageShape::Pixels>(2));
    std::printf("mae %s: %jd features of two images\n", mae::version, tokens.size());
  } catch (const mae::Error& error) {
    std::printf("%s\n", error.what());
  }
}
