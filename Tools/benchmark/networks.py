"""Makes the networks: Keras architectures with random weights, frozen, and converted for the peers.

usage: networks.py FOLDER NAME ...     (needs TensorFlow and tf2onnx; `bench` calls it)
"""
import os
import pathlib
import subprocess
import sys

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")

# Name: the constructor in tf.keras.applications, height and width.
ARCHITECTURES = {
    "seed_cnn": (None, 28),
    "mobilenet_v1": ("MobileNet", 224),
    "mobilenet_v2": ("MobileNetV2", 224),
    "mobilenet_v3": ("MobileNetV3Small", 224),
    "resnet50": ("ResNet50", 224),
    "inception_v3": ("InceptionV3", 299),
    "efficientnet_b0": ("EfficientNetB0", 224),
    "densenet121": ("DenseNet121", 224),
    "vgg16": ("VGG16", 224),
    "xception": ("Xception", 299),
}


def build(tf, name):
    constructor, size = ARCHITECTURES[name]
    if constructor:
        return getattr(tf.keras.applications, constructor)(weights=None), (size, size, 3)
    layers = tf.keras.layers
    block = [layer for filters in (32, 64) for layer in (
        layers.Conv2D(filters, 3, activation="relu"), layers.BatchNormalization(),
        layers.MaxPooling2D(2))]
    model = tf.keras.Sequential([
        layers.Input((size, size, 1)), *block, layers.Flatten(),
        layers.Dense(10, activation="softmax")])
    return model, (size, size, 1)


def settle(tf, model, shape, rng):
    """Batch-norm parameters near one, and statistics of a random batch, so that values stay sane."""
    for layer in model.layers:
        if isinstance(layer, tf.keras.layers.BatchNormalization):
            layer.momentum = 0.0
            count = layer.moving_mean.shape[0]
            if layer.beta is not None:
                layer.beta.assign(rng.normal(0, 0.1, count))
            if layer.gamma is not None:
                layer.gamma.assign(rng.uniform(0.8, 1.2, count))
    model(rng.uniform(-1, 1, (8, *shape)).astype("f4"), training=True)


def operations(tf, definition):
    """Floating-point operations of one example: twice the multiply-adds of its matrix products."""
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(definition, name="")
    total = 0
    for op in graph.get_operations():
        if op.type not in ("Conv2D", "DepthwiseConv2dNative", "MatMul"):
            continue
        weights = op.inputs[1].shape
        outputs = op.outputs[0].shape[1:].num_elements()
        terms = {"Conv2D": lambda: weights[:3].num_elements(),
                 "DepthwiseConv2dNative": lambda: weights[:2].num_elements(),
                 "MatMul": lambda: weights[1 if op.get_attr("transpose_b") else 0]}
        total += 2 * outputs * terms[op.type]()
    return total


def convert(prefix, kind):
    """The same graph as ONNX or TFLite."""
    import tensorflow as tf
    import case
    pb = f"{prefix}.pb"
    if kind == "onnx":
        import tf2onnx
        definition = tf.compat.v1.GraphDef.FromString(pathlib.Path(pb).read_bytes())
        onnx, _ = tf2onnx.convert.from_graph_def(
            definition, input_names=["x:0"], output_names=["Identity:0"], opset=17)
        pathlib.Path(f"{prefix}.onnx").write_bytes(onnx.SerializeToString())
    else:
        shapes = {name: list(value.shape) for name, value in case.Case(prefix).feeds().items()}
        lite = tf.compat.v1.lite.TFLiteConverter.from_frozen_graph(
            pb, list(shapes), ["Identity"], input_shapes=shapes)
        pathlib.Path(f"{prefix}.tflite").write_bytes(lite.convert())


def make(folder, name):
    import numpy as np
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import \
        convert_variables_to_constants_v2
    import case
    tf.keras.utils.set_random_seed(7)
    rng = np.random.default_rng(3)
    model, shape = build(tf, name)
    settle(tf, model, shape, rng)
    spec = tf.TensorSpec((None, *shape), tf.float32, name="x")
    function = tf.function(lambda x: model(x, training=False)).get_concrete_function(spec)
    definition = convert_variables_to_constants_v2(function).graph.as_graph_def()
    prefix = pathlib.Path(folder, name)
    case.save(prefix, definition, {"x": rng.uniform(-1, 1, (1, *shape)).astype("f4")},
              ["Identity:0"], flops=operations(tf, definition))


def convert_apart(prefix):
    """Converts in processes of their own, for memory; a converter that fails leaves no file."""
    for kind in ("onnx", "tflite"):
        command = [sys.executable, __file__, "--convert", prefix, kind]
        try:
            subprocess.run(command, capture_output=True, text=True, check=True, timeout=900)
        except subprocess.SubprocessError as error:
            said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
            print(f"{prefix.name}: no {kind}: {said[-1]}", file=sys.stderr)
    pathlib.Path(f"{prefix}.made").touch()


def main():
    if sys.argv[1] == "--convert":
        return convert(pathlib.Path(sys.argv[2]), sys.argv[3])
    for name in sys.argv[2:]:
        prefix = pathlib.Path(sys.argv[1], name)
        if not prefix.with_name(f"{name}.json").exists():
            # Apart too, so that its memory is free when the graph is converted.
            code = f"import networks; networks.make({sys.argv[1]!r}, {name!r})"
            subprocess.run([sys.executable, "-c", code], check=True,
                           cwd=pathlib.Path(__file__).parent)
        convert_apart(prefix)


if __name__ == "__main__":
    main()
