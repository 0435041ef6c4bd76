#!/usr/bin/env python3
"""Writes boxes.safetensors beside it: what torchvision.ops makes of boxes.

    pip install torch torchvision safetensors numpy; python tests/golden/boxes.py

    boxes            F64 [24, 4]    x0, y0, x1, y1
    iou, giou, diou, ciou  F64 [24, 24]   box_iou, generalized_, distance_ and complete_box_iou (eps = 0) of each pair
    nms.<case>.boxes, .scores, .labels   F32 [N, 4], F32 [N], I32 [N]: distinct scores, no IoU within 1e-6 of .5
    nms.<case>.nms, .batched             I32 [kept]: indices kept at .5, over all classes and by class
The same version writes the same bytes again; `__metadata__` names it.
"""
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch
import torchvision
from torchvision import ops

random = np.random.default_rng(18)
tensors = {}


def random_boxes(count, extent, most):
    corner = random.uniform(0, extent, (count, 2))
    return np.concatenate([corner, corner + random.uniform(1, most, (count, 2))], 1)


boxes = random_boxes(24, 100, 60)
boxes[1] = boxes[0]  # equal
boxes[3] = [boxes[2, 2], boxes[2, 1], boxes[2, 2] + 5, boxes[2, 3]]  # they touch
boxes[5] = boxes[4] + [1, 1, -0.25, -0.5]  # inside
boxes[6:8] += 1000  # apart
one = torch.tensor(boxes)
tensors |= {
    "boxes": boxes,
    "iou": ops.box_iou(one, one).numpy(),
    "giou": ops.generalized_box_iou(one, one).numpy(),
    "diou": ops.distance_box_iou(one, one, eps=0).numpy(),
    "ciou": np.nan_to_num(ops.complete_box_iou(one, one, eps=0).numpy(), nan=1),  # 0 / 0 where the boxes are equal
}
for case, (count, extent, most, classes) in enumerate([(1, 10, 10, 1), (40, 60, 40, 3), (150, 120, 90, 5)]):
    while True:
        some = torch.tensor(random_boxes(count, extent, most).astype(np.float32))
        if (ops.box_iou(some.double(), some.double()) - 0.5).abs().min() > 1e-6:
            break
    scores = torch.tensor(random.permutation(count).astype(np.float32) / count)
    labels = torch.tensor(random.integers(0, classes, count))
    tensors |= {
        f"nms.{case}.boxes": some.numpy(),
        f"nms.{case}.scores": scores.numpy(),
        f"nms.{case}.labels": labels.numpy().astype(np.int32),
        f"nms.{case}.nms": ops.nms(some, scores, 0.5).numpy().astype(np.int32),
        f"nms.{case}.batched": ops.batched_nms(some, scores, labels, 0.5).numpy().astype(np.int32),
    }
safetensors.numpy.save_file(
    dict(sorted(tensors.items())),
    Path(__file__).with_name("boxes.safetensors"),
    metadata={"torchvision": torchvision.__version__},
)
