"""Writes class_map_python/*.png, one per kind of mask, for class_map_png_test.cpp. Made with Pillow 13.0.0.

Every mask is 3 rows by 5 columns. A palette's colours are far from its indices, and the grey ones are no brighter than
their classes, so that whoever looks at colours sees something else.
"""

import pathlib

from PIL import Image, PngImagePlugin

folder = pathlib.Path(__file__).with_suffix("")
folder.mkdir(exist_ok=True)


def save(name, mode, pixels, palette=None, **options):
    mask = Image.new(mode, (5, 3))
    mask.putdata(pixels)
    if palette:
        mask.putpalette(palette)
    mask.save(folder / name, **options)


def colours(count):
    return [(37 * i + 200) % 256 for i in range(3 * count)]


for bits in (1, 2, 4, 8):
    save(f"palette{bits}.png", "P", [i % 2**bits for i in range(15)], colours(2**bits), bits=bits)
save("palette_transparent.png", "P", [i % 4 for i in range(15)], colours(4), transparency=2)
# 255 is beyond the 21 colours, as when the palette holds the classes alone.
save("palette_short.png", "P", [0, 20, 255] * 5, colours(21))
save("grey1.png", "1", [255 * (i % 2) for i in range(15)])
gamma = PngImagePlugin.PngInfo()
gamma.add(b"gAMA", (100000).to_bytes(4, "big"))
save("grey8_gamma.png", "L", [*range(14), 255], pnginfo=gamma)
save("grey16.png", "I;16", [*range(14), 255])
save("colours.png", "RGB", [(0, 0, 0)] * 7 + [(128, 64, 3)] * 8)
