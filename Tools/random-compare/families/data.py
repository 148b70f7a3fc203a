"""Datasets behind an iterator, summaries, staging areas."""
import numpy as np
import tensorflow as tf

from oracle.spec import op

GENTLE = {"special": False, "scale": 1}


def pipeline(c, kind, x):
    """A dataset of one of the usual kinds over the rows of x."""
    data = tf.data.Dataset.from_tensor_slices(x)
    other = tf.data.Dataset.range(100)
    return {
        "TensorSliceDataset": lambda: data,
        "TensorDataset": lambda: tf.data.Dataset.from_tensors((x, 3)),
        "RangeDataset": lambda: tf.data.Dataset.range(c.int(0, 3), 50, c.int(1, 5)),
        "BatchDatasetV2": lambda: data.batch(c.int(1, 3), drop_remainder=c.chance(0.5)),
        "PaddedBatchDatasetV2": lambda: other.map(
            lambda i: tf.fill([i % 3 + 1], i)).padded_batch(3),
        "RepeatDataset": lambda: data.take(1).repeat(5),
        "TakeDataset": lambda: data.take(4),
        "SkipDataset": lambda: data.skip(1),
        "ZipDataset": lambda: tf.data.Dataset.zip((data, other)),
        "ConcatenateDataset": lambda: data.take(1).concatenate(data),
        "MapDataset": lambda: data.map(lambda r: r * 2 + 1),
        "FilterDataset": lambda: other.filter(lambda i: tf.equal(i % 3, 1)),
        "PrefetchDataset": lambda: data.prefetch(2),
        "CacheDatasetV2": lambda: data.cache().repeat(2),
        "ShuffleDatasetV3": lambda: other.shuffle(10, seed=5, reshuffle_each_iteration=False),
        "FlatMapDataset": lambda: data.flat_map(tf.data.Dataset.from_tensor_slices),
        "InterleaveDataset": lambda: other.interleave(
            lambda i: tf.data.Dataset.from_tensors(i).repeat(2), cycle_length=3, block_length=1),
        "ShardDataset": lambda: other.shard(3, 1),
        "WindowDataset": lambda: other.window(3, 2).flat_map(lambda w: w.batch(3)),
        "ScanDataset": lambda: other.scan(np.int64(0), lambda s, i: (s + i, s * 2)),
        "TakeWhileDataset": lambda: other.take_while(lambda i: i < 40),
        "UnbatchDataset": lambda: data.batch(2).unbatch(),
        "UniqueDataset": lambda: other.map(lambda i: i // 2).unique(),
        "OptionsDataset": lambda: data.with_options(tf.data.Options()),
    }[kind]()


KINDS = ("TensorSliceDataset TensorDataset RangeDataset BatchDatasetV2 PaddedBatchDatasetV2 "
         "RepeatDataset TakeDataset SkipDataset ZipDataset ConcatenateDataset MapDataset "
         "FilterDataset PrefetchDataset CacheDatasetV2 ShuffleDatasetV3 FlatMapDataset "
         "InterleaveDataset ShardDataset WindowDataset ScanDataset TakeWhileDataset UnbatchDataset "
         "UniqueDataset OptionsDataset")


def elements(get_next, count):
    """The first elements, one after the other in one step."""
    out = []
    for _ in range(count):
        with tf.control_dependencies([tf.nest.flatten(out[-1])[0]] if out else []):
            out.append(get_next())
    return out


@op(KINDS, tol="math", count=0.5)
def dataset(c):
    x = c.values("float", [6, c.int(1, 3)], **GENTLE)

    def build(a):
        iterator = tf.compat.v1.data.make_initializable_iterator(pipeline(c, c.name, a))
        with tf.control_dependencies([iterator.initializer]):
            return elements(iterator.get_next, 1)
    c.trace(build, x)


@op("OneShotIterator IteratorV2 IteratorGetNext MakeIterator", tol="math", count=0.5)
def iterator(c):
    x = c.values("float", [6, 2], **GENTLE)

    def build(a):
        data = tf.data.Dataset.from_tensor_slices(np.asarray(x)).batch(2)
        if c.name == "OneShotIterator":
            it = tf.compat.v1.data.make_one_shot_iterator(data)
            return [e + 0 * a[0, 0] for e in elements(it.get_next, c.int(1, 3))]
        it = tf.compat.v1.data.make_initializable_iterator(data)
        with tf.control_dependencies([it.initializer]):
            return [e + 0 * a[0, 0] for e in elements(it.get_next, 1)]
    c.trace(build, x)


@op("ScalarSummary HistogramSummary", tol="exact")
def scalar_summary(c):
    shape = c.shape(high=1) if c.name[0] == "S" else []
    tags = c.feed(np.full(shape, b"loss", object), "string")
    values = c.draw(c.dtype("T", only=["float", "double", "int32", "int64"]),
                    shape if c.name[0] == "S" else c.shape(high=2, empty=0), special=False)
    c.run(tags, values)


@op("MergeSummary TensorSummary TensorSummaryV2", tol="exact")
def summaries(c):
    x = c.draw("float", [])
    if c.name == "TensorSummary":
        c.run(x, description="d", labels=["a"], display_name="n")
    elif c.name == "TensorSummaryV2":
        c.run(c.feed(b"tag", "string"), x, c.feed(b"meta", "string"))
    else:
        c.run([c.op("ScalarSummary", c.feed(name, "string"), c.draw("float", [], special=False))
               for name in (b"one", b"two")][:c.int(1, 2)])


@op("ImageSummary AudioSummary AudioSummaryV2", tol="exact", check=False, count=0.5)
def media_summary(c):
    tag = c.feed(b"tag", "string")
    if c.name == "ImageSummary":
        c.run(tag, c.draw("float", [2, 3, 4, c.choice([1, 3, 4])], **GENTLE))
    elif c.name == "AudioSummary":
        c.run(tag, c.draw("float", [1, 20, 1], low=-1, high=1), sample_rate=8000.0)
    else:
        c.run(tag, c.draw("float", [1, 20, 1], low=-1, high=1), c.feed(np.float32(8000), "float"))


@op("Stage Unstage StageSize StagePeek StageClear", tol="exact", count=0.75)
def stage(c):
    types = ["float", "int32"]
    more = {"shared_name": "area"}
    put = c.op("Stage", [c.draw("float", [2]), c.draw("int32", [])], **more)
    size = c.op("StageSize", dtypes=types, deps=[put], **more)
    c.fetch(size)
    if c.name == "StagePeek":
        c.fetch(c.op("StagePeek", c.feed(np.int32(0), "int32", const=1), dtypes=types, deps=[size],
                     **more))
    elif c.name == "StageClear":
        gone = c.op("StageClear", dtypes=types, deps=[size], **more)
        c.fetch(c.op("StageSize", dtypes=types, deps=[gone], **more))
    else:
        c.fetch(c.op("Unstage", dtypes=types, deps=[size], **more))


@op("MapStage MapUnstage MapSize OrderedMapStage OrderedMapUnstage OrderedMapSize", tol="exact",
    count=0.75)
def map_stage(c):
    prefix = "OrderedMap" if c.name.startswith("Ordered") else "Map"
    types, more = ["float"], {"shared_name": "area"}
    put = c.op(prefix + "Stage", c.feed(np.int64(7), "int64", const=1),
               c.feed(np.array([0]), "int32", const=1), [c.draw("float", [2])],
               dtypes=types, **more)
    size = c.op(prefix + "Size", dtypes=types, deps=[put], **more)
    c.fetch(size, c.op(prefix + "Unstage", c.feed(np.int64(7), "int64", const=1), c.feed(
        np.array([0]), "int32", const=1), dtypes=types, deps=[size], **more))


@op("Timestamp", check=False, count=0.3)
def timestamp(c):
    c.fetch(c.op("Timestamp"))


@op("NearestNeighbors", tol="loose")
def nearest(c):
    c.run(c.draw("float", [c.int(1, 5), 3], **GENTLE), c.draw("float", [c.int(3, 6), 3], **GENTLE),
          c.host(2, "int64"))


@op("SdcaFprint", tol="exact")
def fprint(c):
    c.run(c.draw("string", [c.int(1, 5)]))


@op("ComputeBatchSize DatasetCardinality", tol="exact", count=0.5)
def about_dataset(c):
    x = c.values("float", [6, 2], **GENTLE)

    def build(a):
        data = tf.data.Dataset.from_tensor_slices(a).batch(2)
        if c.name == "DatasetCardinality":
            return tf.raw_ops.DatasetCardinality(input_dataset=data._variant_tensor)
        return tf.raw_ops.ComputeBatchSize(input_dataset=data._variant_tensor)
    c.trace(build, x)


@op("ReduceDataset", tol="math", count=0.5)
def reduce_dataset(c):
    x = c.values("float", [6, 2], **GENTLE)
    c.trace(lambda a: tf.data.Dataset.from_tensor_slices(a).reduce(
        np.zeros(2, np.float32), lambda s, r: s + r), x)


@op("IteratorGetNextAsOptional IteratorGetNextSync DatasetToSingleElement", tol="math", count=0.5)
def other_ends(c):
    x = c.values("float", [6, 2], **GENTLE)

    def build(a):
        data = tf.data.Dataset.from_tensor_slices(a).batch(2)
        kind = {"output_types": [tf.float32], "output_shapes": [[None, 2]]}
        if c.name == "DatasetToSingleElement":
            return tf.raw_ops.DatasetToSingleElement(dataset=data.take(1)._variant_tensor, **kind)
        it = tf.compat.v1.data.make_initializable_iterator(data)
        with tf.control_dependencies([it.initializer]):
            if c.name == "IteratorGetNextSync":
                return tf.raw_ops.IteratorGetNextSync(iterator=it._iterator_resource, **kind)
            optional = tf.raw_ops.IteratorGetNextAsOptional(iterator=it._iterator_resource, **kind)
            return tf.raw_ops.OptionalHasValue(optional=optional), tf.raw_ops.OptionalGetValue(
                optional=optional, **kind)
    c.trace(build, x)


@op("MapPeek MapClear MapIncompleteSize MapUnstageNoKey OrderedMapPeek OrderedMapClear "
    "OrderedMapIncompleteSize OrderedMapUnstageNoKey", tol="exact", count=0.5)
def map_other(c):
    prefix = "OrderedMap" if c.name.startswith("Ordered") else "Map"
    more = {"dtypes": ["float"], "shared_name": "area"}
    key, where = c.feed(np.int64(7), "int64", const=1), c.feed(np.array([0]), "int32", const=1)
    put = c.op(prefix + "Stage", key, where, [c.draw("float", [2])], **more)
    if c.name.endswith("Peek"):
        c.fetch(c.op(c.name, key, where, deps=[put], **more))
    elif c.name.endswith("NoKey"):
        c.fetch(c.op(c.name, where, deps=[put], **more))
    elif c.name.endswith("Clear"):
        gone = c.op(c.name, deps=[put], **more)
        c.fetch(c.op(prefix + "Size", deps=[gone], **more))
    else:
        c.fetch(c.op(c.name, deps=[put], **more))
