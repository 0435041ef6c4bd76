#!/usr/bin/env python3
"""Writes run_length.safetensors beside it: what pycocotools.mask makes of masks and polygons.

    pip install pycocotools safetensors numpy; python tests/golden/run_length.py

The cases are random (splitmix.py), made alike by tests/data/run_length_test.cpp and polygon_test.cpp; here are only
checksums of what comes of them, one for each block of 100 cases, and the first texts whole.
    masks      I64 [100]   two masks and what they share: see `mask_case`
    counts     I64 [10]    counts as numbers, with runs of 0 and sizes up to 4,095 x 4,095: the text and the area. (For
                           a larger one pycocotools 2.0.11 writes beyond its text: it counts six characters a number)
    polygons   I64 [100]   the text of the union of one or two polygons, or of a box
    texts      U8          of the first 40 cases of polygons, a line feed after each
`__metadata__` names the version.
"""
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pycocotools.mask as coco
import safetensors.numpy

from splitmix import Checksum, SplitMix


def text(code):
    return code["counts"].decode()


def mask_pixels(random, height, width):
    """One bit of a random word a pixel, row by row: of one, two or three words, or runs, or a constant."""
    kind = random.below(6)
    count = height * width
    if kind == 0:
        return np.full((height, width), random.below(2), np.uint8)
    if kind == 1:  # a rectangle
        x, y = random.below(width), random.below(height)
        pixels = np.zeros((height, width), np.uint8)
        pixels[y : y + 1 + random.below(height), x : x + 1 + random.below(width)] = 1
        return pixels
    pixels = []
    while len(pixels) < count:
        word = random.next()
        if kind == 3:
            word &= random.next()
        if kind == 4:
            word |= random.next()
        if kind == 5:  # runs of 16
            word = sum(0xFFFF << 16 * i for i in range(4) if word >> i & 1)
        pixels += [word >> i & 1 for i in range(64)]
    return np.array(pixels[:count], np.uint8).reshape(height, width)


def mask_case(random, sums):
    height, width = random.between(1, 24), random.between(1, 24)
    a, b = (coco.encode(np.asfortranarray(mask_pixels(random, height, width))) for _ in range(2))
    for code in (a, b):
        sums.add(text(code))
        sums.add(float(coco.area(code)))
        for number in coco.toBbox(code):
            sums.add(float(number))
    for crowd in (0, 1):
        sums.add(float(coco.iou([a], [b], [crowd])[0, 0]))
    sums.add(text(coco.merge([a, b])))
    sums.add(text(coco.merge([a, b], intersect=True)))


def counts_case(random, sums):
    height, width = random.between(1, 4095), random.between(1, 4095)
    rest, counts = height * width, []
    for _ in range(random.between(1, 12)):
        run = 0 if random.below(4) == 0 else random.below(rest + 1)
        counts.append(run)
        rest -= run
    counts.append(rest)
    code = coco.frPyObjects({"size": [height, width], "counts": counts}, height, width)
    sums.add(text(code))
    sums.add(float(coco.area(code)))


def coordinate(random, kind, extent):
    """Of an image `extent` wide. Ties and corners outside matter most."""
    if kind == 0:  # inside, in hundredths
        return random.below(100 * extent + 1) / 100
    if kind == 1:  # whole, just outside too
        return float(random.between(-2, extent + 2))
    if kind == 2:  # tenths: halves of the fine grid
        return random.between(-20, 10 * extent + 20) / 10
    if kind == 3:  # far outside
        return random.between(-4000, 4000) / 7
    if kind == 4:  # narrow
        return extent / 2 + random.between(-300, 300) / 256
    return random.between(-1000000000, 1000000000) / (1 << random.between(20, 29))


def polygon(random, height, width):
    kind = random.below(6)
    corners = random.between(3, 3 + random.below(30))
    numbers = []
    for i in range(corners):
        if i > 0 and random.below(8) == 0:  # the corner before again, or one coordinate of it
            again = random.below(3)
            numbers.append(coordinate(random, kind, width) if again == 1 else numbers[-2])
            numbers.append(coordinate(random, kind, height) if again == 2 else numbers[-2])
        else:
            numbers.append(coordinate(random, kind, width))
            numbers.append(coordinate(random, kind, height))
    return numbers


def polygon_case(random):
    height, width = random.between(1, 60), random.between(1, 60)
    if random.below(10) == 0:
        kind = random.below(6)
        x, y = coordinate(random, kind, width), coordinate(random, kind, height)
        box = [x, y, coordinate(random, kind, width), coordinate(random, kind, height)]
        return text(coco.frPyObjects(np.array([box]), height, width)[0])
    parts = [polygon(random, height, width) for _ in range(1 + random.below(4) // 2)]
    return text(coco.merge(coco.frPyObjects(parts, height, width)))


def blocks(count, seed, case):
    """The checksums of `count` blocks of 100 cases; each case has random numbers of its own."""
    sums = []
    for block in range(count):
        sums.append(Checksum())
        for i in range(100):
            case(SplitMix(seed << 32 | block * 100 + i), sums[-1])
    return np.array([one.value for one in sums], np.uint64).view(np.int64)


if __name__ == "__main__":
    texts = "".join(polygon_case(SplitMix(3 << 32 | i)) + "\n" for i in range(40))
    safetensors.numpy.save_file(
        {
            "masks": blocks(100, 1, mask_case),
            "counts": blocks(10, 2, counts_case),
            "polygons": blocks(100, 3, lambda random, sums: sums.add(polygon_case(random) + "\n")),
            "texts": np.frombuffer(texts.encode(), np.uint8),
        },
        Path(__file__).with_name("run_length.safetensors"),
        metadata={"pycocotools": version("pycocotools")},
    )
