#!/usr/bin/env python3
"""Writes image_files.safetensors beside it: small PNG and JPEG files of every kind, and their pixels as Pillow has them.

    pip install pillow numpy; apt-get install libjpeg-turbo-progs       (cjpeg and jpegtran: arithmetic code, sampling)
    python tests/golden/image_files.py                                     the committed file, the same bytes again
    python tests/golden/image_files.py OTHER.safetensors COUNT SEED        COUNT random images instead

    <name>           U8 [bytes]    the file; the name says what it is, and ends with .png or .jpg
    <name>:white     U8 [C, H, W]  its pixels, upright, on white paper
    <name>:drop, <name>:black      the same with alpha dropped, and on black paper, if it has transparency

JPEG's pixels are Pillow's, after ImageOps.exif_transpose. Those of PNG are computed here from the samples that go into
the file, so that each rule of io/images/png.hpp is written down twice, and compared with Pillow's: they must be the same to
the byte where both have one rule. Where Pillow has another, this is checked instead:
    16 bits                 Pillow takes the upper eight bits: 0 or 1 level less; with alpha, which it cuts too, up to 2
    gAMA                    Pillow ignores it: the same file without the chunk is compared
    a colour of 16 bits, or grey of 1 to 4, that is transparent
                            Pillow compares samples that it has already reduced: not compared
"""

import io
import json
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageOps, features

warnings.simplefilter("ignore")
SIGNATURE = b"\x89PNG\r\n\x1a\n"
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
KINDS = [(colour, depth) for colour, depths in DEPTHS.items() for depth in depths]
NAMES = {0: "grey", 2: "rgb", 3: "palette", 4: "grey_alpha", 6: "rgb_alpha"}
ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


# --- Notes on which side is up ---


def tiff(order, entries, tail=b""):
    """A TIFF file of one directory; entries (tag, type, count, four bytes or a number)."""
    number = "<" if order == "II" else ">"
    text = order.encode() + struct.pack(number + "HI", 42, 8) + struct.pack(number + "H", len(entries))
    for tag, kind, count, value in entries:
        if isinstance(value, int):
            value = struct.pack(number + {3: "Hxx", 4: "I", 8: "hxx", 9: "i", 1: "Bxxx"}[kind], value)
        text += struct.pack(number + "HHI", tag, kind, count) + value
    return text + struct.pack(number + "I", 0) + tail


def xmp(value, element=False):
    inside = (
        f'<rdf:Description><tiff:Orientation>{value}</tiff:Orientation></rdf:Description>'
        if element
        else f'<rdf:Description tiff:Orientation="{value}"/>'
    )
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>{inside}</rdf:RDF></x:xmpmeta>'.encode()


