"""Photographs loaded, ours and torchvision's in turn: photographs.py PROGRAM [workers] [repetitions = 5]

Prints one row of JSON. 200 JPEG photographs of 860 x 580 pixels are put together from those of examples/data. Both
decode each of them in every epoch, crop at random (a fifth of the area to all of it) to 224 pixels, bicubic, flip and
normalise, in as many threads or processes as `workers` says. PROGRAM is what photographs.cpp becomes; it first reduces
each image to a shorter side of 256, as our programs do unless told otherwise, which torchvision does not.
"""
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

import torch
import torchvision
from PIL import Image
from torchvision import transforms

DATA = pathlib.Path(__file__).parents[2] / "examples" / "data"


def make_photographs(folder, count=200):
    random.seed(1)
    sources = [Image.open(DATA / f"{name}.png").convert("RGB") for name in ("astronaut", "chelsea", "coffee")]
    folder.mkdir()
    for number in range(count):
        image = Image.new("RGB", (860, 580))
        for left in (0, 430):
            for top in (0, 290):
                source = random.choice(sources)
                x, y = random.randint(0, source.width // 4), random.randint(0, source.height // 4)
                box = (x, y, x + 3 * source.width // 4, y + 3 * source.height // 4)
                image.paste(source.resize((430, 290), Image.Resampling.BICUBIC, box), (left, top))
        image.save(folder / f"{number:03}.jpg", quality=90)


class Peer:
    def __init__(self, folder, workers):
        crop = transforms.RandomResizedCrop(224, scale=(0.2, 1), interpolation=transforms.InterpolationMode.BICUBIC)
        steps = transforms.Compose([crop, transforms.RandomHorizontalFlip(), transforms.ToTensor(),
                                    transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
        images = torchvision.datasets.ImageFolder(folder, steps)
        self.loader = torch.utils.data.DataLoader(images, batch_size=25, shuffle=True, num_workers=workers,
                                                  persistent_workers=True)
        self.epoch()  # starts the workers

    def epoch(self):
        begin = time.perf_counter()
        count = sum(len(images) for images, _ in self.loader)
        return count / (time.perf_counter() - begin)


def main():
    program = sys.argv[1]
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else len(os.sched_getaffinity(0))
    repetitions = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    with tempfile.TemporaryDirectory() as root:
        make_photographs(pathlib.Path(root) / "photographs")
        peer = Peer(root, workers)
        ours, theirs = [], []
        for _ in range(repetitions):
            ours.append(float(subprocess.run([program, root, str(workers)], check=True, stdout=subprocess.PIPE).stdout))
            theirs.append(peer.epoch())
        ours, theirs = statistics.median(ours), statistics.median(theirs)
    print(json.dumps({"name": "JPEG photographs of 0.5 Mpx to 224 pixels, decoded each time", "ours": round(ours),
                      "peer": round(theirs), "peer_name": f"torchvision {torchvision.__version__}",
                      "ratio": round(ours / theirs, 2), "unit": "images/s", "threads": workers}))


if __name__ == "__main__":
    main()
