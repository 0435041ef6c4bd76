#!/usr/bin/env python3
"""Writes the golden files beside it, with PyTorch, transformers and timm as oracles.

    python3 -m venv /tmp/oracle && /tmp/oracle/bin/pip install torch transformers timm safetensors numpy
    /tmp/oracle/bin/python tests/golden/generate.py [folder]

The same versions write the same bytes again; `__metadata__` of every file names the versions and the sizes.

Pre-training (mae_*.safetensors): ViTMAEForPreTraining of transformers. Parameters have their published names; the
oracle keeps query, key and value apart, here they are the three row blocks of `attn.qkv`. Weights, images and noise are
float32 values, all computation is in float64, so tests in float and in double compare with the same truth.
    <parameter>          F32  weights, both position tables included
    grad.<parameter>     F64  gradient of `loss`, for all but the two fixed position tables
    images, noise        F32  [B, C, H, W] and [B, L], no two noise values of a row equal
    ids_restore, mask    I32 and F32 [B, L], mask 1 = removed
    pred, loss           F64  [B, L, p*p*C] (channel last) and [1]
    features             F64  [B, L+1, D], encoder output after `norm` with no patch removed, in image order

AdamW (adamw.safetensors): one such model, trained twenty steps on one batch, torch.optim.AdamW in float64. `noise.<i>`
is the noise of step i, `losses[i]` the loss before its update, `final.<parameter>` F64 the weights after the last step.
Weights of two and more dimensions decay, class and mask token among them. The key part of an `attn.qkv.bias` has a
gradient of zero but for rounding, and AdamW divides it by its own size: in float these values may wander, without effect
on the loss. Compare `final` too: over twenty steps a wrong choice of decayed weights moves the loss by only 5e-5.

Classifiers (classifier_*.safetensors): VisionTransformer of timm, with the mean of the patch tokens (no `norm`, but
`fc_norm` after pooling) or with the class token (after `norm`). Here position table and class token are trained too.
    labels, targets      I32 [B] and F64 [B, K], one-hot smoothed by 0.1: off 0.1/K, on 0.9 + 0.1/K
    logits, loss         F64 [B, K] and [1], loss = mean over B of -sum_k targets * log_softmax(logits)

What had to be done to the oracle:
  - transformers 5 computes "eager" attention's softmax in float32 in a model of any type; SDPA's plain path does not.
  - It builds position tables for square grids only (a new model of version 5.23 keeps them zero), and its patchify()
    refuses rectangular images. Tables are parameters, so all are assigned here, and patchify() gets the flag that
    waives the refusal. Network and loss run unchanged.
Each result is checked before it is written: the encoder's against timm's on the published names, tables against those
that transformers builds for a square grid, mask and loss against a few plain lines of numpy, gradients by differences.
"""

import json
import re
import sys
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np
import safetensors.numpy
import timm
import torch
import transformers
from timm.models.vision_transformer import VisionTransformer
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers.models.vit_mae.modeling_vit_mae import ViTMAEDecoder, ViTMAEEmbeddings

from checks import check_encoder, check_environment, check_gradients, check_loss, check_mask, expect, expect_close
from inputs import make_images, make_noise, random_weights, sincos_table

# The sizes of all cases differ in as many respects as they can, so that a swapped pair of sizes cannot go unnoticed.
# `head_width_80` has the head of ViT-H; `grey` keeps 9 of 100 patches, not 10: int(100 * (1 - 0.9)) rounds down.
CASES = {
    "mae_square": dict(
        image_height=16, image_width=16, channels=3, patch=4, width=32, depth=2, heads=4, mlp_ratio=4,
        decoder_width=16, decoder_depth=5, decoder_heads=1, mask_ratio=0.75, norm_pix_loss=True, batch=2),
    "mae_rectangular": dict(
        image_height=12, image_width=30, channels=2, patch=6, width=28, depth=3, heads=2, mlp_ratio=5,
        decoder_width=20, decoder_depth=2, decoder_heads=5, mask_ratio=0.6, norm_pix_loss=False, batch=3),
    "mae_grey": dict(
        image_height=20, image_width=20, channels=1, patch=2, width=36, depth=4, heads=3, mlp_ratio=1,
        decoder_width=12, decoder_depth=3, decoder_heads=2, mask_ratio=0.9, norm_pix_loss=True, batch=2),
    "mae_five_channels": dict(
        image_height=18, image_width=9, channels=5, patch=3, width=20, depth=5, heads=5, mlp_ratio=3,
        decoder_width=24, decoder_depth=4, decoder_heads=3, mask_ratio=0.5, norm_pix_loss=True, batch=3),
    "mae_head_width_80": dict(
        image_height=10, image_width=20, channels=1, patch=5, width=80, depth=1, heads=1, mlp_ratio=2,
        decoder_width=8, decoder_depth=1, decoder_heads=4, mask_ratio=0.75, norm_pix_loss=False, batch=2),
}
TRAINING = dict(
    image_height=8, image_width=12, channels=3, patch=2, width=24, depth=2, heads=3, mlp_ratio=2,
    decoder_width=16, decoder_depth=1, decoder_heads=2, mask_ratio=0.75, norm_pix_loss=True, batch=3)