def notes(rng=None):
    """name -> (list of Exif pieces, XMP or None)."""
    found = {}
    for order in ("II", "MM"):
        for kind, word in ((3, "short"), (4, "long")):
            for number in range(1, 9):
                found[f"{word}_{order}_{number}"] = ([tiff(order, [(0x0112, kind, 1, number)])], None)
    for number in range(1, 9):
        found[f"xmp_{number}"] = ([], xmp(number))
        found[f"xmp_element_{number}"] = ([], xmp(number, True))
    short = lambda number: tiff("MM", [(0x0112, 3, 1, number)])
    other = [(0x010F, 2, 4, b"abc\0"), (0x0100, 4, 1, 9)]
    found["after_others"] = ([tiff("II", [*other, (0x0112, 3, 1, 6)])], None)
    found["exif_before_xmp"] = ([short(3)], xmp(6))
    found["exif_1_before_xmp"] = ([short(1)], xmp(6))
    found["exif_0_before_xmp"] = ([short(0)], xmp(6))
    found["exif_9"] = ([short(9)], None)
    found["exif_long_large"] = ([tiff("MM", [(0x0112, 4, 1, 0x00060006)])], None)
    found["exif_without_it_before_xmp"] = ([tiff("II", other)], xmp(8))
    found["exif_of_bytes"] = ([tiff("II", [(0x0112, 1, 1, 6)])], None)
    found["exif_signed"] = ([tiff("II", [(0x0112, 8, 1, 6)])], None)
    found["exif_twice_6_3"] = ([tiff("II", [(0x0112, 3, 1, 6), (0x0112, 3, 1, 3)])], None)
    found["exif_of_two"] = ([tiff("MM", [(0x0112, 3, 2, struct.pack(">HH", 8, 1))])], None)
    three = tiff("MM", [(0x0112, 3, 3, struct.pack(">I", 26))], struct.pack(">HHH", 5, 1, 1))
    found["exif_of_three_elsewhere"] = ([three], None)
    found["exif_count_0"] = ([tiff("MM", [(0x0112, 3, 0, 6)])], None)
    found["exif_marked_twice"] = ([b"Exif\0\0" + short(7)], None)
    found["exif_cut_in_entry"] = ([short(6)[:20]], None)
    found["exif_cut_in_head"] = ([short(6)[:6]], None)
    found["exif_no_directory"] = ([b"MM\0*\xff\xff\xff\xff\0\1"], None)
    found["exif_empty"] = ([b""], None)
    found["segments_1_then_6"] = ([short(1), short(6)], None)
    found["segments_6_then_1"] = ([short(6), short(1)], None)
    found["segments_cut_anywhere"] = ([short(6)[:15], short(6)[15:]], None)
    found["segments_without_it_then_6"] = ([tiff("II", other), short(6)], None)
    if rng is None:
        return found
    exif, text = found[rng.choice(list(found))]
    exif = [bytes(b ^ rng.integers(256) if rng.random() < 0.02 else b for b in part) for part in exif]
    return exif, text


# --- PNG ---


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def filtered(rows, bpp, rng):
    """The bytes of scan lines with a filter each, chosen at random."""
    out, before = b"", None
    for row in rows:
        row = np.frombuffer(row, np.uint8).astype(int)
        up = before if before is not None else np.zeros_like(row)
        left = np.concatenate([np.zeros(bpp, int), row])[: len(row)]
        upleft = np.concatenate([np.zeros(bpp, int), up])[: len(row)]
        p = left + up - upleft
        pa, pb, pc = abs(p - left), abs(p - up), abs(p - upleft)
        paeth = np.where((pa <= pb) & (pa <= pc), left, np.where(pb <= pc, up, upleft))
        kind = int(rng.integers(5))
        base = [0, left, up, (left + up) // 2, paeth][kind]
        out += bytes([kind]) + ((row - base) % 256).astype(np.uint8).tobytes()
        before = row
    return out


def packed(samples, depth):
    """[h, w, c] -> rows of bytes."""
    rows = []
    for row in samples.reshape(len(samples), -1):
        if depth == 16:
            rows.append(row.astype(">u2").tobytes())
        else:
            bits = "".join(format(int(v), f"0{depth}b") for v in row)
            bits += "0" * (-len(bits) % 8)
            rows.append(bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8)))
    return rows


def png_file(samples, depth, colour, interlaced, before, after, rng):
    height, width, count = samples.shape
    bpp = max(1, depth * count // 8)
    parts = [samples[y::dy, x::dx] for y, x, dy, dx in ADAM7] if interlaced else [samples]
    data = b"".join(filtered(packed(part, depth), bpp, rng) for part in parts if part.size)
    text = SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced)))
    packed_data = zlib.compress(data, 9)
    half = len(packed_data) // 2
    return (text + b"".join(before) + chunk(b"IDAT", packed_data[:half]) + chunk(b"IDAT", packed_data[half:]) +
            b"".join(after) + chunk(b"IEND", b""))


def turned(pixels, number):
    """[h, w, c], stored -> upright."""
    pixels = pixels if number <= 4 else pixels.swapaxes(0, 1)
    if number in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if number in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels


