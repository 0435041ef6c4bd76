"""The peer of whole steps: the same model in PyTorch, eager or compiled, in float, tf32 or bf16, on cpu or cuda.

    pytorch.py MODEL VARIANT BATCH [threads] [repetitions] [device = cpu]      one line of JSON, in a process of its own

MODEL is one of MODELS, VARIANT one of VARIANTS. PyTorch gets what we have: only kept patches are embedded, only hidden
ones predicted, the decoder's last block computes hidden patches alone, q, k and v are one product, attention and AdamW
are PyTorch's fused kernels, masks and images stay the same from step to step. In bf16 the forward pass runs under
autocast (weights, their gradients and AdamW in float, as ours), or, as `bf16-pure`, everything is bf16: less precise
than any training should be. On a GPU images and masks lie there before the first step, time is taken when the GPU has
done all, runs of steps take a second, and memory is the most that PyTorch's tensors took there; tf32 is for GPUs alone.
"""
import json
import os
import resource
import statistics
import sys
import time

threads = len(os.sched_getaffinity(0))
if __name__ == "__main__":
    threads = int(sys.argv[4]) if len(sys.argv) > 4 else threads
    os.environ["OMP_NUM_THREADS"] = str(threads)  # before PyTorch reads it

import torch
import torch.nn.functional as F
from torch import nn

# channels, side, patch; encoder width, blocks, heads; decoder width, blocks, heads; hidden share
MODELS = {
    "vit-base-224": ((3, 224, 16), (768, 12, 12), (512, 8, 16), 0.75),
    "vit-large-224": ((3, 224, 16), (1024, 24, 16), (512, 8, 16), 0.75),
    "tiny-32": ((3, 32, 4), (192, 12, 3), (96, 4, 3), 0.75),
    "digits-8": ((1, 8, 2), (64, 4, 4), (32, 2, 2), 0.75),
}
VARIANTS = ("float", "float-compiled", "bf16", "bf16-compiled", "bf16-pure", "bf16-pure-compiled")
DEVICES = {"cpu": VARIANTS, "cuda": VARIANTS + ("tf32", "tf32-compiled")}


