#!/usr/bin/env python3
"""Writes detector.safetensors beside it: a feature pyramid, a detection head and their loss, by PyTorch.

    pip install torch torchvision safetensors numpy; python tests/golden/detector.py

All in float64: patches in 3 x 5 tokens of 8 numbers, 16 pixels wide; maps twice as fine, as fine and half as fine, 4
channels wide; two blocks in each tower; 3 classes.
    <parameter>, grad.<parameter>          by the library's names, in PyTorch's layouts; gradients of the sum of losses
    tokens, grad.tokens                    [B, 15, 8]
    outputs                                [B, N, 3 + 5], N = 60 + 15 + 2 places
    classes, target, weight, loss          I32 [B, N], [B, N, 5], [B], [B]
The same versions write the same bytes again; `__metadata__` names them.
"""
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch
import torch.nn.functional as F
import torchvision
from torchvision.ops import generalized_box_iou_loss, sigmoid_focal_loss

random = np.random.default_rng(5)
rows, columns, D, W, K, depth = 3, 5, 8, 4, 3, 2
weights = {}


def parameter(name, *shape):
    if name not in weights:
        plain = random.standard_normal(shape) / np.sqrt(max(1, np.prod(shape[1:])))
        if name.endswith("weight") and len(shape) == 1:
            plain = 1 + 0.2 * plain  # of a norm
        weights[name] = torch.tensor(plain, requires_grad=True)
    return weights[name]


def conv(x, name, out):
    return F.conv2d(x, parameter(f"{name}.weight", out, x.shape[1], 3, 3), parameter(f"{name}.bias", out), padding=1)


def norm(x, name):
    width = x.shape[1]
    parts = parameter(f"{name}.weight", width), parameter(f"{name}.bias", width)
    return F.layer_norm(x.permute(0, 2, 3, 1), (width,), *parts, eps=1e-6).permute(0, 3, 1, 2)


def up(x, name, out):
    y = F.conv_transpose2d(x, parameter(f"{name}.weight", x.shape[1], out, 2, 2), stride=2)
    bias = parameter(f"{name}.bias", 4 * out).reshape(2, 2, out).permute(2, 0, 1)
    return y + bias.repeat(1, x.shape[2], x.shape[3])


def pyramid(tokens):
    x = tokens.permute(0, 2, 1).reshape(-1, D, rows, columns)
    for k, level in enumerate([lambda: up(x, "neck.0.scale.up", D // 2), lambda: x, lambda: F.max_pool2d(x, 2)]):
        y, name = level(), f"neck.{k}"
        weight, bias = parameter(f"{name}.proj.weight", W, y.shape[1]), parameter(f"{name}.proj.bias", W)
        y = norm(F.conv2d(y, weight[:, :, None, None], bias), f"{name}.norm1")
        yield norm(conv(y, f"{name}.conv", W), f"{name}.norm2")


def head(level):
    results = []
    for tower, last, out in [("class_blocks", "classes", K), ("box_blocks", "boxes", 5)]:
        y = level
        for i in range(depth):
            y = F.gelu(norm(conv(y, f"head.{tower}.{i}.conv", W), f"head.{tower}.{i}.norm"))
        results.append(conv(y, f"head.{last}", out))
    return torch.cat(results, dim=1).flatten(2).permute(0, 2, 1)


tokens = torch.tensor(random.standard_normal((2, rows * columns, D)), requires_grad=True)
outputs = torch.cat([head(level) for level in pyramid(tokens)], dim=1)  # [B, N, K + 5]
places = outputs.shape[1]
classes = torch.tensor(random.choice([-2, -1, -1, -1, 0, 1, 2], (2, places)))
target = torch.tensor(np.concatenate([np.exp(random.standard_normal((2, places, 4))), random.random((2, places, 1))], 2))
weight = torch.tensor([0.05, 0.25], dtype=torch.float64)


def sides(distances):
    return torch.cat([-distances[..., :2], distances[..., 2:]], dim=-1)


answers = (F.one_hot(classes.clamp(min=0), K) * (classes >= 0)[..., None]).double()
focal = (sigmoid_focal_loss(outputs[..., :K], answers) * (classes >= -1)[..., None]).sum(dim=(1, 2))
giou = generalized_box_iou_loss(sides(outputs[..., K:K + 4].exp()), sides(target[..., :4]), eps=0)
c = target[..., 4]
quality = F.binary_cross_entropy_with_logits(outputs[..., K + 4], c, reduction="none")
quality = quality + torch.xlogy(c, c) + torch.xlogy(1 - c, 1 - c)
loss = (focal + ((giou + quality) * (classes >= 0)).sum(dim=1)) * weight
loss.sum().backward()

tensors = dict(weights) | {f"grad.{name}": w.grad for name, w in weights.items()}
tensors |= {"tokens": tokens, "grad.tokens": tokens.grad, "outputs": outputs, "classes": classes, "target": target,
            "weight": weight, "loss": loss}
arrays = {name: np.ascontiguousarray(t.detach().numpy()) for name, t in sorted(tensors.items())}
arrays["classes"] = arrays["classes"].astype(np.int32)
safetensors.numpy.save_file(
    arrays,
    Path(__file__).with_name("detector.safetensors"),
    metadata={"torch": torch.__version__, "torchvision": torchvision.__version__},
)