def pillow(file, mode):
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(file)))
    if image.mode in ("I;16", "I"):
        return (np.asarray(image).astype(int) >> 8)[..., None]
    transparent = "A" in image.mode or "transparency" in image.info
    if transparent and mode != "opaque":
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, (mode, mode, mode, 255))
        image = Image.alpha_composite(paper, image)
    array = np.asarray(image.convert("RGB")).astype(int)
    return array


def png_case(rng, colour, depth, interlaced, height, width, transparent=False, chunks=(), exif=None, text=None,
             late=False, raw_profile=False, gamma=None, srgb=False):
    """(file, {paper: pixels}, agreement with Pillow)."""
    count = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    top = 2**depth - 1
    samples = rng.integers(0, top + 1, (height, width, count))
    if count in (2, 4):  # all and nothing are frequent
        samples[..., -1] = np.choose(rng.integers(0, 4, (height, width)), [0, top, samples[..., -1], samples[..., -1]])
    before, after = list(chunks), []
    if gamma is not None:
        before.append(chunk(b"gAMA", struct.pack(">I", gamma)))
    if srgb:
        before.append(chunk(b"sRGB", b"\0"))
    alpha = None
    if colour == 3:
        size = int(rng.integers(1, top + 2))
        samples %= size
        palette = rng.integers(0, 256, (size, 3))
        before.append(chunk(b"PLTE", palette.astype(np.uint8).tobytes()))
        if transparent:
            alphas = rng.integers(0, 256, int(rng.integers(1, size + 1)))
            before.append(chunk(b"tRNS", alphas.astype(np.uint8).tobytes()))
            alphas = np.concatenate([alphas, np.full(size - len(alphas), 255)])
            alpha = alphas[samples[..., 0]]
        colours, most = palette[samples[..., 0]], 255
    else:
        most = top
        if count in (2, 4):
            alpha = samples[..., -1]
            colours = samples[..., :-1]
        else:
            colours = samples
            if transparent:
                key = samples[height // 2, width // 2]
                before.append(chunk(b"tRNS", key.astype(">u2").tobytes()))
                alpha = np.where((samples == key).all(-1), 0, top)
    number, has_exif = 1, bool(exif)
    notes_chunks = []
    if has_exif:
        joined = exif[-1] if len(exif) > 1 else exif[0]
        if raw_profile:
            digits = (b"Exif\0\0" + joined).hex()
            lines = "\n".join(digits[i : i + 72] for i in range(0, len(digits), 72))
            profile = f"\nexif\n{len(digits) // 2:8}\n{lines}\n".encode()
            notes_chunks.append(chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(profile)))
        else:
            notes_chunks += [chunk(b"eXIf", part) for part in exif]
    if text is not None:
        squeezed = rng.random() < 0.5
        body = zlib.compress(text) if squeezed else text
        notes_chunks.append(chunk(b"iTXt", b"XML:com.adobe.xmp\0" + bytes([int(squeezed), 0]) + b"\0\0" + body))
    (after if late else before).extend(notes_chunks)
    file = png_file(samples, depth, colour, interlaced, before, after, rng)

    # The rules of io/images/png.hpp.
    tones = stored = (2 * 255 * colours + most) // (2 * most)
    if gamma is not None and not srgb and not 0.95 < 2.2e-5 * gamma < 1.05:
        tones = np.floor(255 * (colours / most) ** (1 / (2.2e-5 * gamma)) + 0.5).astype(int)
    full = 255 if colour == 3 else top
    papers = {"white": 255}
    if alpha is not None:
        papers |= {"drop": None, "black": 0}
    results = {}
    plain = Image.open(io.BytesIO(file))
    try:
        orientation = ImageOps.exif_transpose(plain).size, plain.getexif().get(0x0112, 1)
        number = orientation[1] if orientation[1] in range(1, 9) else 1
    except (SyntaxError, ValueError, struct.error):  # Pillow raises on Exif that is none: as stored
        number = 1
        file_for_pillow = None
    else:
        file_for_pillow = file

    def shown(tones, level):
        if alpha is not None and level is not None:
            a = alpha[..., None].astype(np.int64)
            tones = (2 * (tones * a + level * (full - a)) + full) // (2 * full)
        return turned(tones, number)

    for paper, level in papers.items():
        results[paper] = shown(tones, level).transpose(2, 0, 1).astype(np.uint8)

    # Pillow's.
    agreement = "not compared: Exif that Pillow raises on"
    if file_for_pillow is not None:
        keyed = transparent and colour in (0, 2) and depth not in (8,)
        if keyed:
            agreement = "not compared: Pillow reduces samples before it looks for the transparent one"
        else:
            largest = 0
            for paper, level in papers.items():
                if level is None:
                    continue
                theirs = pillow(file, "opaque" if alpha is None else level)
                largest = max(largest, int(abs(shown(stored, level) - theirs).max()))
            allowed = 0 if depth < 16 else 1 if alpha is None else 2
            if largest > allowed:
                raise SystemExit(f"{NAMES[colour]}{depth}: differs from Pillow by {largest}")
            agreement = "same" if depth < 16 else "same but for 16 bits, rounded instead of cut"
            agreement += "" if tones is stored else ", and for gamma"
    return file, results, agreement


