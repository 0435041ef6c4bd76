#!/usr/bin/env python3
"""Writes detection.safetensors beside it: what torchvision makes of the losses of detection.

    pip install torch torchvision safetensors numpy; python tests/golden/detection.py

All in float64. Places are those of the library's Levels, level after level, row by row, N of them; a class of -1 is none,
-2 takes no part.
    focal.logits, .classes                       [B, N, K], I32 [B, N]
    focal.loss, .dlogits                         [B], [B, N, K]: sigmoid_focal_loss, summed over the places that take
                                                 part, and the gradient of the sum of all
    boxes.prediction, .target, .classes          [B, N, 5]: logarithms of l, t, r, b and a logit; l, t, r, b and a
                                                 centerness; I32 [B, N]
    boxes.giou, .dgiou                           [B], [B, N, 4]: generalized_box_iou_loss(eps=0) summed over classes >= 0
    boxes.quality, .dquality                     [B], [B, N]: binary_cross_entropy_with_logits, summed, less the
                                                 target's entropy
    fcos.logits, .prediction                     [B, N, K], [B, N, 5]
    fcos.boxes, .labels, .counts                 [G, 4] in pixels, I32 [G], I32 [B]: the boxes of the images in turn
    fcos.classes                                 I32 [B, N]: what FCOS.compute_loss matches, -1 for background
    fcos.focal, .giou, .quality                  [1] each: FCOS.compute_loss times its positives, of the whole batch; the
                                                 last less the targets' entropy
The anchors of fcos are squares of a stride around the library's places, on the levels 8 x 12, 4 x 6 and 2 x 3 of strides
4, 8 and 16. The same versions write the same bytes again; `__metadata__` names them.
"""
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch
import torch.nn.functional as F
import torchvision
from torchvision.models.detection.fcos import FCOS, FCOSHead
from torchvision.ops import generalized_box_iou_loss, sigmoid_focal_loss

random = np.random.default_rng(18)
tensors = {}


def values(*shape, scale=1.0):
    return torch.tensor(scale * random.standard_normal(shape), requires_grad=True)


def entropy(c):
    return -(torch.xlogy(c, c) + torch.xlogy(1 - c, 1 - c))


def to_boxes(distances):
    return torch.cat([-distances[..., :2], distances[..., 2:]], dim=-1)


# Classes at places.
logits = values(3, 7, 4, scale=5)
classes = torch.tensor([[0, 3, -1, -2, 1, -1, -1], [-1] * 7, [2, 2, -2, 0, -1, 3, -2]])
answers = F.one_hot(classes.clamp(min=0), 4) * (classes >= 0)[..., None]
focal = (sigmoid_focal_loss(logits, answers.double()) * (classes >= -1)[..., None]).sum(dim=(1, 2))
focal.sum().backward()
tensors |= {"focal.logits": logits, "focal.classes": classes, "focal.loss": focal, "focal.dlogits": logits.grad}

# Boxes at places.
prediction = values(3, 7, 5)
target = torch.tensor(np.concatenate([np.exp(random.standard_normal((3, 7, 4))), random.random((3, 7, 1))], axis=2))
target[0, 1, 4], target[2, 3, 4] = 1, 0
there = classes >= 0
giou = generalized_box_iou_loss(to_boxes(prediction[..., :4].exp()), to_boxes(target[..., :4]), eps=0) * there
(dgiou,) = torch.autograd.grad(giou.sum(), prediction)
quality = F.binary_cross_entropy_with_logits(prediction[..., 4], target[..., 4], reduction="none")
quality = (quality - entropy(target[..., 4])) * there
(dquality,) = torch.autograd.grad(quality.sum(), prediction)
tensors |= {
    "boxes.prediction": prediction, "boxes.target": target, "boxes.classes": classes,
    "boxes.giou": giou.sum(dim=1), "boxes.dgiou": dgiou[..., :4],
    "boxes.quality": quality.sum(dim=1), "boxes.dquality": dquality[..., 4],
}