ADAMW = dict(lr=1e-3, betas=(0.9, 0.95), eps=1e-8)
WEIGHT_DECAY = 0.05
STEPS = 20
CLASSIFIERS = {
    "classifier_pool": dict(
        image_height=8, image_width=12, channels=3, patch=4, width=24, depth=2, heads=3, mlp_ratio=4,
        classes=10, batch=3, global_pool=True),
    "classifier_token": dict(
        image_height=9, image_width=6, channels=2, patch=3, width=32, depth=3, heads=2, mlp_ratio=2,
        classes=7, batch=4, global_pool=False),
}
SMOOTHING = 0.1

TABLES = ("pos_embed", "decoder_pos_embed")
DTYPES = {"float64": "F64", "float32": "F32", "int32": "I32"}  # widest first: every tensor lies aligned

# Module names of transformers, those of version 5 and those before it, and the published ones.
RENAMES = [
    (r"^vit\.embeddings\.cls_token$", "cls_token"),
    (r"^vit\.embeddings\.position_embeddings$", "pos_embed"),
    (r"^vit\.embeddings\.patch_embeddings\.projection\.", "patch_embed.proj."),
    (r"^vit\.(encoder\.layer|layers)\.", "blocks."),
    (r"^vit\.layernorm\.", "norm."),
    (r"^decoder\.decoder_layers\.", "decoder_blocks."),
    (r"^decoder\.", ""),
    (r"\.layernorm_before\.", ".norm1."),
    (r"\.layernorm_after\.", ".norm2."),
    (r"\.attention\.(attention\.query|q_proj)\.", ".attn.q."),
    (r"\.attention\.(attention\.key|k_proj)\.", ".attn.k."),
    (r"\.attention\.(attention\.value|v_proj)\.", ".attn.v."),
    (r"\.attention\.(output\.dense|o_proj)\.", ".attn.proj."),
    (r"\.(intermediate\.dense|mlp\.fc1)\.", ".mlp.fc1."),
    (r"\.(output\.dense|mlp\.fc2)\.", ".mlp.fc2."),
]


def build_mae(case):
    """ViTMAEForPreTraining in float64; its own initialisation is skipped, every value is assigned later."""
    config = transformers.ViTMAEConfig(
        image_size=(case["image_height"], case["image_width"]), num_channels=case["channels"], patch_size=case["patch"],
        hidden_size=case["width"], num_hidden_layers=case["depth"], num_attention_heads=case["heads"],
        intermediate_size=case["mlp_ratio"] * case["width"], decoder_hidden_size=case["decoder_width"],
        decoder_num_hidden_layers=case["decoder_depth"], decoder_num_attention_heads=case["decoder_heads"],
        decoder_intermediate_size=case["mlp_ratio"] * case["decoder_width"], mask_ratio=case["mask_ratio"],
        norm_pix_loss=case["norm_pix_loss"], layer_norm_eps=1e-6, attn_implementation="sdpa")
    nothing = lambda self, *_: None
    with mock.patch.object(transformers.PreTrainedModel, "init_weights", nothing), \
         mock.patch.object(ViTMAEEmbeddings, "initialize_weights", nothing), \
         mock.patch.object(ViTMAEDecoder, "initialize_weights", nothing):
        model = transformers.ViTMAEForPreTraining(config)
    patchify = model.patchify
    model.patchify = lambda images, **_: patchify(images, interpolate_pos_encoding=True)
    return model.double().eval()


def published_names(model):
    """The oracle's parameters as {published name: [one parameter, or query, key and value]}."""
    found = {}
    for name, parameter in model.named_parameters():
        for pattern, replacement in RENAMES:
            name = re.sub(pattern, replacement, name)
        found[name] = parameter
    groups = {}
    for name in found:
        if ".attn.q." in name:
            groups[name.replace(".q.", ".qkv.")] = [found[name.replace(".q.", f".{part}.")] for part in "qkv"]
        elif not re.search(r"\.attn\.[kv]\.", name):
            groups[name] = [found[name]]
    return groups


