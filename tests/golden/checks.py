"""What must hold before a golden file is written: each check ends the program with a sentence when it fails."""

import re
import sys

import numpy as np
import torch
import transformers
from transformers.models.vit_mae.modeling_vit_mae import ViTMAEEmbeddings

from inputs import sincos_table


def expect(condition, what):
    """Ends the program unless `condition` holds; unlike assert, also under python -O."""
    if not condition:
        sys.exit(f"generate.py: {what}")


def expect_close(found, truth, tolerance, what):
    found, truth = np.asarray(found), np.asarray(truth)
    expect(found.shape == truth.shape, f"{what}: shape {found.shape}, expected {truth.shape}")
    error = np.abs(found - truth).max() / max(1.0, np.abs(truth).max())
    expect(error <= tolerance, f"{what}: off by {error:.3g}, allowed {tolerance:.3g}")


def check_environment():
    """The oracle's attention is exact in float64, and our table is the one it builds for a square grid."""
    q, k, v = torch.from_numpy(np.random.default_rng(0).random((3, 2, 3, 11, 8)))
    plain = torch.softmax(q @ k.transpose(-1, -2) * 8**-0.5, dim=-1) @ v
    expect_close(torch.nn.functional.scaled_dot_product_attention(q, k, v), plain, 1e-14, "attention in float64")
    config = transformers.ViTMAEConfig(image_size=20, patch_size=4, hidden_size=24, num_hidden_layers=1,
                                       num_attention_heads=1)
    embeddings = ViTMAEEmbeddings(config)
    embeddings.initialize_weights()
    expect_close(sincos_table(5, 5, 24), embeddings.position_embeddings.detach(), 1e-7, "position table")


def check_encoder(encoder, weights, images, features):
    """timm's encoder takes the published names as they are."""
    decoder_only = re.compile(r"decoder_|mask_token")
    encoder.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()
                             if not decoder_only.match(name)}, strict=True)
    with torch.no_grad():
        expect_close(features, encoder(torch.from_numpy(images).double()), 1e-13, "features against timm")


def check_mask(noise, ratio, ids_restore, mask):
    """ids_restore is the rank of each patch's noise; the int(L * (1 - ratio)) lowest are kept."""
    rank = (noise[:, :, None] > noise[:, None, :]).sum(axis=2)
    expect(np.array_equal(ids_restore, rank), "ids_restore is not the rank of the noise")
    expect(np.array_equal(mask, rank >= int(noise.shape[1] * (1 - ratio))), "mask is not rank >= kept patches")


def check_loss(images, patch, pred, mask, norm_pix, loss):
    """The loss in plain loops over images and patches."""
    total = 0.0
    for image, rows, removed in zip(images.astype(np.float64), pred, mask):
        columns = image.shape[2] // patch
        for t in np.flatnonzero(removed):
            y, x = t // columns * patch, t % columns * patch
            target = image[:, y:y + patch, x:x + patch].transpose(1, 2, 0).ravel()
            if norm_pix:
                target = (target - target.mean()) / np.sqrt(target.var(ddof=1) + 1e-6)
            total += np.mean((rows[t] - target) ** 2)
    expect_close(loss / (total / mask.sum()), 1.0, 1e-12, "loss against a plain recomputation")


def check_gradients(loss_of, assign, weights, tensors, rng):
    """For each parameter the slope of loss_of() along a random direction, by fourth-order central differences;
    assign(name, value) sets a parameter."""
    step = 1e-3
    for name in sorted(name for name in weights if f"grad.{name}" in tensors):
        value, direction = weights[name].astype(np.float64), 2 * rng.random(weights[name].shape) - 1
        losses = {}
        for k in (-2, -1, 1, 2):
            assign(name, value + k * step * direction)
            with torch.no_grad():
                losses[k] = loss_of().item()
        assign(name, value)
        slope = (8 * (losses[1] - losses[-1]) - (losses[2] - losses[-2])) / (12 * step)
        gradient = tensors[f"grad.{name}"]
        scale = np.abs(gradient * direction).sum()
        expect_close(np.sum(gradient * direction) / scale, slope / scale, 1e-6, f"gradient of {name}")
