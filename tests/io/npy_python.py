"""Writes npy_python/*.npy, arrays as NumPy writes them, for npy_test.cpp and npy_images_test.cpp. Made with NumPy 2.4.6."""

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

# Both byte orders, versions of the format, and what is no number.
for kind in ("f2", "f8", "u2", "u4", "u8", "i2", "i4", "i8"):
    save(f"big_{kind}", np.array([0, 1, 100], f">{kind}"))
for version in ((2, 0), (3, 0)):
    with open(folder / f"version_{version[0]}.npy", "wb") as file:
        np.lib.format.write_array(file, matrix.astype(np.float32), version)
save("complex", np.zeros(2, np.complex64))
save("long_double", np.zeros(2, np.longdouble))
save("text", np.array(["a", "bc"]))
save("dates", np.array(["2026-01-01"], "M8[D]"))
save("objects", np.array([{}, None], object))
save("nan", np.array([[0, 1, 2], [3, np.nan, 5]], ">f8"))
save("infinite", np.array([[0, 1], [2, -np.inf]], np.float16))
save("beyond", np.array([1, 1e300]))

# Images: level i of [n, H, W, C] is 7 i modulo 256, in every order of the axes and bytes, and as real numbers.
images = (7 * np.arange(2 * 4 * 5 * 3) % 256).reshape(2, 4, 5, 3)
save("images", images.astype(np.uint8))
save("images_planes", np.ascontiguousarray(images.transpose(0, 3, 1, 2)).astype(np.uint8))
save("images_fortran", np.asfortranarray(images.astype(np.uint8)))
save("images_big_i4", images.astype(">i4"))
save("images_f4", (images / 255).astype(np.float32))
save("images_f2", np.asfortranarray((images.transpose(0, 3, 1, 2) / 255).astype(np.float16)))
save("images_one", images[0].astype(np.uint8))
save("images_bool", images[..., 0] > 127)
