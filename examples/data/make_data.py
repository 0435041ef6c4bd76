"""Makes the data files of this folder from those that scikit-learn and scikit-image carry. See README.md.

    pip install scikit-learn==1.9.1 scikit-image==0.26.0 pillow==13.0.0
    python make_data.py
"""

import pathlib
import struct

import numpy as np
from PIL import Image
from skimage import data
from sklearn.datasets import load_digits

folder = pathlib.Path(__file__).parent

# Digits: two IDX files, the format of MNIST. Grey levels 0..16 become 0..255, rounded.
digits = load_digits()
images = np.floor(digits.images * 255 / 16 + 0.5).astype(np.uint8)
count, height, width = images.shape
(folder / "optdigits-images-idx3-ubyte").write_bytes(
    struct.pack(">IIII", 0x00000803, count, height, width) + images.tobytes()
)
(folder / "optdigits-labels-idx1-ubyte").write_bytes(
    struct.pack(">II", 0x00000801, count) + digits.target.astype(np.uint8).tobytes()
)

# Photographs: the largest square, `shift` of the way from left to right, reduced to 256 x 256 pixels.
for name, shift in [("astronaut", 0.5), ("chelsea", 0.55), ("coffee", 0.5)]:
    photo = getattr(data, name)()
    side = photo.shape[0]
    left = round((photo.shape[1] - side) * shift)
    square = Image.fromarray(photo[:, left : left + side])
    square.resize((256, 256), Image.Resampling.LANCZOS).save(folder / f"{name}.png", optimize=True)
