#!/usr/bin/env python3
"""Writes optimizers.safetensors beside it: twenty updates by SGD, LARS and of a linear probe, with PyTorch as oracle.

    pip install torch numpy; python tests/golden/optimizers.py [folder]

The same version writes the same bytes again; `__metadata__` names it. Start, gradients and features are float32 values,
all computation is in float64. Update i has rate `rates[i]`.

Rules: a parameter `weight` F32 [7, 5] and a `bias` F32 [7] get the gradients `gradient.<i>.weight` and `.bias` F32.
    sgd, nesterov, plain   torch.optim.SGD: momentum 0.9; 0.8 with Nesterov; none. Decay 0.05 for the weight alone
    lars, lars_decay       torch has none. By the formula of MAE's probe: of a parameter of more than one dimension
                           d = g + decay w,  d <- d * (0.001 |w| / |d| if both norms are above 0, else 1);
                           then, of any, b <- 0.9 b + d,  w <- w - rate b.  Decay 0, and 0.05
    <rule>.weight, <rule>.bias, <rule>.buffer.weight, <rule>.buffer.bias    F64 after the last update; `plain` has no
                           buffers

Probe: features `probe.features` F32 [20, B, D] and labels I32 [20, B] go through torch.nn.BatchNorm1d(affine=False,
eps=1e-6), a linear layer from `probe.start` F32 [K, D] and bias 0, and cross-entropy; lars, without decay, at rate
20 * rates[i], like that of a large batch.
    probe.losses F64 [20], probe.weight, probe.bias, probe.mean, probe.variance    F64 after the last update
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch

STEPS, OUT, IN, BATCH, WIDTH, CLASSES = 20, 7, 5, 12, 8, 4
DECAY, TRUST = 0.05, 0.001
DTYPES = {"float64": "F64", "float32": "F32", "int32": "I32"}  # widest first: every tensor lies aligned


def lars(parameters, buffers, gradients, rate, decay, momentum=0.9):
    with torch.no_grad():
        for w, b, g in zip(parameters, buffers, gradients):
            d = g
            if w.ndim > 1:
                d = g + decay * w
                weight_norm, norm = torch.linalg.vector_norm(w), torch.linalg.vector_norm(d)
                d = d * (TRUST * weight_norm / norm if weight_norm > 0 and norm > 0 else 1.0)
            b.mul_(momentum).add_(d)
            w.sub_(rate * b)


def rules(tensors, rng, rates):
    start = dict(weight=rng.standard_normal((OUT, IN)).astype(np.float32),
                 bias=rng.standard_normal(OUT).astype(np.float32))
    gradients = [{name: rng.standard_normal(value.shape).astype(np.float32) for name, value in start.items()}
                 for _ in range(STEPS)]
    tensors.update(start)
    for i, gradient in enumerate(gradients):
        for name, value in gradient.items():
            tensors[f"gradient.{i}.{name}"] = value

    for rule, options in {"sgd": dict(momentum=0.9), "nesterov": dict(momentum=0.8, nesterov=True),
                          "plain": dict(momentum=0.0)}.items():
        parameters = [torch.nn.Parameter(torch.from_numpy(value).double()) for value in start.values()]
        optimizer = torch.optim.SGD([dict(params=parameters[:1], weight_decay=DECAY), dict(params=parameters[1:])],
                                    lr=1.0, foreach=False, **options)
        for rate, gradient in zip(rates, gradients):
            for group in optimizer.param_groups:
                group["lr"] = float(rate)
            for w, g in zip(parameters, gradient.values()):
                w.grad = torch.from_numpy(g).double()
            optimizer.step()
        for name, w in zip(start, parameters):
            tensors[f"{rule}.{name}"] = w.detach().numpy()
            if options["momentum"]:
                tensors[f"{rule}.buffer.{name}"] = optimizer.state[w]["momentum_buffer"].numpy()
    for rule, decay in {"lars": 0.0, "lars_decay": DECAY}.items():
        parameters = [torch.from_numpy(value).double() for value in start.values()]
        buffers = [torch.zeros_like(w) for w in parameters]
        for rate, gradient in zip(rates, gradients):
            lars(parameters, buffers, [torch.from_numpy(g).double() for g in gradient.values()], float(rate), decay)
        for name, w, b in zip(start, parameters, buffers):
            tensors[f"{rule}.{name}"], tensors[f"{rule}.buffer.{name}"] = w.numpy(), b.numpy()


def probe(tensors, rng, rates):
    scale, shift = rng.uniform(0.2, 3, WIDTH), rng.uniform(-2, 2, WIDTH)
    features = (rng.standard_normal((STEPS, BATCH, WIDTH)) * scale + shift).astype(np.float32)
    labels = rng.integers(CLASSES, size=(STEPS, BATCH)).astype(np.int32)
    start = (0.01 * rng.standard_normal((CLASSES, WIDTH))).astype(np.float32)
    norm = torch.nn.BatchNorm1d(WIDTH, affine=False, eps=1e-6).double().train()
    layer = torch.nn.Linear(WIDTH, CLASSES).double()
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(start).double())
        layer.bias.zero_()
    parameters = [layer.weight, layer.bias]
    buffers = [torch.zeros_like(w) for w in parameters]
    losses = np.zeros(STEPS)
    for i in range(STEPS):
        loss = torch.nn.functional.cross_entropy(layer(norm(torch.from_numpy(features[i]).double())),
                                                 torch.from_numpy(labels[i]).long())
        gradients = torch.autograd.grad(loss, parameters)
        losses[i] = loss.item()
        lars(parameters, buffers, gradients, 20 * float(rates[i]), 0.0)
    tensors.update({"probe.features": features, "probe.labels": labels, "probe.start": start, "probe.losses": losses,
                    "probe.weight": layer.weight.detach().numpy(), "probe.bias": layer.bias.detach().numpy(),
                    "probe.mean": norm.running_mean.numpy(), "probe.variance": norm.running_var.numpy()})


def write(path, tensors, metadata):
    names = sorted(tensors, key=lambda name: (list(DTYPES).index(tensors[name].dtype.name), name))
    header, end = {"__metadata__": metadata}, 0
    for name in names:
        begin, end = end, end + tensors[name].nbytes
        header[name] = {"dtype": DTYPES[tensors[name].dtype.name], "shape": tensors[name].shape,
                        "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in names:
            file.write(np.ascontiguousarray(tensors[name]).tobytes())
    print(f"{path.name} {path.stat().st_size} bytes")


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    torch.set_num_threads(1)
    rng = np.random.default_rng(301)
    rates = 0.1 * (1 + np.cos(np.pi * np.arange(STEPS) / STEPS))
    tensors = {"rates": rates}
    rules(tensors, rng, rates)
    probe(tensors, rng, rates)
    write(folder / "optimizers.safetensors", tensors,
          dict(description="twenty updates by SGD and LARS, and of a linear probe", torch=torch.__version__))


if __name__ == "__main__":
    main()
