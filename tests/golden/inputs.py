"""Random images, noise and weights of the golden files, and the fixed position table."""

import re

import numpy as np


def uniform(rng, shape, bound=1.0):
    """float32 values in [-bound, bound)."""
    return ((2 * rng.random(shape) - 1) * bound).astype(np.float32)


def make_images(rng, batch, channels, height, width):
    """[B, C, H, W]: in each channel a slope and a wave, with noise on top; patches differ in mean and in variance."""
    y, x = np.mgrid[0:height, 0:width]
    slope_y, slope_x, pitch_y, pitch_x, phase = rng.random((5, batch, channels, 1, 1)) * 2 - 1
    image = slope_y * y / height + slope_x * x / width + np.sin(2 * (pitch_y * y + pitch_x * x) + 3 * phase)
    return (image + 0.5 * (2 * rng.random(image.shape) - 1)).astype(np.float32)


def make_noise(rng, batch, patches):
    """[B, L] in [0, 1): multiples of 2^-24, exact in float32 and different within each row."""
    rows = [rng.choice(2**24, size=patches, replace=False) for _ in range(batch)]
    return (np.stack(rows) * 2.0**-24).astype(np.float32)


def sincos_table(grid_height, grid_width, width):
    """[1, L+1, D]: row 0 is zero (class token), row 1 + t that of patch t = row * grid_width + col, which is
    [sin(col w) | cos(col w) | sin(row w) | cos(row w)] with w_k = 10000^(-k / (D/4))."""
    omega = 10000.0 ** -(np.arange(width // 4) / (width // 4))
    row, col = np.divmod(np.arange(grid_height * grid_width), grid_width)
    col, row = np.outer(col, omega), np.outer(row, omega)
    table = np.concatenate([np.sin(col), np.cos(col), np.sin(row), np.cos(row)], axis=1)
    return np.concatenate([np.zeros((1, width)), table])[None].astype(np.float32)


def random_weights(rng, shapes):
    """float32 weights under published names; none is zero or one, so a forgotten term shows."""
    weights = {}
    for name, shape in sorted(shapes.items()):  # whatever order the oracle has its modules in
        if re.search(r"norm\d?\.weight$", name):
            weights[name] = 1 + uniform(rng, shape, 0.4)
        elif name.endswith(".bias"):
            weights[name] = uniform(rng, shape, 0.3)
        elif name.endswith(".weight"):  # Xavier's bound; a convolution counts as a matrix
            outputs, inputs = shape[0], int(np.prod(shape[1:]))
            weights[name] = uniform(rng, shape, np.sqrt(6 / (inputs + outputs)))
        else:  # cls_token, mask_token, and the classifiers' pos_embed
            weights[name] = uniform(rng, shape, 0.5)
    return weights