# The whole loss of FCOS, from boxes.
height, width, classes_count = 32, 48, 3
anchors = []
for rows, columns, stride in [(8, 12, 4), (4, 6, 8), (2, 3, 16)]:
    y, x = torch.meshgrid(torch.arange(rows) * stride + stride / 2, torch.arange(columns) * stride + stride / 2,
                          indexing="ij")
    centre = torch.stack([x, y], dim=-1).reshape(-1, 2).double()
    anchors.append(torch.cat([centre - stride / 2, centre + stride / 2], dim=1))
levels = [len(a) for a in anchors]
anchors = torch.cat(anchors)


def some_boxes(count):
    """Areas more than 8 apart, since torchvision compares them in steps of 8."""
    while True:
        side = np.exp(random.uniform(np.log(3), np.log(30), (count, 2)))
        corner = random.uniform(0, 1, (count, 2)) * (np.array([width, height]) - side).clip(0)
        boxes = np.concatenate([corner, np.minimum(corner + side, [width, height])], axis=1)
        areas = np.sort((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))
        if (np.diff(areas) > 9).all():
            return boxes


counts = [6, 1, 0, 9]
targets = [{"boxes": torch.tensor(some_boxes(n).reshape(n, 4)),
            "labels": torch.tensor(random.integers(0, classes_count, n), dtype=torch.int64)} for n in counts]
batch, places = len(counts), len(anchors)
logits, prediction = values(batch, places, classes_count), values(batch, places, 5)
matched = []


class Head(FCOSHead):
    def compute_loss(self, targets, head_outputs, anchors, matched_idxs):
        matched.extend(matched_idxs)
        return super().compute_loss(targets, head_outputs, anchors, matched_idxs)


class Losses(FCOS):
    def __init__(self):  # no network
        torch.nn.Module.__init__(self)
        self.head = Head(in_channels=32, num_anchors=1, num_classes=classes_count, num_convs=1)
        self.center_sampling_radius = 1.5


losses = Losses().compute_loss(
    targets,
    {"cls_logits": logits, "bbox_regression": prediction[..., :4].exp(), "bbox_ctrness": prediction[..., 4:]},
    [anchors] * batch, levels)
owners = torch.stack(matched)
found = torch.stack([torch.where(o >= 0, t["labels"][o.clamp(min=0)], -1) if len(t["labels"]) else torch.full_like(o, -1)
                     for o, t in zip(owners, targets)])
positives = int((owners >= 0).sum())
centre = (anchors[:, :2] + anchors[:, 2:]) / 2
entropies = 0.0
for o, t in zip(owners, targets):
    for place in torch.nonzero(o >= 0)[:, 0]:
        box = t["boxes"][o[place]]
        l, t_ = (centre[place] - box[:2])
        r, b = (box[2:] - centre[place])
        entropies += entropy(torch.sqrt(min(l, r) / max(l, r) * min(t_, b) / max(t_, b)))
tensors |= {
    "fcos.logits": logits, "fcos.prediction": prediction,
    "fcos.boxes": torch.cat([t["boxes"] for t in targets]), "fcos.labels": torch.cat([t["labels"] for t in targets]),
    "fcos.counts": torch.tensor(counts), "fcos.classes": found,
    "fcos.focal": losses["classification"].reshape(1) * positives,
    "fcos.giou": losses["bbox_regression"].reshape(1) * positives,
    "fcos.quality": (losses["bbox_ctrness"] * positives - entropies).reshape(1),
}

arrays = {name: np.ascontiguousarray(t.detach().numpy()) for name, t in sorted(tensors.items())}
arrays = {name: a.astype(np.int32) if a.dtype == np.int64 else a for name, a in arrays.items()}
safetensors.numpy.save_file(
    arrays,
    Path(__file__).with_name("detection.safetensors"),
    metadata={"torch": torch.__version__, "torchvision": torchvision.__version__},
)
print(f"{positives} positives of {batch * places} places")
