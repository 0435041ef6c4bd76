#!/usr/bin/env python3
"""Writes the folder `foreign` beside it: models of the size of `digits-8` under the names of other projects, for the
programs to be tried on, and what those projects compute of them.

    python3 -m venv /tmp/oracle && /tmp/oracle/bin/pip install torch transformers==5.24.0 timm safetensors
    /tmp/oracle/bin/python tests/golden/foreign.py [folder]

The weights would be a megabyte each, so they follow from the names: number i of a tensor has the 32 bits of `hashed`
below, and tests/examples/foreign.cpp makes the same. `NAME.txt` lists the tensors of a file as timm or transformers
have them, a line each with name and shape; `expected.safetensors` has the features (the mean over patches, and the class
token) of the first six digits, the predictions of two, and their noise, computed in float64.
"""

import sys
import tempfile
import zlib
from functools import partial
from pathlib import Path

import numpy as np
import safetensors.numpy
import timm
import torch
import transformers
from timm.layers import resample_abs_pos_embed
from timm.models import adapt_input_conv
from timm.models.vision_transformer import VisionTransformer

sys.path.insert(0, str(Path(__file__).parent))
from checks import expect  # noqa: E402
from inputs import make_noise  # noqa: E402
from published import hugging_face, write  # noqa: E402

SIDE, PATCH, WIDTH, DEPTH, HEADS, PATCHES = 8, 2, 64, 4, 4, 16
DECODER_WIDTH, DECODER_DEPTH, DECODER_HEADS = 32, 2, 2
DIGITS = Path(__file__).parents[2] / "examples" / "data" / "optdigits-images-idx3-ubyte"
HALF, QUARTER = (0.5, 0.5), (0.25, 0.75)  # mean and deviation
GREY = (np.mean([0.485, 0.456, 0.406]), np.mean([0.229, 0.224, 0.225]))  # ImageNet's, for one channel


def hashed(name, count):
    """The finaliser of MurmurHash3, of a Weyl sequence that begins at the CRC-32 of the name: uniform in [0, 1)."""
    x = (zlib.crc32(name.encode()) + np.arange(count, dtype=np.uint64) * 0x9E3779B9) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        x = ((x ^ (x >> shift)) * factor) & 0xFFFFFFFF
    return (x ^ (x >> 16)) / 2.0**32


def tensor(name, shape):
    u = 2 * hashed(name, int(np.prod(shape))) - 1
    if "norm" in name and name.endswith("weight"):
        u = 1 + 0.4 * u
    elif name.endswith("bias"):
        u = 0.3 * u
    elif name.endswith("weight"):
        u = np.sqrt(6 / (shape[0] + np.prod(shape[1:]))) * u
    else:
        u = 0.5 * u
    return u.astype(np.float32).reshape(shape)


def named(folder, file, shapes):
    """The list of a file's tensors, and the tensors."""
    (folder / f"{file}.txt").write_text("".join(f"{n} {' '.join(map(str, s))}\n" for n, s in shapes.items()))
    return {name: tensor(name, shape) for name, shape in shapes.items()}


def shapes_of(state):
    return {name: tuple(value.shape) for name, value in state.items()}


def digits(numbers, statistics):
    pixels = np.frombuffer(DIGITS.read_bytes()[16:], np.uint8).reshape(-1, 1, SIDE, SIDE)[numbers] / 255
    return torch.from_numpy((pixels - statistics[0]) / statistics[1])


def assign(model, tensors):
    model.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in tensors.items()}, strict=True)
    return model.double().eval()


def encoder(**options):
    return VisionTransformer(**{**dict(img_size=SIDE, patch_size=PATCH, in_chans=1, embed_dim=WIDTH, depth=DEPTH,
                                       num_heads=HEADS, num_classes=0, global_pool="token",
                                       norm_layer=partial(torch.nn.LayerNorm, eps=1e-6)), **options})


def mae_config(side):
    return transformers.ViTMAEConfig(
        image_size=side, patch_size=PATCH, num_channels=1, hidden_size=WIDTH, num_hidden_layers=DEPTH,
        num_attention_heads=HEADS, intermediate_size=4 * WIDTH, layer_norm_eps=1e-6, decoder_hidden_size=DECODER_WIDTH,
        decoder_num_hidden_layers=DECODER_DEPTH, decoder_num_attention_heads=DECODER_HEADS,
        decoder_intermediate_size=4 * DECODER_WIDTH, norm_pix_loss=True)


