#!/usr/bin/env python3
"""Writes pyramid.safetensors, pyramid_neck.safetensors and pyramid_fused.safetensors beside it: what PyTorch makes of the
operations of a feature pyramid, of a whole one, and of one whose levels are fused to the classes of pixels.

    pip install torch safetensors numpy; python tests/golden/pyramid.py

All in float64. The layout is the library's: tokens row by row, channels last, the maps of a sample one behind the other.
    conv.<maps>.<batch>.*      F.conv2d(padding=1) of each map by itself: x [B, places, 4], w [3, 4, 3, 3], b [3], y
    up.<map>.<batch>.*         F.conv_transpose2d(stride=2): x [B, places, 4], w [4, 3, 2, 2], b [3], y
    pool.<map>.<batch>.*       F.max_pool2d(2): x [B, places, 3], where some numbers are equal, y
Each with dy, a gradient of y, and by autograd dx, dw, db.

The whole ones, of a map with 8 channels: parameters under the library's names, x, y, dy, dx, and grad.<parameter>.
    pyramid_neck      5 x 4 patches, scales 2, 0, -1, -2, 4 channels: y [1, places, 4]
    pyramid_fused     4 x 6 patches of 4 pixels, scales 1, 0, -1, fused, 3 classes: y [1, 16 * 24, 3]
The same version writes the same bytes again; `__metadata__` names it.
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
        tensors[f"{name}.{part}"] = value.detach().numpy()


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


class Model:
    """The layers of a pyramid by their names; parameters are made where they are first used."""

    def __init__(self):
        self.parameters = {}

    def parameter(self, name, *shape):
        return self.parameters.setdefault(name, numbers(*shape))

    def linear(self, name, x, out):
        weight, bias = self.parameter(f"{name}.weight", out, x.shape[1]), self.parameter(f"{name}.bias", out)
        return F.conv2d(x, weight[:, :, None, None], bias)

    def norm(self, name, x):
        weight, bias = self.parameter(f"{name}.weight", x.shape[1]), self.parameter(f"{name}.bias", x.shape[1])
        return F.layer_norm(x.movedim(1, -1), weight.shape, weight, bias, eps=1e-6).movedim(-1, 1)

    def conv(self, name, x):
        width = x.shape[1]
        weight, bias = self.parameter(f"{name}.weight", width, width, 3, 3), self.parameter(f"{name}.bias", width)
        return F.conv2d(x, weight, bias, padding=1)

    def up(self, name, x):
        out, (rows, columns) = x.shape[1] // 2, x.shape[2:]
        weight, bias = self.parameter(f"{name}.weight", 2 * out, out, 2, 2), self.parameter(f"{name}.bias", 4 * out)
        places = bias.reshape(2, 2, out).permute(2, 0, 1).repeat(1, rows, columns)
        return F.conv_transpose2d(x, weight, stride=2) + places

    def level(self, name, x, power):
        scale = f"{name}.scale."
        for step in range(power):
            if step > 0:
                x, scale = F.gelu(self.norm(f"{scale}norm", x)), f"{scale}next."
            x = self.up(f"{scale}up", x)
        for _ in range(-power):
            x = F.max_pool2d(x, 2)
        x = self.norm(f"{name}.norm1", self.linear(f"{name}.proj", x, 4))
        return self.norm(f"{name}.norm2", self.conv(f"{name}.conv", x))

    def fused(self, levels, classes, height):
        rows = levels[0].shape[2]
        up = [F.interpolate(x, scale_factor=rows // x.shape[2], mode="bilinear") for x in levels]
        x = F.gelu(self.norm("head.norm", self.linear("head.fuse", torch.cat(up, dim=1), 4)))
        return F.interpolate(self.linear("head.classes", x, classes), scale_factor=height // rows, mode="bilinear")


def save(name, tensors):
    safetensors.numpy.save_file(
        {part: np.ascontiguousarray(tensors[part]) for part in sorted(tensors)},
        Path(__file__).with_name(f"{name}.safetensors"),
        metadata={"torch": torch.__version__},
    )


def save_model(name, model, x, y):
    write(name, y, x=x)
    parts = {part: tensors.pop(f"{name}.{part}") for part in ("x", "y", "dy", "dx")}
    for parameter, value in model.parameters.items():
        parts |= {parameter: value.detach().numpy(), f"grad.{parameter}": value.grad.numpy()}
    save(name, parts)


model, x = Model(), numbers(1, 20, 8)
levels = [model.level(f"{k}", to_planes(x, 5, 4), power) for k, power in enumerate([2, 0, -1, -2])]
save_model("pyramid_neck", model, x, torch.cat([to_tokens(level) for level in levels], dim=1))

model, x = Model(), numbers(1, 24, 8)
levels = [model.level(f"neck.{k}", to_planes(x, 4, 6), power) for k, power in enumerate([1, 0, -1])]
save_model("pyramid_fused", model, x, to_tokens(model.fused(levels, 3, 16)))

save("pyramid", tensors)
