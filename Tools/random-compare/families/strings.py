"""Strings: joining, splitting, matching, hashing, numbers."""
import numpy as np

from oracle.draw import WORDS
from oracle.dtypes import PLAIN
from oracle.spec import op


@op("AsString", tol="exact", count=3)
def as_string(c):
    dtype = c.dtype("T", only=PLAIN)
    x = c.values(dtype, c.shape(high=2))
    more = {}
    if dtype in ("float", "double", "half", "complex64", "complex128", "bfloat16"):
        more = c.attrs(precision=[None, 3, 0, 7], scientific=[None, True],
                       shortest=[None, None, True])
        if more.get("scientific"):
            more.pop("shortest", None)
    more.update(c.attrs(width=[None, None, 8], fill=[None, None, "0", " ", "-"]))
    if "width" not in more:
        more.pop("fill", None)
    if c.bad("fill"):
        more["fill"] = "ab"
    c.run(c.feed(x, dtype), **more)


@op("StringJoin", tol="exact")
def join(c):
    shape = c.shape(high=2)
    parts = [c.draw("string", shape if c.chance(0.7) else []) for _ in range(c.int(1, 4))]
    if c.bad("shape"):
        parts += [c.draw("string", [2, 3]), c.draw("string", [4])]
    c.run(parts, separator=c.choice(["", ",", " - "]))


@op("ReduceJoin", tol="exact")
def reduce_join(c):
    shape = c.shape(high=3, limit=60)
    axes = c.rng.permutation(len(shape))[:c.int(0, len(shape))] if shape else np.zeros(0, int)
    axes = np.array([a - len(shape) if c.chance(0.4) else a for a in axes], np.int32)
    if c.bad("axis"):
        axes = np.array([9])
    c.run(c.draw("string", shape), c.host(axes), keep_dims=c.chance(0.4),
          separator=c.choice(["", ",", "##"]))


@op("UnsortedSegmentJoin", tol="exact")
def segment_join(c):
    shape = c.shape(low=1, high=2, limit=40)
    rank = c.int(1, len(shape))
    ids = c.rng.integers(0, 4, shape[:rank])
    c.run(c.draw("string", shape), c.feed(ids, c.choice(["int32", "int64"])), c.host(4),
          separator=c.choice(["", "|"]))


@op("StringLower StringUpper", tol="exact")
def case(c):
    c.run(c.draw("string", c.shape()), encoding=c.choice(["", "utf-8"]))


@op("StringStrip", tol="exact")
def strip(c):
    c.run(c.feed(c.words(c.shape(), [*WORDS, b" a b ", b"\n\t x", b"   "]), "string"))


@op("StringLength", tol="exact")
def length(c):
    c.run(c.draw("string", c.shape()), unit=c.choice(["BYTE", "UTF8_CHAR"]))


@op("Substr", tol="exact", count=1.5)
def substr(c):
    pool = [w for w in WORDS if len(w) > 3] if not c.bad("range") else [b"ab"]
    shape = c.shape(high=2)
    unit = c.choice(["BYTE", "UTF8_CHAR"]) if not c.expects_error else "BYTE"
    if unit == "UTF8_CHAR":
        pool = [b"hello there", "h\u00e9llo w\u00f6rld".encode(), "\u65e5\u672c\u8a9e abc".encode()]
    many = c.chance(0.4)
    dims = shape if many else []
    dtype = c.choice(["int32", "int64"])
    pos = c.rng.integers(-2, 3, dims)
    if c.expects_error:
        pos = np.full(dims, 5)
    c.run(c.feed(c.words(shape, pool), "string"), c.feed(pos, dtype),
          c.feed(c.rng.integers(0, 6, dims), dtype), unit=unit)


@op("StringSplit", tol="exact")
def split(c):
    c.run(c.feed(c.words([c.int(0, 6)], [b"a,b;c", b",,x", b"", b"one two", b"a;;b", b" lead "]),
                 "string"), c.feed(c.choice([b"", b",", b",;", b" "]), "string", const=0.8),
          **c.attrs(skip_empty=[None, True, False]))


@op("StringSplitV2", tol="exact", count=1.5)
def split_v2(c):
    pool = [b"a,b,c", b",,x", b"", b"one two  three", b"a, b, c", b" x "]
    c.run(c.feed(c.words([c.int(0, 6)], pool), "string"),
          c.feed(c.choice([b"", b",", b", ", b" "]), "string", const=0.8),
          **c.attrs(maxsplit=[None, -1, 0, 1, 2]))


@op("StringToHashBucket StringToHashBucketFast", tol="exact")
def hash_fast(c):
    pool = [*WORDS, *(b"x" * n for n in (15, 16, 17, 32, 33, 63, 64, 65, 130, 300))]
    c.run(c.feed(c.words(c.shape(), pool), "string"), num_buckets=c.choice([1, 7, 1000, 1 << 40]))


