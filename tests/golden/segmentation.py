#!/usr/bin/env python3
"""Writes segmentation.safetensors beside it: what PyTorch makes of interpolation and of the loss of class maps.

    pip install torch safetensors numpy; python tests/golden/segmentation.py

All in float64. The layout is the library's: tokens row by row, channels last.
    upsample.<rows>x<columns>x<factor>.x, .y     [B, rows * columns, K] and [B, (rows * factor) * (columns * factor), K]:
                                                 F.interpolate(scale_factor, mode="bilinear", align_corners=False)
    upsample.<...>.dy, .dx                       gradient of y, and by autograd that of x
    pixels.logits, .labels                       [B, N, K], I32 [B, N] with 255 in places, everywhere in the last sample
    pixels.loss, .dlogits                        [B] and [B, N, K]: F.cross_entropy(ignore_index=255) of each sample by
                                                 itself, 0 for the last one, and the gradient of their sum
The same version writes the same bytes again; `__metadata__` names it.
"""
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch
import torch.nn.functional as F

random = np.random.default_rng(16)
tensors = {}


def to_planes(x, rows, columns):
    return x.reshape(x.shape[0], rows, columns, x.shape[2]).permute(0, 3, 1, 2)


def to_tokens(x):
    return x.permute(0, 2, 3, 1).reshape(x.shape[0], -1, x.shape[1])


for rows, columns, factor in [(2, 3, 4), (3, 2, 1), (1, 4, 5), (3, 3, 2), (2, 1, 3)]:
    name = f"upsample.{rows}x{columns}x{factor}"
    x = torch.tensor(random.standard_normal((2, rows * columns, 3)), requires_grad=True)
    y = to_tokens(F.interpolate(to_planes(x, rows, columns), scale_factor=factor, mode="bilinear", align_corners=False))
    dy = torch.tensor(random.standard_normal(y.shape))
    (y * dy).sum().backward()
    for part, value in {"x": x, "y": y, "dy": dy, "dx": x.grad}.items():
        tensors[f"{name}.{part}"] = np.ascontiguousarray(value.detach().numpy())

logits = torch.tensor(4 * random.standard_normal((3, 6, 5)), requires_grad=True)
labels = torch.tensor([[0, 4, 255, 2, 1, 1], [3, 255, 255, 255, 0, 255], [255] * 6])
loss = [F.cross_entropy(logits[b], labels[b], ignore_index=255) for b in range(2)] + [0 * logits[2].sum()]
sum(loss).backward()
tensors |= {
    "pixels.logits": logits.detach().numpy(),
    "pixels.labels": labels.numpy().astype(np.int32),
    "pixels.loss": np.array([one.item() for one in loss]),
    "pixels.dlogits": logits.grad.numpy(),
}
safetensors.numpy.save_file(
    dict(sorted(tensors.items())),
    Path(__file__).with_name("segmentation.safetensors"),
    metadata={"torch": torch.__version__},
)
