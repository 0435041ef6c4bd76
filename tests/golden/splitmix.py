"""The twin of tests/support/splitmix.hpp: the same random numbers and checksums."""
import struct

import numpy as np

_mask = (1 << 64) - 1


class SplitMix:
    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = z = (self.state + 0x9E3779B97F4A7C15) & _mask
        z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & _mask
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & _mask
        return z ^ z >> 31

    def below(self, count):
        return (self.next() >> 32) * count >> 32

    def between(self, low, high):
        return low + self.below(high - low + 1)


class Checksum:
    def __init__(self):
        self.value = 0xCBF29CE484222325

    def add(self, what):
        text = what if isinstance(what, str) else f"{struct.unpack('<Q', struct.pack('<d', what))[0]:016x}"
        for byte in text.encode():
            self.value = ((self.value ^ byte) * 0x100000001B3) & _mask


class NumberChecksum:
    """Of many numbers at once, by their bits and places."""

    def __init__(self):
        self.value, self.count = 0, 0

    def add(self, numbers):
        z = np.ascontiguousarray(numbers, np.float64).view(np.uint64).ravel()
        z = z + np.arange(self.count + 1, self.count + 1 + z.size, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        self.value = (self.value + int((z ^ z >> np.uint64(31)).sum())) & _mask
        self.count += z.size
