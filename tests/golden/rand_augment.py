#!/usr/bin/env python3
"""Writes rand_augment.safetensors beside it: what Pillow makes of small images by RandAugment's operations.

    pip install pillow==13.0 numpy; python tests/golden/rand_augment.py [folder]
    pip install timm;               python tests/golden/rand_augment.py --check     compares the arguments with timm's

The same version writes the same bytes again; `__metadata__` names it.

    <image>                          U8 [C, H, W]    noise on a slope; "dull" has few levels, "grey" one channel
    <image>/<operation>/<magnitude>/<sign>   U8 [C, H, W]    the result; operations as timm's RandAugment with "inc1"
                                       calls them, magnitudes from 0 to 10, sign + or - where the operation has one

What is outside is filled with (124, 116, 104), or 117 for one channel; geometry is bicubic. Pillow refuses to keep no bits
(PosterizeIncreasing at magnitude 10): black is expected, written here by hand.
"""

import json
import sys
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageEnhance, ImageOps

MAGNITUDES = {"AutoContrast": [9], "Equalize": [9], "Invert": [9], "Rotate": [0, 4.7, 9, 10],
              "PosterizeIncreasing": [0, 2.5, 9, 10], "SolarizeIncreasing": [0, 5, 9.3], "SolarizeAdd": [0, 5, 9.3],
              "ColorIncreasing": [3.3, 9, 10], "ContrastIncreasing": [3.3, 9, 10],
              "BrightnessIncreasing": [3.3, 9, 10], "SharpnessIncreasing": [3.3, 9, 10], "ShearX": [3.3, 9.2],
              "ShearY": [3.3, 9.2], "TranslateXRel": [0.7, 9.2], "TranslateYRel": [0.7, 9.2]}
SIGNED = {"Rotate", "ColorIncreasing", "ContrastIncreasing", "BrightnessIncreasing", "SharpnessIncreasing", "ShearX",
          "ShearY", "TranslateXRel", "TranslateYRel"}


def argument(name, magnitude, sign):
    """What the operation gets, by the definition."""
    f = magnitude / 10
    if name == "Rotate":
        return sign * f * 30
    if name == "PosterizeIncreasing":
        return 4 - int(f * 4)
    if name == "SolarizeIncreasing":
        return 256 - min(256, int(f * 256))
    if name == "SolarizeAdd":
        return min(128, int(f * 110))
    if name in ("ColorIncreasing", "ContrastIncreasing", "BrightnessIncreasing", "SharpnessIncreasing"):
        return max(0.1, 1 + sign * f * 0.9)
    if name in ("ShearX", "ShearY"):
        return sign * f * 0.3
    if name in ("TranslateXRel", "TranslateYRel"):
        return sign * f * 0.45
    return None


def operate(image, name, value):
    fill = (124, 116, 104) if image.mode == "RGB" else 117

    def affine(*matrix):
        return image.transform(image.size, Image.Transform.AFFINE, matrix, resample=Image.Resampling.BICUBIC,
                               fillcolor=fill)

    match name:
        case "AutoContrast":
            return ImageOps.autocontrast(image)
        case "Equalize":
            return ImageOps.equalize(image)
        case "Invert":
            return ImageOps.invert(image)
        case "Rotate":
            return image.rotate(value, resample=Image.Resampling.BICUBIC, fillcolor=fill)
        case "PosterizeIncreasing":
            return ImageOps.posterize(image, value) if value > 0 else Image.new(image.mode, image.size)
        case "SolarizeIncreasing":
            return ImageOps.solarize(image, value)
        case "SolarizeAdd":
            return image.point([min(255, i + value) if i < 128 else i for i in range(256)] * len(image.getbands()))
        case "ShearX":
            return affine(1, value, 0, 0, 1, 0)
        case "ShearY":
            return affine(1, 0, 0, value, 1, 0)
        case "TranslateXRel":
            return affine(1, 0, value * image.size[0], 0, 1, 0)
        case "TranslateYRel":
            return affine(1, 0, 0, 0, 1, value * image.size[1])
    return getattr(ImageEnhance, name.removesuffix("Increasing"))(image).enhance(value)


def images():
    rng = np.random.default_rng(17)

    def noise(c, h, w, low, high):
        slope = np.linspace(low, high, h * w).reshape(1, h, w)
        return np.clip(slope + rng.normal(0, 40, (c, h, w)), 0, 255).astype(np.uint8)

    return {"colour": noise(3, 17, 16, 20, 250), "dull": (noise(3, 23, 25, 100, 140) // 24 * 13),
            "grey": noise(1, 16, 17, 0, 255)}


def check():
    from unittest import mock

    from timm.data import auto_augment
    for name, magnitudes in MAGNITUDES.items():
        for magnitude in magnitudes:
            for sign in (1, -1):
                with mock.patch.object(auto_augment.random, "random", lambda s=sign: 0.25 if s > 0 else 0.75):
                    to = auto_augment.LEVEL_TO_ARG[name]
                    found = to(magnitude, {})[0] if to else None
                expected = argument(name, magnitude, sign if name in SIGNED else 1)
                mirrored = argument(name, magnitude, -sign if name in SIGNED else 1)
                assert found in (expected, mirrored), (name, magnitude, sign, found, expected)
    assert list(MAGNITUDES) == auto_augment._RAND_INCREASING_TRANSFORMS
    print("arguments and order are timm's")


def write(path, tensors, metadata):
    header, end = {"__metadata__": metadata}, 0
    for name, value in tensors.items():
        begin, end = end, end + value.nbytes
        header[name] = {"dtype": "U8", "shape": value.shape, "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for value in tensors.values():
            file.write(np.ascontiguousarray(value).tobytes())
    print(f"{path.name} {path.stat().st_size} bytes, {len(tensors)} tensors")


def main():
    if "--check" in sys.argv:
        return check()
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    tensors = images()
    for kind, pixels in images().items():
        image = Image.fromarray(pixels.transpose(1, 2, 0) if kind != "grey" else pixels[0])
        for name, magnitudes in MAGNITUDES.items():
            if kind == "dull" and name not in ("AutoContrast", "Equalize", "ContrastIncreasing"):
                continue
            for magnitude in magnitudes if kind == "colour" else magnitudes[-1:]:
                for sign in (1, -1) if name in SIGNED else (1,):
                    result = np.asarray(operate(image, name, argument(name, magnitude, sign)))
                    tensors[f"{kind}/{name}/{magnitude}/{'+' if sign > 0 else '-'}"] = \
                        result.transpose(2, 0, 1) if kind != "grey" else result[None]
    write(folder / "rand_augment.safetensors", tensors,
          dict(description="RandAugment's operations on small images", pillow=PIL.__version__))


if __name__ == "__main__":
    main()
