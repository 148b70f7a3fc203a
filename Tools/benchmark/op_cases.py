"""Single ops that TensorFlow's users hit, one graph each.

usage: op_cases.py FOLDER     (needs TensorFlow; `bench` calls it)
"""
import os
import pathlib
import sys

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")

IMAGE = (8, 56, 56, 64)
MATRIX = (512, 1024)
TOKENS = (8, 128, 768)


def layer_norm(tf, x):
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    return tf.nn.batch_normalization(x, mean, variance, 0.1, 1.2, 1e-6)


def products(tf, w):
    """name: (shapes of the inputs, function), for ops made of multiply-adds."""
    return {
        "matmul 512x512x512": ([(512, 512), (512, 512)], tf.matmul),
        "matmul 1x2048x1000": ([(1, 2048)], lambda x: tf.matmul(x, w(2048, 1000))),
        "matmul 32x768x3072": ([(32, 768)], lambda x: tf.matmul(x, w(768, 3072))),
        "matmul transposed": ([(300, 400), (500, 400)],
                              lambda a, b: tf.matmul(a, b, transpose_b=True)),
        "matmul float64": ([(256, 256), (256, 256)],
                           lambda a, b: tf.matmul(tf.cast(a, "float64"), tf.cast(b, "float64"))),
        "batch matmul": ([(96, 128, 64), (96, 64, 128)], tf.matmul),
        "batch matmul adjoint": ([(96, 128, 64), (96, 128, 64)],
                                 lambda a, b: tf.matmul(a, b, adjoint_b=True)),
        "conv2d 1x1": ([IMAGE], lambda x: tf.nn.conv2d(x, w(1, 1, 64, 128), 1, "SAME")),
        "conv2d 3x3": ([IMAGE], lambda x: tf.nn.conv2d(x, w(3, 3, 64, 64), 1, "SAME")),
        "conv2d 3x3 stride 2": ([IMAGE], lambda x: tf.nn.conv2d(x, w(3, 3, 64, 128), 2, "SAME")),
        "conv2d 7x7 stride 2": ([(2, 224, 224, 3)],
                                lambda x: tf.nn.conv2d(x, w(7, 7, 3, 64), 2, "SAME")),
        "depthwise 3x3": ([IMAGE], lambda x: tf.nn.depthwise_conv2d(x, w(3, 3, 64, 1), [1] * 4,
                                                                    "SAME")),
        "conv2d transpose": ([(4, 28, 28, 64)], lambda x: tf.nn.conv2d_transpose(
            x, w(2, 2, 32, 64), [4, 56, 56, 32], 2)),
    }


def elementwise(tf, w):
    return {
        "add": ([MATRIX, MATRIX], tf.add),
        "add row": ([MATRIX, (1024,)], tf.add),
        "multiply column": ([MATRIX, (512, 1)], tf.multiply),
        "bias add": ([IMAGE, (64,)], tf.nn.bias_add),
        "relu": ([IMAGE], tf.nn.relu),
        "sigmoid": ([MATRIX], tf.sigmoid),
        "tanh": ([MATRIX], tf.tanh),
        "exp": ([MATRIX], tf.exp),
        "log": ([MATRIX], lambda x: tf.math.log(tf.abs(x))),
        "erf": ([MATRIX], tf.math.erf),
        "pow": ([MATRIX, MATRIX], lambda a, b: tf.pow(tf.abs(a), b)),
        "gelu": ([TOKENS], lambda x: tf.nn.gelu(x, approximate=False)),
        "gelu tanh": ([TOKENS], lambda x: tf.nn.gelu(x, approximate=True)),
        "swish": ([IMAGE], lambda x: x * tf.sigmoid(x)),
        "chain of 8": ([MATRIX, MATRIX], lambda a, b: tf.nn.relu(
            tf.sqrt(tf.abs(a * b + 0.5)) * 2.0 - tf.maximum(a, b))),
        "where": ([MATRIX, MATRIX], lambda a, b: tf.where(a > b, a, b)),
        "cast to int32": ([MATRIX], lambda x: tf.cast(x * 100, tf.int32)),
        "cast to float16": ([MATRIX], lambda x: tf.cast(x, tf.float16)),
        "cast to float64": ([MATRIX], lambda x: tf.cast(x, tf.float64)),
        "softmax": ([(512, 1000)], tf.nn.softmax),
        "softmax attention": ([(96, 128, 128)], tf.nn.softmax),
        "log softmax": ([(512, 1000)], tf.nn.log_softmax),
        "layer norm": ([TOKENS], lambda x: layer_norm(tf, x)),
        "float16 multiply add": ([MATRIX], lambda x: tf.cast(
            tf.cast(x, tf.float16) * 2 + 1, tf.float32)),
    }