def saved(folder, file, side):
    """A model of transformers as it comes out of a folder with the tensors of `file`."""
    with tempfile.TemporaryDirectory() as home:
        transformers.ViTMAEForPreTraining(mae_config(side)).save_pretrained(home)
        tensors = named(folder, file, shapes_of(safetensors.numpy.load_file(f"{home}/model.safetensors")))
        safetensors.numpy.save_file(tensors, f"{home}/model.safetensors", {"format": "pt"})
        (folder / f"{file}.json").write_text(Path(f"{home}/config.json").read_text())
        model, info = transformers.ViTMAEForPreTraining.from_pretrained(home, output_loading_info=True)
    expect(not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), str(info))
    return model.double().eval()


def mae_tokens(model, images, **options):
    model.config.mask_ratio = 0.0
    tokens = model.vit(images, noise=torch.arange(PATCHES).double().expand(len(images), -1), **options)
    model.config.mask_ratio = 0.75
    return tokens.last_hidden_state


def main():
    torch.set_num_threads(1)
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "foreign"
    folder.mkdir(exist_ok=True)
    found = {}

    def keep(file, tokens):
        found[f"{file}.mean"] = tokens[:, 1:].mean(1).float().numpy()
        found[f"{file}.class"] = tokens[:, 0].float().numpy()

    six, two = range(6), [0, 1797 // 2]
    noise = make_noise(np.random.default_rng(20), 2, PATCHES)
    found["noise"] = noise
    with torch.no_grad():
        # timm: an encoder; one of images twice as large in colour, made one of these.
        model = encoder()
        keep("timm", assign(model, named(folder, "timm", shapes_of(model.state_dict()))).forward_features(digits(six, HALF)))
        large = {k: torch.from_numpy(v) for k, v in named(
            folder, "timm_large", shapes_of(encoder(img_size=2 * SIDE, in_chans=3).state_dict())).items()}
        large["pos_embed"] = resample_abs_pos_embed(large["pos_embed"], [SIDE // PATCH] * 2)
        large["patch_embed.proj.weight"] = adapt_input_conv(1, large["patch_embed.proj.weight"])
        keep("timm_large", assign(encoder(), {k: v.numpy() for k, v in large.items()}).forward_features(digits(six, GREY)))
        # transformers: a whole model, and one of images twice as large.
        model = saved(folder, "transformers", SIDE)
        keep("transformers", mae_tokens(model, digits(six, QUARTER)))
        found["transformers.pred"] = model(digits(two, QUARTER), noise=torch.from_numpy(noise).double()).logits.float().numpy()
        large = saved(folder, "transformers_large", 2 * SIDE)
        keep("transformers_large", mae_tokens(large, digits(six, HALF), interpolate_pos_encoding=True))
        # The original names, of which transformers' model is made.
        shapes = {"mask_token": (1, 1, DECODER_WIDTH), "decoder_pos_embed": (1, PATCHES + 1, DECODER_WIDTH),
                  "decoder_embed.weight": (DECODER_WIDTH, WIDTH), "decoder_embed.bias": (DECODER_WIDTH,),
                  "decoder_norm.weight": (DECODER_WIDTH,), "decoder_norm.bias": (DECODER_WIDTH,),
                  "decoder_pred.weight": (PATCH**2, DECODER_WIDTH), "decoder_pred.bias": (PATCH**2,)}
        small = encoder(embed_dim=DECODER_WIDTH, depth=DECODER_DEPTH, num_heads=DECODER_HEADS).state_dict()
        shapes |= {f"decoder_{n}": s for n, s in shapes_of(small).items() if n.startswith("blocks.")}
        weights = named(folder, "original", shapes_of(encoder().state_dict()) | shapes)
        model = transformers.ViTMAEForPreTraining(mae_config(SIDE))
        assign(model, hugging_face(weights, inner_five=True))
        keep("original", mae_tokens(model, digits(six, HALF)))
        found["original.pred"] = model(digits(two, HALF), noise=torch.from_numpy(noise).double()).logits.float().numpy()
    write(folder / "expected.safetensors", found, {"torch": torch.__version__, "timm": timm.__version__,
                                                   "transformers": transformers.__version__})


if __name__ == "__main__":
    main()
