#!/usr/bin/env python3
"""Writes windows.safetensors beside it: an encoder with attention in windows by PyTorch.

    pip install torch safetensors numpy; python tests/golden/windows.py

Images [2, 1, 12, 8] in patches of 2, so a grid of 6 x 4; 8 blocks, 8 wide, 2 heads, MLP of 8; windows of 2 x 2, but for
blocks 1, 3, 5 and 7, whose attention is global; no class token, no last norm. In float64, but parameters are stored in
float32. They have the library's names and order; x [2, 1, 12, 8], y [2, 24, 8] in image order; dy, a gradient of y, and
grad.<parameter> of some. The same version writes the same bytes again; `__metadata__` names it.
"""
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch
import torch.nn.functional as F

random = np.random.default_rng(35)
rows, columns, patch, width, depth, heads, side = 6, 4, 2, 8, 8, 2, 2
parameters = {}


def parameter(name, *shape, scale=0.3):
    values = (scale * random.standard_normal(shape)).astype(np.float32)
    parameters[name] = torch.tensor(values.astype(np.float64), requires_grad=True)
    return parameters[name]


def linear(name, x, out):
    return F.linear(x, parameter(f"{name}.weight", out, x.shape[-1]), parameter(f"{name}.bias", out))


def norm(name, x):
    return F.layer_norm(x, (width,), parameter(f"{name}.weight", width, scale=1), parameter(f"{name}.bias", width), 1e-6)


def attention(name, x):
    """x [..., N, width]: the last axis but one are tokens that look at each other."""
    qkv = linear(f"{name}.qkv", x, 3 * width).unflatten(-1, (3, heads, width // heads))
    q, k, v = (part.movedim(-2, -3) for part in qkv.unbind(-3))
    return linear(f"{name}.proj", F.scaled_dot_product_attention(q, k, v).movedim(-3, -2).flatten(-2), width)


def in_windows(x):
    x = x.unflatten(1, (rows // side, side, columns // side, side))  # b, i, u, j, v, width
    return x.movedim(2, 3).flatten(3, 4).flatten(1, 2)  # b, window, place in it, width


def in_image(x):
    x = x.unflatten(1, (rows // side, columns // side)).unflatten(3, (side, side))  # b, i, j, u, v, width
    return x.movedim(3, 2).flatten(1, 4)


parameter("cls_token", 1, 1, width)
positions = parameter("pos_embed", 1, 1 + rows * columns, width)
images = torch.tensor(random.standard_normal((2, 1, rows * patch, columns * patch)))
filters = parameter("patch_embed.proj.weight", width, 1, patch, patch)
x = F.conv2d(images, filters, parameter("patch_embed.proj.bias", width), stride=patch).flatten(2).mT + positions[:, 1:]
for n in range(depth):
    name, whole = f"blocks.{n}", (n + 1) % (depth // 4) == 0
    seen = norm(f"{name}.norm1", x)
    x = x + (attention(f"{name}.attn", seen) if whole else in_image(attention(f"{name}.attn", in_windows(seen))))
    hidden = F.gelu(linear(f"{name}.mlp.fc1", norm(f"{name}.norm2", x), width))
    x = x + linear(f"{name}.mlp.fc2", hidden, width)
dy = torch.tensor(random.standard_normal(x.shape))
(x * dy).sum().backward()

tensors = {"x": images.numpy(), "y": x.detach().numpy(), "dy": dy.numpy()}
for name, value in parameters.items():
    tensors[name] = value.detach().numpy().astype(np.float32)
    if name in ("pos_embed", "patch_embed.proj.weight", "blocks.0.attn.qkv.weight", "blocks.3.attn.qkv.bias"):
        tensors[f"grad.{name}"] = value.grad.numpy()
safetensors.numpy.save_file(
    {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)},
    Path(__file__).with_name("windows.safetensors"),
    metadata={"torch": torch.__version__},
)
