#!/usr/bin/env python3
"""Writes resampling.safetensors beside it: what PyTorch and timm make of position tables and patch filters elsewhere.

    pip install torch timm safetensors numpy; python tests/golden/resampling.py

    positions.<rows>x<columns>-<rows>x<columns>.table       [1, 1 + L, D], F32
    ... .plain, .antialiased     [1, 1 + L', D] in F64: row 0 kept, the others by F.interpolate(mode="bicubic",
                                 align_corners=False), without and with antialias
    ... .timm                    F32: resample_abs_pos_embed, which computes in float
    filters.<side>-<side>.old    [D, C, p, p], F32
    ... .new, .timm              [D, C, q, q]: by torch.linalg.pinv of the matrix of the antialiased resize in F64, and
                                 by resample_patch_embed in F32
    channels.old, channels.<n>   [D, 3, p, p] and [D, n, p, p], F32: adapt_input_conv
The same versions write the same bytes again; `__metadata__` names them.
"""
from pathlib import Path

import numpy as np
import safetensors.numpy
import timm
import torch
import torch.nn.functional as F
from timm.layers import resample_abs_pos_embed, resample_patch_embed
from timm.models._manipulate import adapt_input_conv

random = np.random.default_rng(17)
tensors = {}


def draw(*shape):
    return torch.tensor(random.uniform(-1, 1, shape).astype(np.float32)).double()


def elsewhere(table, old, new, antialias):
    planes = table[:, 1:].reshape(1, *old, -1).permute(0, 3, 1, 2).contiguous()
    planes = F.interpolate(planes, size=new, mode="bicubic", align_corners=False, antialias=antialias)
    return torch.cat([table[:, :1], planes.permute(0, 2, 3, 1).reshape(1, new[0] * new[1], -1)], 1)


for old, new in [
    ((4, 4), (8, 8)), ((14, 14), (7, 7)), ((7, 7), (14, 14)), ((6, 6), (4, 9)), ((5, 7), (3, 9)), ((3, 2), (4, 5)),
    ((2, 3), (1, 4)), ((1, 4), (3, 1)), ((6, 6), (5, 6)),
]:  # fmt: skip
    name = f"positions.{old[0]}x{old[1]}-{new[0]}x{new[1]}"
    table = draw(1, 1 + old[0] * old[1], 2)
    tensors[f"{name}.table"] = table.float()
    tensors[f"{name}.plain"] = elsewhere(table, old, new, False)
    tensors[f"{name}.antialiased"] = elsewhere(table, old, new, True)
    tensors[f"{name}.timm"] = resample_abs_pos_embed(table.float(), list(new), list(old))

for old, new in [(4, 8), (8, 4), (16, 14), (14, 16), (16, 8), (8, 16), (5, 3), (2, 1), (1, 3)]:
    basis = torch.eye(old * old, dtype=torch.float64).reshape(1, old * old, old, old)
    matrix = F.interpolate(basis, size=(new, new), mode="bicubic", antialias=True).reshape(old * old, new * new).T
    filters = draw(2, 1, old, old) / 16
    tensors[f"filters.{old}-{new}.old"] = filters.float()
    tensors[f"filters.{old}-{new}.new"] = (filters.reshape(2, -1) @ torch.linalg.pinv(matrix)).reshape(2, 1, new, new)
    tensors[f"filters.{old}-{new}.timm"] = resample_patch_embed(filters.float(), [new, new])

tensors["channels.old"] = draw(3, 3, 2, 2).float()
for count in [1, 2, 4, 5, 6, 7]:
    tensors[f"channels.{count}"] = adapt_input_conv(count, tensors["channels.old"])

safetensors.numpy.save_file(
    {name: np.ascontiguousarray(value.numpy()) for name, value in sorted(tensors.items())},
    Path(__file__).with_name("resampling.safetensors"),
    metadata={"torch": torch.__version__, "timm": timm.__version__},
)
