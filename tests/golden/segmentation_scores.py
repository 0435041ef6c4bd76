#!/usr/bin/env python3
"""Writes segmentation_scores.safetensors beside it: what torchmetrics makes of class maps.

    pip install torch torchmetrics safetensors numpy; python tests/golden/segmentation_scores.py

The maps are random (splitmix.py), made alike by tests/eval/segmentation_scores_test.cpp: six images of 1,200 pixels,
of nine classes, some of which never occur in truth, or at all, and 255 for no class.
    confusion   I64 [9, 9]  of class c, called k, of all images together
    iou         F64 [9]     NaN for a class that does not occur
    recall      F64 [9]     NaN for one that does not occur in truth
    means       F64 [3]     mIoU, mAcc, aAcc
The counts are torchmetrics', and so is `iou` to the digits of a float, but for 0 / 0, which it has as 0; the rest is
NumPy's, of the counts. `__metadata__` names the version.
"""
from importlib.metadata import version
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch
from torchmetrics.classification import MulticlassConfusionMatrix, MulticlassJaccardIndex

from splitmix import SplitMix

CLASSES = 9
truths, found = [], []
for image in range(6):
    random = SplitMix(5 << 32 | image)
    t, f = [], []
    for _ in range(1200):
        c = random.below(7)  # 7 is called, but never true; 8 does not occur
        t.append(255 if random.below(10) == 0 else c if c != 3 or image == 4 else 2)
        f.append(c if random.below(3) > 0 else random.below(8))
    truths.append(torch.tensor(t))
    found.append(torch.tensor(f))
confusion = MulticlassConfusionMatrix(CLASSES, ignore_index=255)
jaccard = MulticlassJaccardIndex(CLASSES, average="none", ignore_index=255)
for t, f in zip(truths, found):
    confusion.update(f, t)
    jaccard.update(f, t)
counts = confusion.compute().numpy().astype(np.int64)
right, of_class = np.diag(counts), counts.sum(1)
joined = of_class + counts.sum(0) - right
with np.errstate(invalid="ignore"):
    iou, recall = right / joined, right / of_class
assert np.abs(np.nan_to_num(iou) - jaccard.compute().numpy()).max() < 1e-6  # which is float
safetensors.numpy.save_file(
    {
        "confusion": counts,
        "iou": iou,
        "recall": recall,
        "means": np.array([np.nanmean(iou), np.nanmean(recall), right.sum() / counts.sum()]),
    },
    Path(__file__).with_name("segmentation_scores.safetensors"),
    metadata={"torchmetrics": version("torchmetrics")},
)
