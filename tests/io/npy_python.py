"""Writes npy_python/*.npy, arrays as NumPy writes them, for npy_test.cpp. Made with NumPy 2."""

import pathlib

import numpy as np

folder = pathlib.Path(__file__).with_suffix("")
folder.mkdir(exist_ok=True)


def save(name, array):
    np.save(folder / f"{name}.npy", array)


matrix = np.array([[1.5, -2, 3], [4, 5, 0.25]])
save("float32", matrix.astype(np.float32))
save("float64", matrix)
save("fortran", np.asfortranarray(matrix.astype(np.float32)))
save("scalar", np.array(7.5))
save("empty", np.zeros((0, 4), np.float32))
save("big_endian", matrix.astype(">f4"))
save("half", matrix.astype(np.float16))
save("boolean", np.array([True, False]))
save("record", np.zeros(2, [("x", np.float32), ("y", np.int32)]))
for kind in ("u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"):
    save(kind, np.array([0, 1, 100], kind))
save("large", np.array([1 << 40], np.int64))