def reductions(tf, w):
    result = {}
    cube = (64, 56, 96)
    for name, reduce in [("sum", tf.reduce_sum), ("mean", tf.reduce_mean), ("max", tf.reduce_max)]:
        for axes in [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]]:
            result[f"{name} over {axes}"] = ([cube], lambda x, f=reduce, a=axes: f(x, a))
    result.update({
        "all": ([MATRIX], lambda x: tf.reduce_all(x > -10, 1)),
        "prod": ([MATRIX], lambda x: tf.reduce_prod(x * 0.01 + 1, 1)),
        "argmax": ([MATRIX], lambda x: tf.argmax(x, 1)),
        "argmax over rows": ([MATRIX], lambda x: tf.argmax(x, 0)),
        "top 10": ([MATRIX], lambda x: tf.nn.top_k(x, 10)[0]),
        "cumsum": ([MATRIX], lambda x: tf.cumsum(x, 1)),
        "cumsum over rows": ([MATRIX], lambda x: tf.cumsum(x, 0)),
        "l2 norm": ([MATRIX], lambda x: tf.nn.l2_normalize(x, 1)),
        "unsorted segment sum": ([MATRIX], lambda x: tf.math.unsorted_segment_sum(
            x, tf.constant([i * 7 % 50 for i in range(512)]), 50)),
    })
    return result


def movement(tf, w):
    image = (4, 64, 64, 32)
    return {
        "transpose 2-D": ([MATRIX], tf.transpose),
        "transpose heads": ([(8, 128, 12, 64)], lambda x: tf.transpose(x, [0, 2, 1, 3])),
        "transpose NHWC to NCHW": ([image], lambda x: tf.transpose(x, [0, 3, 1, 2])),
        "transpose NCHW to NHWC": ([(4, 32, 64, 64)], lambda x: tf.transpose(x, [0, 2, 3, 1])),
        "gather rows": ([(10_000, 128)], lambda x: tf.gather(
            x, tf.constant([i * 7919 % 10_000 for i in range(4096)]))),
        "gather columns": ([MATRIX], lambda x: tf.gather(
            x, tf.constant([i * 77 % 1024 for i in range(512)]), axis=1)),
        "gather nd": ([MATRIX], lambda x: tf.gather_nd(
            x, tf.constant([[i * 7 % 512, i * 13 % 1024] for i in range(20_000)]))),
        "concat rows": ([MATRIX, MATRIX], lambda a, b: tf.concat([a, b], 0)),
        "concat channels": ([image, image], lambda a, b: tf.concat([a, b], 3)),
        "stack": ([MATRIX, MATRIX], lambda a, b: tf.stack([a, b], 1)),
        "split": ([image], lambda x: tf.split(x, 4, 3)),
        "strided slice": ([image], lambda x: x[:, 1:-1, ::2, :]),
        "slice channels": ([image], lambda x: x[..., 3:19]),
        "pad": ([image], lambda x: tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])),
        "pad reflect": ([image], lambda x: tf.pad(x, [[0, 0], [2, 2], [2, 2], [0, 0]], "REFLECT")),
        "tile": ([(64, 1024)], lambda x: tf.tile(x, [8, 2])),
        "broadcast": ([(512, 1)], lambda x: tf.broadcast_to(x, MATRIX)),
        "reverse": ([MATRIX], lambda x: tf.reverse(x, [1])),
        "one hot": ([(4096,)], lambda x: tf.one_hot(tf.cast(tf.abs(x) * 100, tf.int32), 256)),
        "space to depth": ([image], lambda x: tf.nn.space_to_depth(x, 2)),
        "scatter nd": ([MATRIX], lambda x: tf.scatter_nd(
            tf.constant([[i * 7 % 1000] for i in range(512)]), x, [1000, 1024])),
    }


