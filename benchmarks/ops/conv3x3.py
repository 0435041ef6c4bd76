"""Convolutions of 3 x 3 on the maps of a pyramid, ours and PyTorch's in turn: conv3x3.py PROGRAM [threads] [repetitions = 5]

Prints rows of JSON. PROGRAM is what conv3x3.cpp becomes, whose rows these are. PyTorch's conv2d gets the same maps, each
by itself, with channels last, which its kernels prefer; in backward it makes the same gradients.
"""
import json
import os
import statistics
import subprocess
import sys
import time

import torch
import torch.nn.functional as F

CASES = [(256, 1, (64, 32, 16, 8)), (64, 16, (24, 12, 6))]


def timed(work):
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    work()
    begin = clock()
    result = work()
    return clock() - begin, result


def peer(channels, batch, sides):
    """Seconds of forward and of backward."""
    weight = torch.randn(channels, channels, 3, 3, requires_grad=True)
    bias = torch.zeros(channels, requires_grad=True)
    maps = [torch.randn(batch, channels, side, side).to(memory_format=torch.channels_last).requires_grad_()
            for side in sides]
    forward, results = timed(lambda: [F.conv2d(x, weight, bias, padding=1) for x in maps])
    slopes = [torch.ones_like(y) for y in results]
    backward, _ = timed(lambda: torch.autograd.grad(results, [weight, bias, *maps], slopes, retain_graph=True))
    return forward, backward


def main():
    program = sys.argv[1]
    threads = int(sys.argv[2]) if len(sys.argv) > 2 else len(os.sched_getaffinity(0))
    repetitions = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    torch.set_num_threads(threads)
    ours, theirs = [], []
    for _ in range(repetitions):
        lines = subprocess.run([program, "1", str(threads)], check=True, stdout=subprocess.PIPE).stdout.splitlines()
        ours.append([json.loads(line) for line in lines])
        theirs.append([second for case in CASES for second in peer(*case)])
    for k, row in enumerate(ours[0]):
        operations = row.pop("operations")
        for number in ("ours", "peak_fraction"):
            row[number] = statistics.median(rows[k][number] for rows in ours)
        speed = 1e-9 * operations / statistics.median(seconds[k] for seconds in theirs)
        row["peer"], row["peer_name"] = round(speed, 1), f"PyTorch {torch.__version__.split('+')[0]}"
        row["ratio"] = round(row["ours"] / speed, 3)
        row["peer_peak_fraction"] = round(row["peak_fraction"] / row["ratio"], 3)
        print(json.dumps(row))


if __name__ == "__main__":
    main()