def shape_of(group):
    return (sum(part.shape[0] for part in group), *group[0].shape[1:])


def assign(group, value):
    with torch.no_grad():
        for part, rows in zip(group, np.split(value, len(group))):
            part.copy_(torch.from_numpy(rows))


def gather(group, what=lambda part: part):
    return torch.cat([what(part) for part in group]).detach().numpy().copy()


def load_mae(case, rng):
    """The oracle of `case` with fresh random weights; returns it, its groups and the float32 weights by name."""
    model = build_mae(case)
    groups = published_names(model)
    weights = random_weights(rng, {name: shape_of(group) for name, group in groups.items() if name not in TABLES})
    grid = case["image_height"] // case["patch"], case["image_width"] // case["patch"]
    weights["pos_embed"] = sincos_table(*grid, case["width"])
    weights["decoder_pos_embed"] = sincos_table(*grid, case["decoder_width"])
    for name, group in groups.items():
        assign(group, weights[name])
        group[0].requires_grad_(name not in TABLES)
    return model, groups, weights


def encode(model, images, patches):
    """Encoder output with every patch kept: ratio 0, and ascending noise leaves the patches in order."""
    ratio, model.config.mask_ratio = model.config.mask_ratio, 0.0
    noise = torch.arange(patches).double().expand(images.shape[0], -1)
    with torch.no_grad():
        features = model.vit(images, noise=noise).last_hidden_state
    model.config.mask_ratio = ratio
    return features.numpy()


def describe(case, description):
    """`__metadata__`: strings only."""
    text = lambda value: str(value).lower() if isinstance(value, bool) else str(value)
    versions = dict(torch=torch.__version__, transformers=transformers.__version__, timm=timm.__version__)
    return {"description": description, **{key: text(value) for key, value in {**case, **versions}.items()}}


