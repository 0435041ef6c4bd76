"""The twin of tests/support/splitmix.hpp: the same random numbers and checksums."""
import struct

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
