#!/usr/bin/env python3
"""Writes pyramid.safetensors beside it: what PyTorch makes of the operations of a feature pyramid.

    pip install torch safetensors numpy; python tests/golden/pyramid.py

All in float64. The layout is the library's: tokens row by row, channels last, the maps of a sample one behind the other.
    conv.<maps>.<batch>.*      F.conv2d(padding=1) of each map by itself: x [B, places, 4], w [3, 4, 3, 3], b [3], y
    up.<map>.<batch>.*         F.conv_transpose2d(stride=2): x [B, places, 4], w [4, 3, 2, 2], b [3], y
    pool.<map>.<batch>.*       F.max_pool2d(2): x [B, places, 3], where some numbers are equal, y
Each with dy, a gradient of y, and by autograd dx, dw, db. The same version writes the same bytes again; `__metadata__`
names it.
"""
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch
import torch.nn.functional as F

random = np.random.default_rng(18)
tensors = {}


def numbers(*shape):
    return torch.tensor(random.standard_normal(shape), requires_grad=True)


def to_planes(x, rows, columns):
    return x.reshape(x.shape[0], rows, columns, x.shape[2]).permute(0, 3, 1, 2)


def to_tokens(x):
    return x.permute(0, 2, 3, 1).reshape(x.shape[0], -1, x.shape[1])


def write(name, y, **operands):
    dy = torch.tensor(random.standard_normal(y.shape))
    (y * dy).sum().backward()
    parts = {"y": y, "dy": dy} | operands | {"d" + part: value.grad for part, value in operands.items()}
    for part, value in parts.items():
        tensors[f"{name}.{part}"] = np.ascontiguousarray(value.detach().numpy())


for maps, batch in [("1x1", 1), ("1x7", 3), ("5x3", 1), ("5x3", 3), ("5x3+1x7+1x1", 1), ("5x3+1x7+1x1", 3)]:
    sizes = [tuple(map(int, one.split("x"))) for one in maps.split("+")]
    x, w, b = numbers(batch, sum(rows * columns for rows, columns in sizes), 4), numbers(3, 4, 3, 3), numbers(3)
    parts = torch.split(x, [rows * columns for rows, columns in sizes], dim=1)
    y = [to_tokens(F.conv2d(to_planes(part, *size), w, b, padding=1)) for part, size in zip(parts, sizes)]
    write(f"conv.{maps}.{batch}", torch.cat(y, dim=1), x=x, w=w, b=b)

for rows, columns, batch in [(1, 1, 1), (1, 7, 3), (5, 3, 3)]:
    x, w, b = numbers(batch, rows * columns, 4), numbers(4, 3, 2, 2), numbers(3)
    y = F.conv_transpose2d(to_planes(x, rows, columns), w, b, stride=2)
    write(f"up.{rows}x{columns}.{batch}", to_tokens(y), x=x, w=w, b=b)

for rows, columns, batch in [(2, 2, 1), (5, 3, 3), (4, 6, 3)]:
    x = torch.tensor(random.integers(-2, 3, (batch, rows * columns, 3)).astype(np.float64), requires_grad=True)
    write(f"pool.{rows}x{columns}.{batch}", to_tokens(F.max_pool2d(to_planes(x, rows, columns), 2)), x=x)

safetensors.numpy.save_file(
    dict(sorted(tensors.items())),
    Path(__file__).with_name("pyramid.safetensors"),
    metadata={"torch": torch.__version__},
)
