"""Writes png_python/*.png, one file per kind of PNG, for png_test.cpp. Made with Pillow 13.0.0 and zlib.

Every image is 3 rows by 2 columns. Kinds that Pillow does not write (16-bit colour, 16-bit grey with alpha) are
put together from chunks.
"""

import pathlib
import struct
import zlib

from PIL import Image

folder = pathlib.Path(__file__).with_suffix("")
folder.mkdir(exist_ok=True)


def raw(name, depth, colour, rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 2, 3, depth, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    (folder / name).write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def save(name, mode, pixels, **options):
    image = Image.new(mode, (2, 3))
    image.putdata(pixels)
    image.save(folder / name, **options)


rgb = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (10, 20, 30), (128, 128, 128), (255, 255, 255)]
grey = [0, 50, 100, 150, 200, 255]
save("grey.png", "L", grey)
save("bits.png", "1", [0, 255, 255, 0, 255, 0])
save("rgb.png", "RGB", rgb)
save("alpha.png", "RGBA", [(*c, a) for c, a in zip(rgb, (255, 0, 255, 255, 0, 255))])
save("grey_alpha.png", "LA", list(zip(grey, (255, 0, 255, 255, 0, 255))))
palette = Image.new("P", (2, 3))
palette.putpalette([v for c in rgb for v in c])
palette.putdata(range(6))
palette.save(folder / "palette.png")
raw("grey16.png", 16, 0, [struct.pack(">2H", *(257 * v for v in grey[i : i + 2])) for i in (0, 2, 4)])
raw("rgb16.png", 16, 2, [struct.pack(">6H", *(257 * v for c in rgb[i : i + 2] for v in c)) for i in (0, 2, 4)])
alpha = (255, 0, 255, 255, 0, 255)
rgba = [(*c, a) for c, a in zip(rgb, alpha)]
raw("alpha16.png", 16, 6, [struct.pack(">8H", *(257 * v for c in rgba[i : i + 2] for v in c)) for i in (0, 2, 4)])
palette.save(folder / "palette_alpha.png", transparency=bytes(alpha))