def pick(tokens, ids):
    return tokens.gather(1, ids[:, :, None].expand(-1, -1, tokens.shape[2]))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, only=None):
        """All tokens [B, N, D], or what becomes of the tokens `only` [B, M] when they look at all."""
        b, n, d = x.shape

        def split(tokens, count):
            return tokens.view(b, -1, count, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)

        y = self.norm1(x)
        if only is None:
            q, k, v = split(self.qkv(y), 3)
        else:
            (k, v), x = split(F.linear(y, self.qkv.weight[d:], self.qkv.bias[d:]), 2), pick(x, only)
            q = split(F.linear(pick(y, only), self.qkv.weight[:d], self.qkv.bias[:d]), 1)[0]
        y = F.scaled_dot_product_attention(q, k, v)
        x = x + self.proj(y.transpose(1, 2).reshape(b, -1, d))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class Autoencoder(nn.Module):
    """Images and masks to the mean squared error of hidden patches, each normalised by its own mean and deviation."""

    def __init__(self, image, encoder, decoder, _):
        super().__init__()
        channels, side, self.patch = image
        (wide, blocks, heads), (narrow, decoder_blocks, decoder_heads) = encoder, decoder
        patches, values = (side // self.patch) ** 2, channels * self.patch**2
        self.embed, self.decoder_embed = nn.Linear(values, wide), nn.Linear(wide, narrow)
        self.cls, self.mask = nn.Parameter(torch.zeros(1, 1, wide)), nn.Parameter(torch.zeros(1, 1, narrow))
        self.register_buffer("position", torch.randn(1, patches + 1, wide) * 0.02)
        self.register_buffer("decoder_position", torch.randn(1, patches + 1, narrow) * 0.02)
        self.blocks = nn.ModuleList(Block(wide, heads) for _ in range(blocks))
        self.decoder_blocks = nn.ModuleList(Block(narrow, decoder_heads) for _ in range(decoder_blocks))
        self.norm, self.decoder_norm = nn.LayerNorm(wide, eps=1e-6), nn.LayerNorm(narrow, eps=1e-6)
        self.predict = nn.Linear(narrow, values)

    def patchify(self, images):
        b, c, h, w = images.shape
        p = self.patch
        return images.view(b, c, h // p, p, w // p, p).permute(0, 2, 4, 3, 5, 1).reshape(b, -1, p * p * c)

    def forward(self, images, keep, hidden, restore):
        b = len(images)
        patches = self.patchify(images)
        position = self.position[:, 1:].expand(b, -1, -1)
        x = self.embed(pick(patches, keep)) + pick(position, keep)
        x = torch.cat([(self.cls + self.position[:, :1]).expand(b, -1, -1).to(x.dtype), x], 1)
        for block in self.blocks:
            x = block(x)
        x = self.decoder_embed(self.norm(x))
        masks = self.mask.to(x.dtype).expand(b, hidden.shape[1], -1)
        x = torch.cat([x[:, :1], pick(torch.cat([x[:, 1:], masks], 1), restore)], 1) + self.decoder_position
        for block in self.decoder_blocks[:-1]:
            x = block(x)
        x = self.decoder_blocks[-1](x, hidden + 1)
        predicted = self.predict(self.decoder_norm(x)).float()
        wanted = pick(patches, hidden).float()
        variance, mean = torch.var_mean(wanted, -1, keepdim=True)
        return ((predicted - (wanted - mean) / (variance + 1e-6).sqrt()) ** 2).mean()


def median_seconds(work, repetitions, wait):
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        work()
        wait()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def step(name, variant, batch, repetitions, device):
    (channels, side, patch), _, _, ratio = MODELS[name]
    model = Autoencoder(*MODELS[name])
    pure = variant.startswith("bf16-pure")
    element = torch.bfloat16 if pure else torch.float
    model.to(device, element)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.9, 0.95), weight_decay=0.05, fused=True)
    images = torch.rand(batch, channels, side, side).to(element) * 2 - 1
    restore = torch.rand(batch, (side // patch) ** 2).argsort(1).argsort(1)
    order = restore.argsort(1)
    kept = int(order.shape[1] * (1 - ratio))
    keep, hidden = order[:, :kept].contiguous(), order[:, kept:].contiguous()
    images, keep, hidden, restore = (tensor.to(device) for tensor in (images, keep, hidden, restore))
    torch.backends.cuda.matmul.allow_tf32 = variant.startswith("tf32")
    run = torch.compile(model) if variant.endswith("compiled") else model
    autocast = variant.startswith("bf16") and not pure

    def one():
        with torch.autocast(device, torch.bfloat16, enabled=autocast):
            loss = run(images, keep, hidden, restore)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    wait, length = (torch.cuda.synchronize, 1) if device == "cuda" else (lambda: None, 0.1)
    one()
    one()
    wait()
    steps = int(length / median_seconds(one, 1, wait)) + 1
    seconds = median_seconds(lambda: [one() for _ in range(steps)], repetitions, wait) / steps
    words = variant.split("-")
    kind = ("compiled" if "compiled" in words else "eager") + (", all in bf16" if pure else "")
    line = {
        "model": name, "type": words[0], "batch": batch, "threads": threads,
        "peer_name": f"PyTorch {torch.__version__.split('+')[0]} {kind}", "peer": round(batch / seconds, 3),
    }
    if device == "cuda":
        memory = torch.cuda.max_memory_allocated()
        return line | {"device": torch.cuda.get_device_name(), "device_mib": round(memory / 2**20)}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return line | {"peak_resident_mib": round(memory / 1024)}


def main():
    device = sys.argv[6] if len(sys.argv) > 6 else "cpu"
    if len(sys.argv) < 4 or sys.argv[1] not in MODELS or sys.argv[2] not in DEVICES.get(device, ()):
        sys.exit(__doc__)
    if device == "cuda" and not torch.cuda.is_available():
        sys.exit("PyTorch finds no GPU that it can use.")
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    repetitions = int(sys.argv[5]) if len(sys.argv) > 5 else 5
    print(json.dumps(step(sys.argv[1], sys.argv[2], int(sys.argv[3]), repetitions, device)), flush=True)


if __name__ == "__main__":
    main()
