"""Encoded images. Encoders are judged by what the decoder makes of their output."""
import numpy as np
import tensorflow as tf

from oracle.spec import op

LOSSY = (0.0, 3.0)


def pixels(c, channels, smooth=False, dtype=np.uint8, frames=None):
    h, w = c.int(1, 20), c.int(1, 20)
    top = np.iinfo(dtype).max
    if smooth:
        y, x = np.mgrid[:h, :w]
        base = np.stack([np.sin(x / 9 + k) * np.cos(y / 7 - k) for k in range(channels)], -1)
        return ((base + 1) / 2 * top).astype(dtype)
    shape = (h, w, channels) if frames is None else (frames, h, w, channels)
    return c.rng.integers(0, top, shape, dtype, endpoint=True)


def encoded(c, name):
    """(file contents, number of channels)"""
    if "Png" in name:
        channels = c.int(1, 4)
        kind = c.choice([np.uint8, np.uint8, np.uint16])
        return tf.io.encode_png(pixels(c, channels, dtype=kind),
                                compression=c.choice([-1, 0, 1, 9])).numpy(), channels
    if "Bmp" in name:
        channels = c.choice([1, 3, 4])
        return bitmap(pixels(c, channels)), channels
    if "Gif" in name:
        return gif(c), 3
    channels = c.choice([1, 3])
    return tf.io.encode_jpeg(pixels(c, channels, True), quality=c.choice([30, 75, 95]),
                             progressive=c.chance(0.3), chroma_downsampling=c.chance(0.5)
                             ).numpy(), channels


def bitmap(image):
    h, w, channels = image.shape
    row = -(-w * channels // 4) * 4
    body = np.zeros((h, row), np.uint8)
    body[:, :w * channels] = image[::-1].reshape(h, -1)
    offset = 54 + (1024 if channels == 1 else 0)
    head = b"BM" + np.array([offset + body.size, 0, offset, 40, w, h], "<i4").tobytes()
    head += np.array([1, channels * 8], "<i2").tobytes()
    head += np.array([0, body.size, 2835, 2835, 0, 0], "<i4").tobytes()
    return head + b"\0" * (offset - 54) + body.tobytes()


def gif(c):
    """Uncompressed GIF: a clear code before the code size would grow."""
    h, w, frames = c.int(1, 9), c.int(1, 9), c.int(1, 3)
    table = c.rng.integers(0, 256, 128 * 3, np.uint8).tobytes()
    out = b"GIF89a" + np.array([w, h], "<u2").tobytes() + bytes([0xF6, 0, 0]) + table
    for _ in range(frames):
        codes = []
        for i, value in enumerate(c.rng.integers(0, 128, h * w)):
            codes += [128] if i % 100 == 0 else []
            codes.append(int(value))
        bits = "".join(format(v, "08b")[::-1] for v in [*codes, 129])
        data = bytes(int(bits[i:i + 8][::-1], 2) for i in range(0, len(bits), 8))
        out += b"," + np.array([0, 0, w, h], "<u2").tobytes() + b"\0\x07"
        for i in range(0, len(data), 255):
            out += bytes([len(data[i:i + 255])]) + data[i:i + 255]
        out += b"\0"
    return out + b";"


def fetch_pixels(c, out, lossy):
    if lossy:
        c.tol = LOSSY
        out = c.op("Cast", out, DstT="float")
    c.fetch(out)


@op("DecodePng", tol="exact", count=1.5)
def decode_png(c):
    data, _ = encoded(c, "Png")
    if c.bad("data"):
        data = data[:len(data) // 2]
    c.run(c.feed(data, "string"), channels=c.choice([0, 1, 3, 4]),
          dtype=c.choice(["uint8", "uint8", "uint16"]))


@op("DecodeJpeg", tol="exact", count=1.5)
def decode_jpeg(c):
    data, _ = encoded(c, "Jpeg")
    if c.bad("data"):
        data = b"\xff\xd8nothing"
    method = c.choice([None, "INTEGER_ACCURATE", "INTEGER_FAST"])
    out = c.op(c.name, c.feed(data, "string"), channels=c.choice([0, 1, 3]),
               **c.attrs(ratio=[None, None, 2, 4], fancy_upscaling=[None, True, False]),
               **({"dct_method": method} if method else {}))
    fetch_pixels(c, out, method != "INTEGER_ACCURATE")


@op("DecodeAndCropJpeg", tol="exact")
def decode_crop(c):
    image = pixels(c, 3, True)
    data = tf.io.encode_jpeg(image, quality=90, chroma_downsampling=False).numpy()
    h, w = image.shape[:2]
    top, left = c.int(0, h - 1), c.int(0, w - 1)
    window = [top, left, c.int(1, h - top), c.int(1, w - left)]
    if c.bad("window"):
        window[2] = h + 5
    out = c.op(c.name, c.feed(data, "string"), c.host(np.array(window)), channels=3)
    fetch_pixels(c, out, True)


@op("DecodeBmp DecodeGif", tol="exact")
def decode_plain(c):
    data, channels = encoded(c, c.name)
    if c.bad("data"):
        data = b"XX" + data[2:]
    more = {"channels": c.choice([0, channels])} if c.name == "DecodeBmp" else {}
    c.run(c.feed(data, "string"), **more)


@op("DecodeImage", tol="exact", count=1.5)
def decode_image(c):
    kind = c.choice(["Png", "Jpeg", "Bmp", "Gif"])
    data, channels = encoded(c, kind)
    dtype = c.choice(["uint8", "float"] + (["uint16"] if kind == "Png" else []))
    out = c.op(c.name, c.feed(data, "string"), dtype=dtype, expand_animations=c.chance(0.5),
               channels=c.choice([0, 3]) if kind in ("Png", "Jpeg") else 0)
    if kind == "Jpeg":
        out = c.op("Cast", out, DstT="float")
        c.tol = LOSSY if dtype == "uint8" else (0.0, 0.012)
    elif dtype == "float":
        c.tol = (1e-5, 1e-6)
    c.fetch(out)


@op("EncodePng", tol="exact")
def encode_png(c):
    dtype = c.dtype("T")
    channels = c.int(1, 4) if not c.bad("channels") else 5
    x = pixels(c, channels, dtype=np.uint8 if dtype == "uint8" else np.uint16)
    data = c.op(c.name, c.feed(x, dtype), compression=c.choice([-1, 0, 5, 9]))
    c.fetch(c.op("DecodePng", data, dtype=dtype))


@op("EncodeJpeg EncodeJpegVariableQuality", tol=(0.0, 40.0))
def encode_jpeg(c):
    channels = c.choice([1, 3])
    x = c.feed(pixels(c, channels, True), "uint8")
    if c.name == "EncodeJpeg":
        data = c.op(c.name, x, quality=c.choice([80, 95, 100]), format=c.choice(
            ["", "rgb" if channels == 3 else "grayscale"]), chroma_downsampling=c.chance(0.3),
            progressive=c.chance(0.3), optimize_size=c.chance(0.3))
    else:
        data = c.op(c.name, x, c.host(c.choice([80, 95])))
    c.fetch(c.op("Cast", c.op("DecodeJpeg", data), DstT="float"))


@op("ExtractJpegShape", tol="exact")
def jpeg_shape(c):
    data, _ = encoded(c, "Jpeg")
    c.run(c.feed(data, "string"), output_type=c.choice(["int32", "int64"]))
