"""Writes coco_python/annotations.json and results.json, and in expected.json what pycocotools 2.0.11 makes of them, for
coco_test.cpp and coco_evaluation_test.cpp.

Four images of up to 40 pixels, ids with gaps, lists out of order; polygons of one to three parts, some crossing
themselves or the border, run lengths as list and as text, crowds, boxes alone, and members that COCO does not know.
"""

import contextlib
import io
import json
import pathlib
import random

import numpy as np
from pycocotools import mask as masks
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

folder = pathlib.Path(__file__).with_suffix("")
folder.mkdir(exist_ok=True)
rng = random.Random(18)

sizes = {139: (17, 40), 7: (33, 21), 42: (1, 30), 900: (24, 24)}
images = [
    {"file_name": f"{id:06}.png", "id": id, "height": h, "width": w, "license": 3, "coco_url": "http://x/\u00e9.png"}
    for id, (h, w) in sizes.items()
]
categories = [
    {"supercategory": "b", "id": 90, "name": "toothbrush"},
    {"supercategory": "a", "id": 1, "name": "person"},
    {"supercategory": "a", "id": 13, "name": "stop sign"},
]


def polygon(h, w):
    corners = rng.randint(3, 9)
    numbers = []
    for _ in range(corners):
        numbers += [round(rng.uniform(-2, w + 2), 2), round(rng.uniform(-2, h + 2), 2)]
    return numbers


annotations = []
for i in range(60):
    image = rng.choice(list(sizes))
    h, w = sizes[image]
    x, y = round(rng.uniform(0, w - 1), 2), round(rng.uniform(0, h - 0.5), 2)
    one = {
        "id": 1000 - 7 * i,
        "image_id": image,
        "category_id": rng.choice([90, 1, 13]),
        "bbox": [x, y, round(rng.uniform(0.3, w - x), 2), round(rng.uniform(0.3, h - y), 2)],
        "iscrowd": 0,
        "area": round(rng.uniform(1, 500), 4),
    }
    kind = i % 4
    if kind == 0:
        one["segmentation"] = [polygon(h, w) for _ in range(rng.randint(1, 3))]
    elif kind in (1, 2):
        pixels = np.asfortranarray((np.random.RandomState(i).rand(h, w) < 0.4).astype(np.uint8))
        run_lengths = masks.encode(pixels)
        run_lengths["counts"] = run_lengths["counts"].decode()
        if kind == 2:
            flat, counts, last = pixels.flatten(order="F"), [], 0
            for value in flat:
                if not counts:
                    counts = [0]
                if value != last:
                    counts.append(0)
                    last = value
                counts[-1] += 1
            run_lengths["counts"] = counts
            one["iscrowd"] = 1
        one["segmentation"] = run_lengths
    if i % 5 == 0:
        one["attributes"] = {"occluded": True, "track": [i, 0.5, None, "\"quoted\" \\ "]}
    annotations.append(one)

text = json.dumps(
    {"info": {"year": 2026}, "annotations": annotations, "images": images, "licenses": [], "categories": categories}
)
(folder / "annotations.json").write_text(text)

with contextlib.redirect_stdout(io.StringIO()):
    coco = COCO(folder / "annotations.json")
expected = {"categories": sorted(coco.getCatIds()), "annotations": []}
for one in coco.dataset["annotations"]:
    row = {"id": one["id"], "area": one["area"], "bbox": one["bbox"]}
    if "segmentation" in one:
        mask = coco.annToRLE(one)
        row["counts"] = mask["counts"] if isinstance(mask["counts"], str) else mask["counts"].decode()
        row["pixels"] = int(coco.annToMask(one).sum())
    expected["annotations"].append(row)

# Boxes near those annotated, some twice, some of another category, some of one that the set has not.
results = []
for one in annotations:
    for _ in range(rng.randint(0, 3)):
        box = [round(v + rng.uniform(-1.5, 1.5), 2) for v in one["bbox"]]
        box[2:] = [max(v, 0.2) for v in box[2:]]
        category = rng.choice([one["category_id"]] * 6 + [1, 13, 5])
        score = round(rng.random(), 2)
        results.append({"image_id": one["image_id"], "category_id": category, "bbox": box, "score": score})
(folder / "results.json").write_text(json.dumps(results))
with contextlib.redirect_stdout(io.StringIO()):
    evaluation = COCOeval(coco, coco.loadRes(str(folder / "results.json")), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
expected["scores"] = evaluation.stats.tolist()
(folder / "expected.json").write_text(json.dumps(expected))
