"""Records, examples and raw bytes."""
import zlib

import numpy as np
import tensorflow as tf

from oracle.dtypes import numpy_of
from oracle.spec import op

RAW = ["half", "float", "double", "int32", "uint16", "uint8", "int16", "int8", "int64", "bool",
       "complex64", "complex128"]


def raw_bytes(c, dtype, count):
    """Bytes of valid values that do not end with zero bytes."""
    if dtype == "bool":
        return b"\1" * count
    kind = numpy_of(dtype)
    x = c.rng.integers(1, 250, count * kind.itemsize, np.uint8)
    if kind.kind in "fc":
        x = np.full(count, 1.1, kind) * c.rng.integers(1, 9, count)
        x = x.astype(kind).view(np.uint8)
    return x.tobytes()


@op("DecodeRaw", tol="exact", count=1.5)
def decode_raw(c):
    dtype = RAW[c.index % len(RAW)]
    count = c.int(1, 4)
    shape = c.shape(high=2, empty=0, limit=8)
    x = np.empty(shape, object)
    for i in np.ndindex(*shape):
        x[i] = raw_bytes(c, dtype, count)
    if c.bad("length") and numpy_of(dtype).itemsize > 1:
        x.flat[0] = x.flat[0] + b"\1" if x.ndim else None
        x = np.array(b"abc", object) if x.ndim == 0 else x
    c.run(c.feed(x, "string"), out_type=dtype, **c.attrs(little_endian=[None, True, False]))


@op("DecodePaddedRaw", tol="exact")
def decode_padded(c):
    dtype = c.choice(["float", "int16", "uint8", "int32", "int64"])
    width = numpy_of(dtype).itemsize
    x = np.empty([c.int(1, 3)], object)
    for i in range(len(x)):
        x[i] = raw_bytes(c, dtype, c.int(1, 4))
    c.run(c.feed(x, "string"), c.host(width * c.int(2, 5)), out_type=dtype,
          **c.attrs(little_endian=[None, True, False]))


@op("DecodeCompressed", tol="exact")
def decode_compressed(c):
    kind = c.choice(["", "ZLIB", "GZIP"])
    text = c.choice([b"hello " * 20, b"x", bytes(range(1, 200))])
    data = text if not kind else zlib.compress(text)
    if kind == "GZIP":
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        data = packer.compress(text) + packer.flush()
    if c.bad("data") and kind:
        data = b"nonsense"
    c.run(c.feed(data, "string"), compression_type=kind)


@op("DecodeCSV", tol="exact", count=1.5)
def decode_csv(c):
    lines = [b"1,2.5,abc", b"7,,x y", b'-3,1e3,"quoted, ""text"""', b"4,5,NA"]
    n = c.choice([[], [3], [2, 2]])
    records = c.words(n, lines)
    if c.bad("fields", "number"):
        records = np.array([c.choice([b"1,2", b"x,2,y"])], object)
    defaults = [c.feed(np.array([c.int(0, 9)]), c.choice(["int32", "int64"]), const=0.8),
                c.feed(np.array([0.5]), c.choice(["float", "double"]), const=0.8),
                c.feed(np.array([b"none"], object), "string", const=0.8)]
    more = c.attrs(na_value=[None, "NA"], use_quote_delim=[None, True])
    if c.chance(0.3):
        defaults = [defaults[0], defaults[2]]
        more["select_cols"] = [0, 2]
    c.run(c.feed(records, "string"), defaults, **more)


@op("SerializeTensor ParseTensor", tol="exact")
def parse_tensor(c):
    dtype = c.choice(["float", "int32", "string", "bool", "double", "uint8", "complex64", "half"])
    x = c.draw(dtype, c.shape())
    data = c.op("SerializeTensor", x)
    if c.bad("dtype"):
        dtype = "int64"
    c.fetch(c.op("ParseTensor", data, out_type=dtype))


