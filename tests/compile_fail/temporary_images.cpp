// expect-error: mae: a run looks at its images as long as it lives, but these are a temporary; give them a name
#include <mae/backend/reference.hpp>
#include <mae/mae.hpp>

using Image = mae::ImageShape<1, 4, 4, 2>;
using Size = mae::Transformer<4, 1, 1>;
using Model = mae::MaskedAutoencoder<Image, Size, Size>;

int main() {
#ifdef MAE_FIXED
  const mae::Dataset images{1, 4, 4, {}, {}, 0};
  const mae::Pretraining<Model, mae::Reference<float>> run(images, {}, {});
#else
  const mae::Pretraining<Model, mae::Reference<float>> run(mae::Dataset{1, 4, 4, {}, {}, 0}, {}, {});
#endif
}
