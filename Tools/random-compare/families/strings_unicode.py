"""Unicode ops."""
import numpy as np

from oracle.spec import op

POOL = [b"", b"abc", "h\u00e9llo".encode(), "\u65e5\u672c\u8a9e".encode(), "\U0001f600!".encode(),
        b"bad\xff\xfeend", b"\xe2\x82", b"tab\there"]


@op("UnicodeDecode UnicodeDecodeWithOffsets", tol="exact")
def decode(c):
    encoding = c.choice(["UTF-8", "UTF-8", "UTF-16-BE", "US-ASCII", "ISO-8859-1"])
    pool = POOL if encoding != "UTF-16-BE" else ["h\u00e9llo".encode("utf-16-be"),
                                                "\U0001f600".encode("utf-16-be")]
    errors = c.choice(["replace", "ignore"])
    if c.bad("strict"):
        errors, pool, encoding = "strict", [b"\xff"], "UTF-8"
    c.run(c.feed(c.words(c.shape(high=2, empty=0), pool), "string"), input_encoding=encoding,
          errors=errors, replace_control_characters=c.chance(0.3),
          Tsplits=c.choice(["int32", "int64"]), **c.attrs(replacement_char=[None, 63]))


@op("UnicodeEncode", tol="exact")
def encode(c):
    lengths = c.rng.integers(0, 5, c.int(1, 4))
    splits = np.concatenate([[0], np.cumsum(lengths)])
    pool = [65, 97, 233, 0x65E5, 0x1F600, 10, 0xD800]
    points = np.array([c.choice(pool) for _ in range(int(splits[-1]))], np.int32)
    errors = c.choice(["replace", "ignore"]) if not c.bad("strict") else "strict"
    if errors == "strict" and len(points):
        points[0] = 0xD800
    c.run(c.feed(points, "int32"), c.feed(splits, c.choice(["int32", "int64"])), errors=errors,
          output_encoding=c.choice(["UTF-8", "UTF-8", "UTF-16-BE", "UTF-32-BE"]),
          **c.attrs(replacement_char=[None, 63]))


@op("UnicodeScript", tol="exact")
def script(c):
    pool = [65, 97, 233, 0x65E5, 0x1F600, 0x3B1, 0x416, 0x5D0, 0x627, 32, 0x30, 0x110000, -1,
            0xAC00]
    c.run(c.feed(np.array([c.choice(pool) for _ in range(c.int(0, 9))], np.int32), "int32"))


@op("UnicodeTranscode", tol="exact")
def transcode(c):
    errors = c.choice(["replace", "ignore"])
    pool = POOL
    if c.bad("strict"):
        errors, pool = "strict", [b"\xff"]
    c.run(c.feed(c.words(c.shape(high=2, empty=0), pool), "string"), input_encoding="UTF-8",
          output_encoding=c.choice(["UTF-8", "UTF-16-BE"]), errors=errors,
          replace_control_characters=c.chance(0.3), **c.attrs(replacement_char=[None, 63]))