# --- JPEG ---


def photo(rng, height, width):
    y, x = np.mgrid[0:height, 0:width]
    wave = lambda: np.sin(x / rng.uniform(2, 9) + rng.uniform(0, 6)) * np.cos(y / rng.uniform(2, 9))
    waves = [128 + 100 * wave() for _ in range(3)]
    noise = rng.integers(-25, 26, (height, width, 3))
    return np.clip(np.stack(waves, -1) + noise, 0, 255).astype(np.uint8)


def by_pillow(array, mode="RGB", **options):
    to = io.BytesIO()
    image = Image.fromarray(array)
    if mode == "CMYK":
        image = Image.fromarray(np.concatenate([array, array[..., :1] // 2], -1), "CMYK")
    elif mode != "RGB":
        image = image.convert(mode)
    image.save(to, "JPEG", **{"quality": 80, "optimize": not options.get("progressive", False), **options})
    return to.getvalue()


def by_cjpeg(array, *flags):
    height, width, _ = array.shape
    ppm = b"P6\n%d %d\n255\n" % (width, height) + array.tobytes()
    return subprocess.run(["cjpeg", "-quality", "80", *flags], input=ppm, capture_output=True, check=True).stdout


def by_jpegtran(file, *flags):
    return subprocess.run(["jpegtran", "-copy", "all", *flags], input=file, capture_output=True, check=True).stdout


def without_adobe(file):
    at = file.index(b"\xff\xee\0\x0eAdobe")
    return file[:at] + file[at + 16 :]


def with_transform(file, number):
    at = file.index(b"\xff\xee\0\x0eAdobe")
    return file[: at + 15] + bytes([number]) + file[at + 16 :]


def with_notes(file, exif, text):
    segments = b""
    for part in exif:
        segments += b"\xff\xe1" + struct.pack(">H", len(part) + 8) + b"Exif\0\0" + part
    if text is not None:
        text = b"http://ns.adobe.com/xap/1.0/\0" + text
        segments += b"\xff\xe1" + struct.pack(">H", len(text) + 2) + text
    return file[:2] + segments + file[2:]


SAMPLINGS = {"444": "1x1", "422": "2x1", "420": "2x2", "440": "1x2", "411": "4x1", "410": "4x2", "441": "1x4",
             "chroma_larger": "1x1,2x2,2x2", "one_chroma": "2x2,2x1,1x2"}


def jpeg_kinds():
    kinds = {
        "grey": lambda a: by_pillow(a, "L"),
        "grey_progressive": lambda a: by_pillow(a, "L", progressive=True),
        "grey_sampled_2x2": lambda a: by_cjpeg(a, "-grayscale", "-sample", "2x2"),
        "rgb_adobe": lambda a: by_pillow(a, keep_rgb=True),
        "rgb_adobe_arithmetic": lambda a: by_cjpeg(a, "-rgb", "-arithmetic"),
        "rgb_no_mark_letters": lambda a: without_adobe(by_cjpeg(a, "-rgb")),
        "cmyk_adobe": lambda a: by_pillow(a, "CMYK"),
        "cmyk_no_mark": lambda a: without_adobe(by_pillow(a, "CMYK")),
        "cmyk_progressive": lambda a: by_pillow(a, "CMYK", progressive=True),
        "cmyk_arithmetic": lambda a: by_jpegtran(by_pillow(a, "CMYK"), "-arithmetic"),
        "ycck": lambda a: with_transform(by_pillow(a, "CMYK"), 2),
        "restart": lambda a: by_pillow(a, restart_marker_blocks=2),
        "restart_rows_progressive": lambda a: by_pillow(a, restart_marker_rows=1, progressive=True),
        "quality_5": lambda a: by_pillow(a, quality=5),
        "quality_100": lambda a: by_pillow(a, quality=100),
        "arithmetic_restart": lambda a: by_jpegtran(by_cjpeg(a), "-arithmetic", "-restart", "1"),
    }
    for name, sampling in SAMPLINGS.items():
        kinds["s" + name] = lambda a, s=sampling: by_cjpeg(a, "-optimize", "-sample", s)
        kinds["s" + name + "_progressive"] = lambda a, s=sampling: by_cjpeg(a, "-progressive", "-sample", s)
        kinds["s" + name + "_arithmetic"] = lambda a, s=sampling: by_cjpeg(a, "-arithmetic", "-sample", s)
    kinds["s420_arithmetic_progressive"] = lambda a: by_cjpeg(a, "-arithmetic", "-progressive")
    return kinds


def jpeg_case(file):
    image = Image.open(io.BytesIO(file))
    stored = image.mode
    try:
        image = ImageOps.exif_transpose(image)
    except (SyntaxError, ValueError, struct.error):
        pass
    image = image if stored == "L" else image.convert("RGB")
    array = np.asarray(image)
    array = array[..., None] if array.ndim == 2 else array
    return file, {"white": array.transpose(2, 0, 1)}, "same"


# --- The collection ---


def committed():
    rng = np.random.default_rng(15)
    cases = {}
    png = lambda name, *a, **k: cases.__setitem__(name + ".png", png_case(rng, *a, **k))
    for colour, depth in KINDS:
        for interlaced in (False, True):
            name = f"{NAMES[colour]}{depth}" + ("_interlaced" if interlaced else "")
            png(name, colour, depth, interlaced, 9, 11)
            if colour in (0, 2, 3):
                png(name + "_trns", colour, depth, interlaced, 9, 11, transparent=True)
    for size in (1, 2, 3, 5, 8):
        png(f"rgb16_interlaced_{size}", 2, 16, True, size, 9 - size)
        png(f"grey1_interlaced_{size}", 0, 1, True, 9 - size, size)
    for gamma in (45455, 45000, 55556, 100000, 20000):
        for colour, depth in ((0, 8), (2, 16), (3, 4), (6, 8)):
            png(f"gamma_{gamma}_{NAMES[colour]}{depth}", colour, depth, False, 6, 7, gamma=gamma)
    png("gamma_100000_srgb", 2, 8, False, 6, 7, gamma=100000, srgb=True)
    png("gamma_100000_rgb8_trns", 2, 8, False, 6, 7, gamma=100000, transparent=True)
    profile = zlib.compress(bytes(range(256)), 9)  # nobody looks into it
    for colour, depth in ((2, 8), (2, 16), (6, 8)):
        png(f"profile_{NAMES[colour]}{depth}", colour, depth, False, 6, 7, chunks=[chunk(b"iCCP", b"p\0\0" + profile)])
    png("profile_damaged", 2, 8, False, 6, 7, chunks=[chunk(b"iCCP", b"p\0\0" + profile[:40])])
    adobe_rgb = struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
    png("chromaticities", 2, 8, False, 6, 7, chunks=[chunk(b"cHRM", adobe_rgb)])
    for i, (name, (exif, text)) in enumerate(notes().items()):
        if name.startswith("segments"):
            continue
        late = i % 2 == 1
        png(f"notes_{name}" + ("_late" if late else ""), 2, 8, False, 2, 3, exif=exif, text=text, late=late)
    for number in range(1, 9):
        exif = [tiff("II", [(0x0112, 3, 1, number)])]
        png(f"notes_raw_profile_{number}", 2, 8, False, 2, 3, exif=exif, raw_profile=True)
    png("notes_interlaced16", 6, 16, True, 5, 4, exif=[tiff("MM", [(0x0112, 4, 1, 5)])])

    for name, make in jpeg_kinds().items():
        cases[name + ".jpg"] = jpeg_case(make(photo(rng, 13, 19)))
    base = by_pillow(photo(rng, 6, 10), quality=50, subsampling=0)
    grey = by_pillow(photo(rng, 6, 10), "L", quality=50)
    for name, (exif, text) in notes().items():
        image = grey if "xmp" in name or "long" in name else base
        cases[f"notes_{name}.jpg"] = jpeg_case(with_notes(image, exif, text))
    return cases


def random_ones(count, seed):
    rng = np.random.default_rng(seed)
    cases = {}
    kinds = list(jpeg_kinds().items())
    for i in range(count):
        height, width = (int(n) for n in rng.integers(1, 70, 2))
        exif, text = notes(rng) if rng.random() < 0.5 else ([], None)
        if rng.random() < 0.6:
            colour, depth = KINDS[rng.integers(len(KINDS))]
            height, width = 1 + height // 3, 1 + width // 3
            cases[f"{i}_{NAMES[colour]}{depth}.png"] = png_case(
                rng, colour, depth, bool(rng.integers(2)), height, width, exif=exif[-1:], text=text,
                transparent=bool(rng.integers(2)) and colour < 4, late=bool(rng.integers(2)),
                raw_profile=bool(exif and exif[-1] and rng.integers(2)), srgb=rng.random() < 0.1,
                gamma=int(rng.choice([45455, 100000, 55556])) if rng.random() < 0.2 else None)
        else:
            name, make = kinds[rng.integers(len(kinds))]
            cases[f"{i}_{name}.jpg"] = jpeg_case(with_notes(make(photo(rng, height, width)), exif, text))
    return cases


def main():
    to = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("image_files.safetensors")
    cases = random_ones(int(sys.argv[2]), int(sys.argv[3])) if len(sys.argv) > 3 else committed()
    tensors, agreements = {}, {}
    for name, (file, pixels, agreement) in cases.items():
        tensors[name] = np.frombuffer(file, np.uint8)
        for paper, values in pixels.items():
            tensors[f"{name}:{paper}"] = values
        key = name[-3:].upper() + " " + agreement
        agreements[key] = agreements.get(key, 0) + 1
    facts = {"pillow": PIL.__version__, "libjpeg-turbo": features.version_feature("libjpeg_turbo") or "none",
             "files": str(len(cases)), "agreement": json.dumps(agreements)}
    header, at, data = {"__metadata__": facts}, 0, b""
    for name, values in tensors.items():
        header[name] = {"dtype": "U8", "shape": list(values.shape), "data_offsets": [at, at + values.nbytes]}
        at += values.nbytes
        data += np.ascontiguousarray(values).tobytes()
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    to.write_bytes(struct.pack("<Q", len(text)) + text + data)
    print(f"{to}: {len(cases)} files, {to.stat().st_size} bytes")
    for key, count in agreements.items():
        print(f"  {count:5} {key}")


main()