def write(path, tensors, metadata):
    """Writes safetensors by hand: the package stores `__metadata__` in an order that changes from run to run."""
    order = list(DTYPES)
    names = sorted(tensors, key=lambda name: (order.index(tensors[name].dtype.name), name))
    header, end = {"__metadata__": metadata}, 0
    for name in names:
        begin, end = end, end + tensors[name].nbytes
        header[name] = {"dtype": DTYPES[tensors[name].dtype.name], "shape": tensors[name].shape,
                        "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in names:
            file.write(np.ascontiguousarray(tensors[name]).tobytes())
    back = safetensors.numpy.load_file(path)
    expect(back.keys() == tensors.keys(), f"{path}: read back other names than written")
    expect(all(np.array_equal(back[name], tensors[name]) for name in names), f"{path}: read back other values")
    print(f"{path.name:34} {path.stat().st_size:8} bytes  loss {tensors.get('loss', tensors.get('losses'))}")


def generate_mae(folder, name, case, seed):
    rng = np.random.default_rng(seed)
    model, groups, weights = load_mae(case, rng)
    patches = weights["pos_embed"].shape[1] - 1
    images = make_images(rng, case["batch"], case["channels"], case["image_height"], case["image_width"])
    noise = make_noise(rng, case["batch"], patches)

    images64, noise64 = torch.from_numpy(images).double(), torch.from_numpy(noise).double()
    out = model(images64, noise=noise64)
    out.loss.backward()
    tensors = dict(
        weights, images=images, noise=noise, ids_restore=out.ids_restore.numpy().astype(np.int32),
        mask=out.mask.numpy().astype(np.float32), pred=out.logits.detach().numpy(),
        loss=out.loss.detach().numpy()[None], features=encode(model, images64, patches))
    for key, group in groups.items():
        if key not in TABLES:
            tensors[f"grad.{key}"] = gather(group, lambda part: part.grad)

    encoder = build_timm(case, num_classes=0, global_pool="", fc_norm=False)
    check_encoder(encoder, weights, images, tensors["features"])
    check_mask(noise, case["mask_ratio"], tensors["ids_restore"], tensors["mask"])
    check_loss(images, case["patch"], tensors["pred"], tensors["mask"], case["norm_pix_loss"], tensors["loss"][0])
    check_gradients(lambda: model(images64, noise=noise64).loss,
                    lambda key, value: assign(groups[key], value), weights, tensors, rng)
    keep = int(patches * (1 - case["mask_ratio"]))
    write(folder / f"{name}.safetensors", tensors,
          describe(dict(case, patches=patches, keep=keep), "one MAE pre-training pass and its gradients"))


def generate_adamw(folder, seed):
    rng = np.random.default_rng(seed)
    model, groups, weights = load_mae(TRAINING, rng)
    patches = weights["pos_embed"].shape[1] - 1
    images = make_images(rng, TRAINING["batch"], TRAINING["channels"], TRAINING["image_height"],
                         TRAINING["image_width"])
    tensors = dict(weights, images=images, losses=np.zeros(STEPS))

    trained = [part for key, group in groups.items() if key not in TABLES for part in group]
    optimizer = torch.optim.AdamW(
        [dict(params=[part for part in trained if part.ndim > 1], weight_decay=WEIGHT_DECAY),
         dict(params=[part for part in trained if part.ndim == 1], weight_decay=0.0)], foreach=False, **ADAMW)
    for step in range(STEPS):
        noise = make_noise(rng, TRAINING["batch"], patches)
        out = model(torch.from_numpy(images).double(), noise=torch.from_numpy(noise).double())
        optimizer.zero_grad()
        out.loss.backward()
        optimizer.step()
        tensors[f"noise.{step}"] = noise
        tensors["losses"][step] = out.loss.item()
    for key, group in groups.items():
        if key not in TABLES:
            tensors[f"final.{key}"] = gather(group)
    settings = dict(steps=STEPS, lr=ADAMW["lr"], beta1=ADAMW["betas"][0], beta2=ADAMW["betas"][1], eps=ADAMW["eps"],
                    weight_decay=WEIGHT_DECAY, patches=patches, keep=int(patches * (1 - TRAINING["mask_ratio"])))
    write(folder / "adamw.safetensors", tensors, describe({**TRAINING, **settings}, "twenty AdamW steps on one batch"))


def build_timm(case, **options):
    model = VisionTransformer(
        img_size=(case["image_height"], case["image_width"]), patch_size=case["patch"], in_chans=case["channels"],
        embed_dim=case["width"], depth=case["depth"], num_heads=case["heads"], mlp_ratio=case["mlp_ratio"],
        qkv_bias=True, norm_layer=partial(torch.nn.LayerNorm, eps=1e-6), **options)
    return model.double().eval()


def generate_classifier(folder, name, case, seed):
    rng = np.random.default_rng(seed)
    model = build_timm(case, num_classes=case["classes"], global_pool="avg" if case["global_pool"] else "token")
    groups = {key: [parameter] for key, parameter in model.named_parameters()}
    weights = random_weights(rng, {key: tuple(group[0].shape) for key, group in groups.items()})
    for key, group in groups.items():
        assign(group, weights[key])
    images = make_images(rng, case["batch"], case["channels"], case["image_height"], case["image_width"])
    labels = rng.integers(case["classes"], size=case["batch"])
    targets = np.full((case["batch"], case["classes"]), SMOOTHING / case["classes"])
    targets[np.arange(case["batch"]), labels] += 1 - SMOOTHING

    images64, targets64 = torch.from_numpy(images).double(), torch.from_numpy(targets)
    loss_of = lambda logits: -(targets64 * torch.log_softmax(logits, dim=1)).sum(dim=1).mean()
    logits = model(images64)
    loss = loss_of(logits)
    loss.backward()
    smoothed = torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels), label_smoothing=SMOOTHING)
    expect_close(loss.item(), smoothed.item(), 1e-14, f"{name}: loss against cross_entropy")
    tensors = dict(weights, images=images, labels=labels.astype(np.int32), targets=targets,
                   logits=logits.detach().numpy(), loss=loss.detach().numpy()[None])
    for key, group in groups.items():
        tensors[f"grad.{key}"] = gather(group, lambda part: part.grad)
    check_gradients(lambda: loss_of(model(images64)),
                    lambda key, value: assign(groups[key], value), weights, tensors, rng)
    write(folder / f"{name}.safetensors", tensors,
          describe(dict(case, label_smoothing=SMOOTHING), "one ViT classification pass and its gradients"))


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    torch.set_num_threads(1)  # one order of summation: the same bits each time
    with sdpa_kernel(SDPBackend.MATH):
        check_environment()
        for seed, (name, case) in enumerate(CASES.items(), start=1):
            generate_mae(folder, name, case, seed)
        generate_adamw(folder, seed=101)
        for seed, (name, case) in enumerate(CLASSIFIERS.items(), start=201):
            generate_classifier(folder, name, case, seed)


if __name__ == "__main__":
    main()