def images(tf, w):
    image = (4, 64, 64, 32)
    pools = {"max pool 2x2": ([IMAGE], lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID")),
             "max pool 3x3 stride 2": ([IMAGE], lambda x: tf.nn.max_pool2d(x, 3, 2, "SAME")),
             "average pool 3x3": ([IMAGE], lambda x: tf.nn.avg_pool2d(x, 3, 1, "SAME")),
             "global average pool": ([IMAGE], lambda x: tf.reduce_mean(x, [1, 2]))}
    return pools | {
        "resize bilinear": ([image], lambda x: tf.image.resize(x, [128, 128])),
        "resize bilinear corners": ([image], lambda x: tf.compat.v1.image.resize_bilinear(
            x, [100, 90], align_corners=True)),
        "resize nearest": ([image], lambda x: tf.image.resize(x, [128, 128], "nearest")),
        "resize bicubic": ([(2, 64, 64, 3)], lambda x: tf.image.resize(x, [128, 128], "bicubic")),
        "fused batch norm": ([IMAGE], lambda x: tf.compat.v1.nn.fused_batch_norm(
            x, w(64), w(64), w(64), abs(w(64)) + 1, is_training=False)[0]),
        "batch norm inference": ([IMAGE], lambda x: tf.nn.batch_normalization(
            x, w(64), abs(w(64)) + 1, w(64), w(64), 1e-3)),
        "lrn": ([IMAGE], lambda x: tf.nn.local_response_normalization(x, 5)),
        "image normalization": ([(4, 224, 224, 3)], lambda x: (x - w(3)) / (abs(w(3)) + 1)),
    }


FAMILIES = [products, elementwise, reductions, movement, images]


def names_and_builders(tf):
    import numpy as np
    rng = np.random.default_rng(11)

    def weights(*shape):
        return rng.normal(0, 0.1, shape).astype("f4")
    for family in FAMILIES:
        for name, (shapes, build) in family(tf, weights).items():
            yield name, shapes, build, [rng.normal(0, 1, s).astype("f4") for s in shapes]


def file_name(name):
    return "".join(c if c.isalnum() else "_" for c in name)


def size_of(tensor):
    return tensor.shape.num_elements() * tensor.dtype.size


def main(folder):
    import json
    import tensorflow as tf
    import case
    import networks
    index = {}
    for name, shapes, build, values in names_and_builders(tf):
        graph = tf.Graph()
        with graph.as_default():
            inputs = [tf.compat.v1.placeholder(tf.float32, shape, name=f"x{i}")
                      for i, shape in enumerate(shapes)]
            outputs = tf.nest.flatten(build(*inputs))
            outputs = [tf.identity(y, name=f"y{i}") for i, y in enumerate(outputs)]
        definition = graph.as_graph_def()
        index[name] = file_name(name)
        flops = 0 if "transpose " in name else networks.operations(tf, definition)
        case.save(pathlib.Path(folder, index[name]), definition,
                  {t.op.name: v for t, v in zip(inputs, values)},
                  [t.name for t in outputs], flops=flops,
                  bytes=sum(map(size_of, [*inputs, *outputs])))
    pathlib.Path(folder, "index.json").write_text(json.dumps(index))


if __name__ == "__main__":
    main(sys.argv[1])