@op("StringToHashBucketStrong", tol="exact")
def hash_strong(c):
    pool = [*WORDS, *(b"y" * n for n in (7, 8, 9, 15, 16, 31, 100))]
    key = [c.int(0, 1 << 62), c.int(0, 1 << 62)] if not c.bad("key") else [1]
    c.run(c.feed(c.words(c.shape(), pool), "string"), num_buckets=c.choice([7, 1000]), key=key)


@op("_TensorToHashBucketFast", tol="exact")
def tensor_hash(c):
    c.run(c.draw(c.choice(["int32", "int64", "uint8", "int8"]), c.shape()),
          num_buckets=c.choice([7, 1000]))


@op("StringToNumber", tol="exact", count=1.5)
def to_number(c):
    dtype = c.dtype("out_type")
    pool = [b"0", b"12", b"-7", b" 5 ", b"007"]
    if dtype in ("float", "double"):
        pool += [b"1.5", b"-2e3", b"inf", b"nan", b"1e-40", b".5", b"3.", b"1e400", b"-Infinity"]
    elif dtype.startswith("u"):
        pool.remove(b"-7")
    if c.bad("text"):
        pool = [b"abc", b"1x", b""]
    c.run(c.feed(c.words(c.shape(low=0, high=2, empty=0), pool), "string"), out_type=dtype)


PATTERNS = [(b"a", b"x"), (b"[aeiou]", b"<\\0>"), (b"(\\w+) (\\w+)", b"\\2 \\1"),
            (b"^\\s+|\\s+$", b""), (b"l+", b"L"), (b"\\d", b"#"), (b".*", b"all"),
            (b"", b"-"), (b"(?i)HELLO", b"bye"), (b"[^a-z]", b""), (b"a|b|c", b"."),
            (b"\\bh", b"H"), (b"\\pL+", b"w")]


@op("RegexReplace StaticRegexReplace", tol="exact", count=1.5)
def regex_replace(c):
    pattern, rewrite = PATTERNS[c.int(0, len(PATTERNS) - 1)]
    if c.bad("pattern"):
        pattern = b"(unclosed"
    x = c.draw("string", c.shape())
    more = c.attrs(replace_global=[None, True, False])
    if c.name == "RegexReplace":
        c.run(x, c.feed(pattern, "string", const=0.8), c.feed(rewrite, "string", const=0.8), **more)
    else:
        c.run(x, pattern=pattern, rewrite=rewrite, **more)


@op("RegexFullMatch StaticRegexFullMatch", tol="exact")
def regex_match(c):
    pattern = c.choice([b"a.*", b"[a-z]+", b".*\\d.*", b"", b"(?i)hello.*", b"\\w+\\s\\w+", b"a|b"])
    if c.bad("pattern"):
        pattern = b"["
    x = c.draw("string", c.shape())
    if c.name == "RegexFullMatch":
        c.run(x, c.feed(pattern, "string", const=0.8))
    else:
        c.run(x, pattern=pattern)


@op("StringFormat", tol="exact")
def string_format(c):
    inputs = [c.draw(c.choice(["float", "int32", "string", "bool"]), c.shape(high=2))
              for _ in range(c.int(1, 2))]
    c.run(inputs, template=" and ".join(["%s"] * len(inputs)) + c.choice(["", "!"]),
          placeholder="%s", summarize=c.choice([-1, 1, 3, 10]))


@op("StringNGrams", tol="exact")
def ngrams(c):
    lengths = c.rng.integers(0, 5, c.int(1, 4))
    splits = np.concatenate([[0], np.cumsum(lengths)])
    pad = c.chance(0.6)
    c.run(c.draw("string", [int(splits[-1])]), c.feed(splits, c.choice(["int32", "int64"])),
          separator=c.choice(["", " ", "|"]), ngram_widths=c.choice([[1], [2], [1, 3], [4]]),
          left_pad="<" if pad else "", right_pad=">" if pad else "",
          pad_width=c.choice([-1, 0, 1]) if pad else 0, preserve_short_sequences=c.chance(0.4))


@op("EncodeBase64", tol="exact")
def encode_base64(c):
    c.run(c.draw("string", c.shape()), **c.attrs(pad=[None, True, False]))


@op("DecodeBase64", tol="exact")
def decode_base64(c):
    pool = [b"aGVsbG8", b"aGVsbG8=", b"_-8", b"", b"YQ==", b"YQ"]
    if c.bad("text"):
        pool = [b"a"]
    c.run(c.feed(c.words(c.shape(empty=0), pool), "string"))


@op("ShardedFilename", tol="exact")
def sharded(c):
    c.run(c.feed(b"model/part", "string"), c.host(c.int(0, 9)), c.host(10))


@op("ShardedFilespec", tol="exact")
def filespec(c):
    c.run(c.feed(b"model/part", "string"), c.host(10))