def feature(values):
    if isinstance(values[0], bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
    if isinstance(values[0], float):
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def example(c, partial=True):
    """A serialized Example that ends in a byte that is not zero."""
    table = {"f": feature([float(v) for v in c.rng.normal(0, 1, 2)]),
             "i": feature([c.int(-5, 99)]), "j": feature([c.int(-5, 99) for _ in range(3)]),
             "sf": feature([0.5] * c.int(1, 3)), "ss": feature([b"a", b"bc"][:c.int(1, 2)]),
             "rf": feature([1.5] * c.int(1, 3)), "rs": feature([b"r"]), "z": feature([b"end"])}
    if partial:
        for key in ("i", "j", "sf", "ss"):
            if c.chance(0.3):
                del table[key]
    return tf.train.Example(features=tf.train.Features(feature=table)).SerializeToString(
        deterministic=True)


def const(c, value, dtype):
    return c.feed(np.asarray(value, object if dtype == "string" else None), dtype, const=0.9)


@op("ParseExample ParseExampleV2 ParseSingleExample", tol="exact", count=1.5)
def parse_example(c):
    count = c.int(1, 4)
    data = np.array([example(c) for _ in range(count)], object)
    if c.bad("data", "missing"):
        data[0] = c.choice([b"\xff\xff nonsense", b"\n\0x"])
    dense = [const(c, np.zeros(0, np.float32), "float"), const(c, np.array([7]), "int64")]
    shapes, types = [[2], [1]], ["int64", "float", "string"]
    sparse_keys, dense_keys = [b"j", b"sf", b"ss"], [b"f", b"i"]
    if c.name == "ParseSingleExample":
        c.run(c.feed(data[0], "string"), dense, num_sparse=3, sparse_keys=sparse_keys,
              dense_keys=dense_keys, sparse_types=types, dense_shapes=shapes)
        return
    data = c.feed(data, "string")
    names = const(c, [], "string")
    if c.name == "ParseExample":
        c.run(data, names, [const(c, k, "string") for k in sparse_keys],
              [const(c, k, "string") for k in dense_keys], dense, sparse_types=types,
              dense_shapes=shapes)
    else:
        c.run(data, names, const(c, sparse_keys, "string"), const(c, dense_keys, "string"),
              const(c, [b"rf", b"rs"], "string"), dense, num_sparse=3, sparse_types=types,
              ragged_value_types=["float", "string"], ragged_split_types=["int64", "int32"],
              dense_shapes=shapes)


def sequence(c):
    lists = {"steps": [[float(c.int(0, 9)), 1.0] for _ in range(c.int(1, 3))],
             "words": [[b"a"] * c.int(1, 2) for _ in range(c.int(1, 3))]}
    proto = tf.train.SequenceExample(
        context=tf.train.Features(feature={"id": feature([c.int(1, 99)]), "tag": feature([b"t"])}),
        feature_lists=tf.train.FeatureLists(feature_list={
            k: tf.train.FeatureList(feature=[feature(v) for v in rows])
            for k, rows in lists.items()}))
    return proto.SerializeToString(deterministic=True)


@op("ParseSingleSequenceExample", tol="exact")
def parse_single_sequence(c):
    data = sequence(c) if not c.bad("data") else b"\xff\xff bad"
    c.run(c.feed(data, "string"), const(c, [], "string"), [const(c, b"tag", "string")],
          [const(c, b"id", "string")], [const(c, b"words", "string")],
          [const(c, b"steps", "string")], [const(c, np.array([0]), "int64")],
          const(c, b"name", "string"), context_sparse_types=["string"], context_dense_shapes=[[1]],
          feature_list_sparse_types=["string"], feature_list_dense_types=["float"],
          feature_list_dense_shapes=[[2]])


@op("ParseSequenceExample ParseSequenceExampleV2", tol="exact")
def parse_sequence(c):
    data = [sequence(c) for _ in range(c.int(1, 3))]
    c.trace(lambda s: flatten(tf.io.parse_sequence_example(
        s, {"id": tf.io.FixedLenFeature([1], tf.int64), "tag": tf.io.VarLenFeature(tf.string)},
        {"words": tf.io.VarLenFeature(tf.string) if c.name[-1] != "2" else
         tf.io.RaggedFeature(tf.string),
         "steps": tf.io.FixedLenSequenceFeature([2], tf.float32)})), np.array(data, object))


def flatten(parts):
    out = []
    for table in parts:
        for key in sorted(table):
            value = table[key]
            out += [v for v in tf.nest.flatten(value, expand_composites=True)] if isinstance(
                value, dict) else tf.nest.flatten(value, expand_composites=True)
    return out


@op("DecodeJSONExample", tol="exact")
def json_example(c):
    text = b'{"features": {"feature": {"a": {"int64List": {"value": ["3", "4"]}}}}}'
    parsed = c.op(c.name, c.feed(np.array([text] * c.int(1, 2), object), "string"))
    c.fetch(c.op("ParseExample", parsed, const(c, [], "string"), [], [const(c, b"a", "string")],
                 [const(c, np.array([0, 0]), "int64")], dense_shapes=[[2]], sparse_types=[]))
