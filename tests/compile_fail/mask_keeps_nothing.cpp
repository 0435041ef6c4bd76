// expect-error: mae: this mask ratio keeps no patch; at least one must stay visible
#include <mae/model/geometry.hpp>

#include <mae/model/masked_autoencoder.hpp>

using Images = mae::ImageShape<1, 8, 8, 4>;  // 4 patches
using Small = mae::Transformer<8, 1, 1>;
#ifdef MAE_FIXED
mae::MaskedAutoencoder<Images, Small, Small, mae::MaskRatio<75>> model;
#else
mae::MaskedAutoencoder<Images, Small, Small, mae::MaskRatio<80>> model;
#endif
