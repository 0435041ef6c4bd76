#!/usr/bin/env python3
"""Writes average_precision.safetensors beside it: what pycocotools' COCOeval makes of a thousand random sets.

    pip install pycocotools safetensors numpy; python tests/golden/average_precision.py

The sets are random (splitmix.py), made alike by tests/eval/average_precision_test.cpp: up to six images with gaps in
their ids, up to four categories, crowds, ties of scores and of overlaps, sizes at the borders of the ranges, images and
categories without truths or detections, and now and then more than a hundred detections of a category in an image.
Each is evaluated by boxes and by masks.
    arrays   I64 [100, 2]      checksums of the bits of `precision` and `recall` of ten sets each, by boxes and by masks
    sums     F64 [1000, 2]     of the twelve numbers, the i-th from 1 times i
    stats    F64 [50, 2, 12]   the twelve numbers of the first sets
    many     F64 [12]          of set 8 by boxes with maxDets [2, 5, 200], where pycocotools has AP = -1
`__metadata__` names the version.
"""
import contextlib
import io
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pycocotools.mask as mask_api
import safetensors.numpy
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from splitmix import NumberChecksum, SplitMix

SIDE = 160  # of an image


def random_shape(random):
    """x, y, width, height in quarters of a pixel, and what the mask in this box is."""
    extent = 4 * (10, 40, 150)[random.below(3)]
    x, y = random.between(-20, 600), random.between(-20, 600)
    return [x, y, random.between(1, extent), random.between(1, extent), random.below(3)]


def moved(random, shape):
    most = (0, 1, 8, 40)[random.below(4)]
    x, y, w, h = (value + random.between(-most, most) for value in shape[:4])
    return [x, y, max(w, 1), max(h, 1), shape[4]]


def box_of(shape):
    return [value / 4 for value in shape[:4]]


def mask_of(shape):
    x, y, w, h = box_of(shape)
    corners = (
        [x, y, x + w, y, x + w, y + h, x, y + h],
        [x, y, x + w, y, x + w / 2, y + h],
        [x + w / 2, y, x + w, y + h / 2, x + w / 2, y + h, x, y + h / 2],
    )[shape[4]]
    return mask_api.frPyObjects([corners], SIDE, SIDE)[0]


def random_set(number):
    """Images' ids, categories' ids, truths (image, category, shape, area, crowd), results (image, category, shape, score)."""
    random = SplitMix(4 << 32 | number)
    ids = [[0], [0]]
    for some, count in zip(ids, (random.between(1, 6), random.between(1, 4))):
        for _ in range(count):
            some.append(some[-1] + random.between(1, 9))
    images, categories = ids[0][1:], ids[1][1:]
    truths, results = [], []
    for image in range(len(images)):
        mine = []
        many = random.below(12) == 0
        for _ in range(10 + random.below(30) if many else random.below(8)):
            shape, category = random_shape(random), 0 if many else random.below(len(categories))
            area = shape[2] * shape[3] * 3 / 64
            if random.below(5) == 0:
                area = (0, 1024, 9216, 1024.5)[random.below(4)]
            mine.append((image, category, shape, float(area), random.below(6) == 0))
        truths += mine
        for _ in range(100 + random.below(60) if many else random.below(12)):
            category = random.below(len(categories))
            if mine and random.below(3) > 0:
                base = mine[random.below(len(mine))]
                shape = moved(random, base[2])
                if random.below(8) > 0:
                    category = base[1]
            else:
                shape = random_shape(random)
            score = random.below(17) / 16 if random.below(2) == 0 else (random.next() >> 11) / 2**53
            results.append((image, 0 if many else category, shape, score))
    for i in range(len(results) - 1, 0, -1):
        j = random.below(i + 1)
        results[i], results[j] = results[j], results[i]
    return images, categories, truths, results


def evaluate(number, masks, limits=(1, 10, 100)):
    images, categories, truths, results = random_set(number)
    form = (lambda shape: {"segmentation": mask_of(shape)}) if masks else (lambda shape: {"bbox": box_of(shape)})
    true = COCO()
    true.dataset = {
        "images": [{"id": i, "height": SIDE, "width": SIDE} for i in images],
        "categories": [{"id": k, "name": str(k)} for k in categories],
        "annotations": [
            {"id": 2 * i + 1, "image_id": images[t[0]], "category_id": categories[t[1]], "area": t[3]}
            | {"iscrowd": int(t[4])}
            | form(t[2])
            for i, t in enumerate(truths)
        ],
    }
    true.createIndex()
    found = [
        {"image_id": images[d[0]], "category_id": categories[d[1]], "score": d[3]} | form(d[2]) for d in results
    ]
    if found:
        found = true.loadRes(found)
    else:  # loadRes looks at the first
        found = COCO()
        found.dataset = true.dataset | {"annotations": []}
        found.createIndex()
    run = COCOeval(true, found, "segm" if masks else "bbox")
    run.params.maxDets = list(limits)
    run.evaluate()
    run.accumulate()
    run.summarize()
    return run


if __name__ == "__main__":
    arrays, sums, stats = [], np.zeros((1000, 2)), np.zeros((50, 2, 12))
    with contextlib.redirect_stdout(io.StringIO()):
        for block in range(100):
            blocks = [NumberChecksum(), NumberChecksum()]
            for number in range(10 * block, 10 * block + 10):
                for masks in (0, 1):
                    run = evaluate(number, masks)
                    for part in ("precision", "recall"):
                        blocks[masks].add(run.eval[part])
                    sums[number, masks] = run.stats @ np.arange(1, 13)
                    if number < len(stats):
                        stats[number, masks] = run.stats
            arrays.append([one.value for one in blocks])
        many = evaluate(8, 0, (2, 5, 200)).stats
    safetensors.numpy.save_file(
        {"arrays": np.array(arrays, np.uint64).view(np.int64), "sums": sums, "stats": stats, "many": many},
        Path(__file__).with_name("average_precision.safetensors"),
        metadata={"pycocotools": version("pycocotools")},
    )
