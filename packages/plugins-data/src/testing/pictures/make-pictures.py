"""Makes the sample pictures of this folder and expected.json, the RGB pixels that a decoder must give for them.

    pip install -r requirements.txt && python make-pictures.py

PNG is lossless, so the pixels that go in are those expected; each file is written here chunk by chunk, by the PNG
specification, since no library writes all of its forms. JPEG's pixels are those of libjpeg-turbo, through Pillow.
Rules: transparency is dropped; samples of n bits are scaled by 255 / (2^n - 1) and rounded; CMYK becomes
(255 - C)(255 - K) / 255, rounded; EXIF orientation is applied; colour profiles and gamma are not.
"""

import base64
import io
import json
import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
from PIL import Image, ImageOps

folder = Path(__file__).parent
expected = {}

HEIGHT, WIDTH = 13, 17
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}


def keep(name, content, rgb):
    (folder / name).write_bytes(content)
    height, width, _ = rgb.shape
    pixels = base64.b64encode(np.asarray(rgb, np.uint8).tobytes()).decode()
    expected[name] = {"height": height, "width": width, "rgb": pixels}


# Samples in [0, 2^bits): smooth in one half, rough in the other, all channels different.
def samples(bits, channels, height=HEIGHT, width=WIDTH):
    y, x, c = np.mgrid[0:height, 0:width, 0:channels].astype(np.int64)
    smooth = (x * 65535 // max(1, width - 1) * (c + 1) + y * 3001 * (2 - c % 2)) % 65536
    rough = (x * 40503 + y * 30011 + c * 20021 + x * y * 977) % 65536
    return (np.where(y * 2 < height, smooth, rough) >> (16 - bits)).astype(np.int64)


# --- PNG -----------------------------------------------------------------------------------------------------------


def chunk(kind, data=b""):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pack_rows(values, bits):
    """Scan lines of [height, width, channels] samples as bytes, without filter bytes."""
    rows = values.reshape(values.shape[0], -1)
    if bits == 16:
        return [row.astype(">u2").tobytes() for row in rows]
    if bits == 8:
        return [row.astype(np.uint8).tobytes() for row in rows]
    places = (row[:, None] >> np.arange(bits - 1, -1, -1) & 1 for row in rows)
    return [np.packbits(place.ravel()).tobytes() for place in places]


def paeth(a, b, c):
    p = a + b - c
    distances = abs(p - a), abs(p - b), abs(p - c)
    return (a, b, c)[distances.index(min(distances))]


def filter_rows(rows, step):
    """The five filters of PNG in turns."""
    before, result = bytes(len(rows[0])) if rows else b"", b""
    for number, row in enumerate(rows):
        kind = number % 5
        line = bytearray([kind])
        for i, value in enumerate(row):
            a = row[i - step] if i >= step else 0
            b = before[i]
            c = before[i - step] if i >= step else 0
            line.append((value - (0, a, b, (a + b) // 2, paeth(a, b, c))[kind]) & 255)
        before, result = row, result + bytes(line)
    return result


ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


def image_data(values, bits, interlaced):
    step = max(1, values.shape[2] * bits // 8)
    if not interlaced:
        return zlib.compress(filter_rows(pack_rows(values, bits), step), 9)
    passes = (values[y::dy, x::dx] for y, x, dy, dx in ADAM7)
    return zlib.compress(b"".join(filter_rows(pack_rows(p, bits), step) for p in passes if p.size), 9)


def header(values, bits, colour, interlaced=False):
    height, width, _ = values.shape
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, int(interlaced)))


def png(values, bits, colour, before=b"", interlaced=False, split=1, after=b""):
    data = image_data(values, bits, interlaced)
    size = -(-len(data) // split)
    parts = b"".join(chunk(b"IDAT", data[i : i + size]) for i in range(0, len(data), size))
    return b"\x89PNG\r\n\x1a\n" + header(values, bits, colour, interlaced) + before + parts + after + chunk(b"IEND")


def to_bytes(values, bits):
    most = (1 << bits) - 1
    return (values * 255 * 2 + most) // (2 * most)


def to_rgb(values, bits, colour):
    colours = to_bytes(values[:, :, : 1 if colour in (GREY, GREY_ALPHA) else 3], bits)
    return np.broadcast_to(colours, colours.shape[:2] + (3,))


def keep_png(name, bits, colour, transparent=None, **options):
    values = samples(bits, CHANNELS[colour])
    before = options.pop("before", b"")
    if transparent is not None:
        key = values[transparent]
        before += chunk(b"tRNS", b"".join(struct.pack(">H", v) for v in key))
    content = png(values, bits, colour, before, **options)
    if bits <= 8:
        same_as_pillow(content, to_rgb(values, bits, colour))
    keep(name, content, to_rgb(values, bits, colour))


def same_as_pillow(content, rgb):
    """The forms that Pillow keeps as they are; of 16 bits it drops 8."""
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(content)).convert("RGB")), rgb)


def palette(size):
    i = np.arange(size)
    return np.stack([i * 97 % 256, 255 - i * 61 % 256, i * i * 7 % 256], 1).astype(np.uint8)


def keep_palette(name, bits, size, alphas=None, interlaced=False):
    values = samples(bits, 1) % size
    colours = palette(size)
    before = chunk(b"PLTE", colours.tobytes())
    if alphas is not None:
        before += chunk(b"tRNS", bytes(alphas))
    content = png(values, bits, PALETTE, before, interlaced)
    same_as_pillow(content, colours[values[:, :, 0]])
    keep(name, content, colours[values[:, :, 0]])


for bits in (1, 2, 4, 8, 16):
    keep_png(f"grey-{bits}.png", bits, GREY)
for bits, size in ((1, 2), (2, 3), (4, 16), (8, 200)):
    keep_palette(f"palette-{bits}.png", bits, size)
for bits in (8, 16):
    keep_png(f"rgb-{bits}.png", bits, RGB)
    keep_png(f"rgba-{bits}.png", bits, RGBA)
    keep_png(f"grey-alpha-{bits}.png", bits, GREY_ALPHA)
    keep_png(f"rgb-key-{bits}.png", bits, RGB, transparent=(2, 3))
    keep_png(f"grey-key-{bits}.png", bits, GREY, transparent=(2, 3))
keep_png("grey-key-2.png", 2, GREY, transparent=(2, 3))
keep_palette("palette-alpha-8.png", 8, 200, [0, 128, 255, 7])
keep_palette("palette-alpha-1.png", 1, 2, [0])

keep_png("interlaced-grey-1.png", 1, GREY, interlaced=True)
keep_png("interlaced-rgb-8.png", 8, RGB, interlaced=True)
keep_png("interlaced-rgba-16.png", 16, RGBA, interlaced=True)
keep_palette("interlaced-palette-4.png", 4, 16, interlaced=True)
keep("one-pixel.png", png(samples(8, 3, 1, 1), 8, RGB), samples(8, 3, 1, 1))

# What a decoder leaves alone: gamma, a physical size, texts, an unknown chunk; image data in many chunks.
gamma = chunk(b"gAMA", struct.pack(">I", 100000))
text = chunk(b"tEXt", b"Comment\0hello") + chunk(b"prVt", b"?")
keep_png("ancillary.png", 8, RGB, before=gamma + chunk(b"pHYs", bytes(8) + b"\1") + text, split=9)
wide = imagecodecs.cms_profile("adobergb")
wide = wide[:24] + bytes(12) + wide[36:]  # without the time at which it was made
profile = chunk(b"iCCP", b"wide\0\0" + zlib.compress(wide, 9))
keep_png("profile.png", 8, RGB, before=profile)


def exif(orientation):
    return struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def turned(rgb, orientation):
    image = Image.fromarray(np.asarray(rgb, np.uint8))
    image.getexif()[0x0112] = orientation
    return np.asarray(ImageOps.exif_transpose(image))


values = samples(8, 3)
keep("orientation-6.png", png(values, 8, RGB, chunk(b"eXIf", exif(6))), turned(values, 6))


# APNG: the picture of a reader that knows no animation, whether it is the first frame or stands before the frames.
def animation(first_is_frame):
    first, second = samples(8, 3), 255 - samples(8, 3)
    control = lambda number: chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, WIDTH, HEIGHT, 0, 0, 1, 10, 0, 0))
    frame = lambda number, picture: chunk(b"fdAT", struct.pack(">I", number) + image_data(picture, 8, False))
    before = chunk(b"acTL", struct.pack(">II", 2, 0)) + (control(0) if first_is_frame else b"")
    frames = [second] if first_is_frame else [second, first]
    number = 1 if first_is_frame else 0
    after = b""
    for picture in frames:
        after += control(number) + frame(number + 1, picture)
        number += 2
    content = png(first, 8, RGB, before, after=after)
    same_as_pillow(content, first)
    return content, first


