"""Writes jpeg_python/*.jpg, one file per kind of JPEG, and *.png, the same as Pillow decodes it, for jpeg_test.cpp.

Made with Pillow. Every image is 12 rows by 20 columns and is bright and red at the upper left as it should be seen.
"""

import pathlib

from PIL import Image, ImageOps

folder = pathlib.Path(__file__).with_suffix("")
folder.mkdir(exist_ok=True)


def save(name, image, **options):
    path = folder / f"{name}.jpg"
    image.save(path, **options)
    decoded = ImageOps.exif_transpose(Image.open(path))
    (decoded if decoded.mode == "L" else decoded.convert("RGB")).save(folder / f"{name}.png")


colour = Image.new("RGB", (20, 12))
colour.putdata([(250 - 12 * x, 10 + 8 * y + 5 * x, 20 * y) for y in range(12) for x in range(20)])
save("grey", colour.convert("L"), quality=90)
save("rgb", colour, quality=90, subsampling=0)
save("halved", colour, quality=90, subsampling=2)
save("progressive", colour, quality=90, progressive=True)
save("cmyk", colour.convert("CMYK"), quality=90)
for number in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = number
    save(f"turned{number}", colour.crop((0, 0, 20, 8)), quality=90, subsampling=0, exif=exif)
