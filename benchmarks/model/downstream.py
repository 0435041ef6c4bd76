"""What is built on an encoder, ours and PyTorch's in turn.

    downstream.py PROGRAM MODEL WORK BATCH [repetitions = 5] [threads = all]

Prints rows of JSON, one for each peer. PROGRAM is what downstream.cpp becomes. MODEL is one of MODELS, WORK is `step`
(forward, loss, backward, AdamW) or `inference`. PyTorch gets the same network, its convolutions with channels last and
its fused attention and AdamW, eager and compiled; onnxruntime, for inference if it and onnxscript are there, what
torch.onnx makes of that network. Of one thread processor seconds are taken.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import torch
import torch.nn.functional as F
from torch import nn

from pytorch import Block

# channels, side, patch; width, blocks, heads; classes; powers of two of the patches' grid; width and depth of the head
MODELS = {
    "scenes-48": ((1, 48, 4), (96, 6, 4), 10, (1, 0, -1), 64, 2),
    "detector-vit-base-512": ((3, 512, 16), (768, 12, 12), 80, (1, 0, -1, -2), 256, 4),
}


class Norm(nn.LayerNorm):
    """Over the channels of [B, C, H, W]."""

    def __init__(self, width):
        super().__init__(width, eps=1e-6)

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Detector(nn.Module):
    def __init__(self, image, encoder, classes, scales, width, depth):
        super().__init__()
        channels, side, self.patch = image
        (wide, blocks, heads), self.grid, self.classes = encoder, side // self.patch, classes
        self.embed = nn.Linear(channels * self.patch**2, wide)
        self.cls = nn.Parameter(torch.zeros(1, 1, wide))
        self.position = nn.Parameter(torch.randn(1, self.grid**2 + 1, wide) * 0.02)
        self.blocks = nn.ModuleList(Block(wide, heads) for _ in range(blocks))
        up = lambda: nn.ConvTranspose2d(wide, wide // 2, 2, 2)
        scaled = {1: up, 0: nn.Identity, -1: lambda: nn.MaxPool2d(2), -2: lambda: nn.MaxPool2d(4)}
        conv = lambda out=width: nn.Conv2d(width, out, 3, padding=1)
        self.neck = nn.ModuleList(
            nn.Sequential(
                scaled[s](), nn.Conv2d(wide // 2 if s > 0 else wide, width, 1), Norm(width), conv(), Norm(width)
            )
            for s in scales
        )
        tower = lambda: [layer for _ in range(depth) for layer in (conv(), Norm(width), nn.GELU())]
        self.class_head = nn.Sequential(*tower(), conv(classes))
        self.box_head = nn.Sequential(*tower(), conv(5))

    def forward(self, images):
        """Logits of classes [B, places, K] and numbers of boxes [B, places, 5]."""
        b, c, h, w = images.shape
        p = self.patch
        patches = images.view(b, c, h // p, p, w // p, p).permute(0, 2, 4, 3, 5, 1).reshape(b, -1, p * p * c)
        x = torch.cat([self.cls.expand(b, -1, -1), self.embed(patches)], 1) + self.position
        for block in self.blocks:
            x = block(x)
        tokens = x[:, 1:].view(b, self.grid, self.grid, -1).permute(0, 3, 1, 2)  # channels last
        maps = [level(tokens) for level in self.neck]
        flat = lambda head: torch.cat([head(m).flatten(2) for m in maps], 2).transpose(1, 2)
        return flat(self.class_head), flat(self.box_head)


def loss(outputs, classes, target, weight):
    """Focal loss, generalised IoU of distances to sides, and cross-entropy of centerness, of places with an object."""
    logits, boxes = outputs
    answer = F.one_hot(classes.clamp(min=0), logits.shape[2]).to(logits.dtype) * (classes >= 0)[..., None]
    entropy = F.binary_cross_entropy_with_logits(logits, answer, reduction="none")
    miss = torch.sigmoid(logits) * (1 - 2 * answer) + answer
    focal = (entropy * miss**2 * (0.75 - 0.5 * answer) * (classes >= -1)[..., None]).sum((1, 2))
    found, wanted, has = boxes[..., :4].exp(), target[..., :4], classes >= 0
    inner, outer = torch.minimum(found, wanted), torch.maximum(found, wanted)
    area = lambda d: (d[..., 0] + d[..., 2]) * (d[..., 1] + d[..., 3])
    union = area(found) + area(wanted) - area(inner)
    giou = 1 - area(inner) / union.clamp(min=1e-7) + 1 - union / area(outer).clamp(min=1e-7)
    quality = F.binary_cross_entropy_with_logits(boxes[..., 4], target[..., 4], reduction="none")
    return ((focal + ((giou + quality) * has).sum(1)) * weight).mean()


def worker(model, work, batch, compiled):
    """A function that does the work once."""
    (channels, side, _), classes = MODELS[model][0], MODELS[model][2]
    torch.manual_seed(0)
    network = Detector(*MODELS[model]).to(memory_format=torch.channels_last)
    images = torch.rand(batch, channels, side, side) * 2 - 1
    run = torch.compile(network) if compiled else network
    if work == "inference":
        network.eval()
        return network, images, torch.inference_mode()(lambda: run(images))
    places = run(images)[0].shape[1]
    has = torch.rand(batch, places) < 0.05
    labels = torch.where(has, torch.randint(classes, (batch, places)), -1)
    target = torch.rand(batch, places, 5) * has[..., None]
    target[..., :4] *= 4
    weight = torch.full((batch,), 0.02)
    whole = torch.compile(lambda: loss(network(images), labels, target, weight)) if compiled else (
        lambda: loss(network(images), labels, target, weight))
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4, betas=(0.9, 0.999), weight_decay=0.1, fused=True)

    def step():
        whole().backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return network, images, step


def exported(network, images, threads):
    """The same in onnxruntime, or None where it is not installed. Its results must be PyTorch's."""
    try:
        import onnxruntime
        import onnxscript  # noqa: F401
    except ImportError:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/model.onnx"
        torch.onnx.export(network, (images,), path, input_names=["images"], dynamo=True, verbose=False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    given = {"images": images.numpy()}
    with torch.inference_mode():
        for ours, theirs in zip(network(images), session.run(None, given)):
            assert torch.allclose(ours, torch.from_numpy(theirs), atol=1e-3), "onnxruntime computes something else"
    return f"onnxruntime {onnxruntime.__version__}", lambda: session.run(None, given)


def main():
    if len(sys.argv) < 5 or sys.argv[2] not in MODELS or sys.argv[3] not in ("step", "inference"):
        sys.exit(__doc__)
    program, model, work, batch = *sys.argv[1:4], int(sys.argv[4])
    repetitions = int(sys.argv[5]) if len(sys.argv) > 5 else 5
    threads = int(sys.argv[6]) if len(sys.argv) > 6 else len(os.sched_getaffinity(0))
    torch.set_num_threads(threads)
    clock = time.process_time if threads == 1 else time.perf_counter

    def seconds(run, count):
        begin = clock()
        for _ in range(count):
            run()
        return (clock() - begin) / count

    peers, version = {}, f"PyTorch {torch.__version__.split('+')[0]}"
    for kind in ("eager", "compiled"):
        network, images, run = worker(model, work, batch, kind == "compiled")
        peers[f"{version} {kind}"] = run
        if work == "inference" and kind == "eager" and (other := exported(network, images, threads)):
            peers[other[0]] = other[1]
    counts = {}
    for name, run in peers.items():
        run(), run()
        counts[name] = int(0.1 / seconds(run, 1)) + 1
    ours, times = [], {name: [] for name in peers}
    for _ in range(repetitions):
        command = [program, model, work, str(batch), "1", str(threads)]
        ours.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
        for name, run in peers.items():
            times[name].append(seconds(run, counts[name]))
    row = ours[0]
    for number in ("ours", "peak_fraction", "seconds"):
        row[number] = statistics.median(one[number] for one in ours)
    for name, measured in times.items():
        peer = batch / statistics.median(measured)
        ratio = row["ours"] / peer
        print(json.dumps(row | {"peer": round(peer, 4), "peer_name": name, "ratio": round(ratio, 3),
                                "peer_peak_fraction": round(row["peak_fraction"] / ratio, 3)}), flush=True)


main()