keep("animated.png", *animation(True))
keep("animated-after-default.png", *animation(False))


# --- JPEG ----------------------------------------------------------------------------------------------------------

colours = samples(8, 3).astype(np.uint8)


def saved(values=colours, **options):
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, "JPEG", **{"quality": 85, **options})
    return stream.getvalue()


def decoded(content):
    image = Image.open(io.BytesIO(content))
    if image.mode != "CMYK":
        return np.asarray(image.convert("RGB"))
    # Pillow gives ink; (255 - C)(255 - K) / 255, rounded.
    ink = 255 - np.asarray(image).astype(np.int64)
    return (ink[:, :, :3] * ink[:, :, 3:] * 2 + 255) // 510


def keep_jpeg(name, content):
    keep(name, content, decoded(content))


def encoded(values=colours, colourspace="RGB", stored="YCBCR", **options):
    return imagecodecs.jpeg8_encode(values, 85, colorspace=colourspace, outcolorspace=stored, **options)


keep_jpeg("444.jpg", saved(subsampling="4:4:4"))
keep_jpeg("422.jpg", saved(subsampling="4:2:2"))
keep_jpeg("420.jpg", saved(subsampling="4:2:0"))
keep_jpeg("440.jpg", encoded(subsampling="440"))
keep_jpeg("411.jpg", encoded(subsampling="411"))
keep_jpeg("grey.jpg", saved(colours[:, :, 0]))
keep_jpeg("progressive.jpg", saved(progressive=True, subsampling="4:2:0"))
keep_jpeg("progressive-grey.jpg", saved(colours[:, :, 0], progressive=True))
keep_jpeg("restart.jpg", saved(restart_marker_blocks=1, subsampling="4:2:0"))
keep_jpeg("progressive-restart.jpg", saved(progressive=True, restart_marker_blocks=2, subsampling="4:2:2"))
keep_jpeg("coarse.jpg", saved(quality=3))
keep_jpeg("fine.jpg", saved(quality=100, subsampling="4:4:4", optimize=True))
keep_jpeg("profile.jpg", saved(icc_profile=wide))

as_rgb = saved(keep_rgb=True)
keep_jpeg("adobe-rgb.jpg", as_rgb)
# Without Adobe's marker, the names of the components, R, G and B, tell.
at = as_rgb.find(b"\xff\xee")
keep_jpeg("named-rgb.jpg", as_rgb[:at] + as_rgb[at + 2 + int.from_bytes(as_rgb[at + 2 : at + 4], "big") :])
inks = samples(8, 4).astype(np.uint8)
keep_jpeg("cmyk.jpg", encoded(inks, "CMYK", "CMYK"))
keep_jpeg("ycck.jpg", encoded(inks, "CMYK", "YCCK", subsampling="420"))
keep_jpeg("one-pixel.jpg", saved(samples(8, 3, 1, 1).astype(np.uint8)))

for orientation in range(1, 9):
    content = saved(exif=b"Exif\0\0" + exif(orientation), subsampling="4:2:0")
    keep(f"orientation-{orientation}.jpg", content, turned(decoded(content), orientation))

(folder / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")
print(len(expected), "pictures,", sum((folder / name).stat().st_size for name in expected), "bytes")
