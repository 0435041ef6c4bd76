// Sizes with names. Base, Large and Huge are the paper's (He et al., 2021, tables 1 and 3) with its decoder of 8
// blocks of width 512; Tiny and Small are common ViT sizes for small machines, with lighter decoders.
#pragma once
#include <mae/model/classifier.hpp>
#include <mae/model/masked_autoencoder.hpp>

MAE_PRECISE_BEGIN
namespace mae::presets {

using TinyEncoder = Transformer<192, 12, 3>;
using SmallEncoder = Transformer<384, 12, 6>;
using BaseEncoder = Transformer<768, 12, 12>;
using LargeEncoder = Transformer<1024, 24, 16>;
using HugeEncoder = Transformer<1280, 32, 16>;

using PaperDecoder = Transformer<512, 8, 16>;
using SmallDecoder = Transformer<256, 4, 8>;
using TinyDecoder = Transformer<128, 2, 4>;

using Image224 = ImageShape<3, 224, 224, 16>;
using Image224Patch14 = ImageShape<3, 224, 224, 14>;

using Tiny = MaskedAutoencoder<Image224, TinyEncoder, TinyDecoder>;
using Small = MaskedAutoencoder<Image224, SmallEncoder, SmallDecoder>;
using Base = MaskedAutoencoder<Image224, BaseEncoder, PaperDecoder>;
using Large = MaskedAutoencoder<Image224, LargeEncoder, PaperDecoder>;
using Huge = MaskedAutoencoder<Image224Patch14, HugeEncoder, PaperDecoder>;

}  // namespace mae::presets
MAE_PRECISE_END
