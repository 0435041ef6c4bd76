#!/usr/bin/env python3
"""Writes layers.safetensors beside it, with PyTorch as the oracle of layers made of primitive operations.

    python3 tests/golden/layers.py [folder]          needs torch and numpy

Weights and inputs are float32 values, all computation is in float64. For every layer, with x [2, 3, 6]:
    <layer>.<parameter>        F32  weights, as torch has them
    <layer>.grad.<parameter>   F64  their gradients, dy being the gradient of the result
    x, dy                      F32  input, and what the backward pass begins with
    <layer>.y, <layer>.dx      F64  result, and the gradient of x
    rms_norm     torch.nn.RMSNorm(6, eps=1e-6)
    layer_scale  x * gamma
    swiglu       fc2(torch.nn.functional.silu(fc1_g(x)) * fc1_x(x)), torch.nn.Linear of 6 to 8 and back
The same version of torch writes the same bytes again; `__metadata__` names it.
"""

import json
import struct
import sys
from pathlib import Path

import numpy as np
import torch

WIDTH, HIDDEN = 6, 8


class LayerScale(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gamma = torch.nn.Parameter(torch.zeros(WIDTH))

    def forward(self, x):
        return x * self.gamma


class SwiGlu(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1_g = torch.nn.Linear(WIDTH, HIDDEN)
        self.fc1_x = torch.nn.Linear(WIDTH, HIDDEN)
        self.fc2 = torch.nn.Linear(HIDDEN, WIDTH)

    def forward(self, x):
        return self.fc2(torch.nn.functional.silu(self.fc1_g(x)) * self.fc1_x(x))


def numbers(random, *shape):
    return random.uniform(-1.5, 1.5, shape).astype(np.float32)


def write(path, arrays, metadata):
    """The format of safetensors: the length of the header, the header, the arrays in order."""
    kinds = {np.dtype(np.float32): "F32", np.dtype(np.float64): "F64"}
    header, data = {"__metadata__": metadata}, b""
    for name in sorted(arrays):
        values = np.ascontiguousarray(arrays[name])
        header[name] = {"dtype": kinds[values.dtype], "shape": list(values.shape),
                        "data_offsets": [len(data), len(data) + values.nbytes]}
        data += values.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    random = np.random.default_rng(16)
    arrays = {"x": numbers(random, 2, 3, WIDTH), "dy": numbers(random, 2, 3, WIDTH)}
    layers = {"rms_norm": torch.nn.RMSNorm(WIDTH, eps=1e-6), "layer_scale": LayerScale(), "swiglu": SwiGlu()}
    for name, layer in layers.items():
        layer.double()
        for parameter, values in layer.named_parameters():
            arrays[f"{name}.{parameter}"] = numbers(random, *values.shape)
            values.data = torch.from_numpy(arrays[f"{name}.{parameter}"]).double()
        x = torch.from_numpy(arrays["x"]).double().requires_grad_()
        y = layer(x)
        y.backward(torch.from_numpy(arrays["dy"]).double())
        arrays[f"{name}.y"], arrays[f"{name}.dx"] = y.detach().numpy(), x.grad.numpy()
        for parameter, values in layer.named_parameters():
            arrays[f"{name}.grad.{parameter}"] = values.grad.numpy()
    write(folder / "layers.safetensors", arrays, {"torch": torch.__version__, "numpy": np.__version__})


if __name__ == "__main__":
    main()
