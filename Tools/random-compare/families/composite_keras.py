"""One small Keras 3 model for each kind of layer, frozen."""
import numpy as np
import tensorflow as tf
from tensorflow.python.framework import convert_to_constants

from oracle.case import REAL_OF
from oracle.dtypes import name_of
from oracle.graph import Tensor
from oracle.spec import op

ACTIVATIONS = ("relu relu6 elu selu gelu swish softplus softsign tanh sigmoid hard_sigmoid "
               "exponential softmax mish leaky_relu log_softmax hard_silu celu glu hard_tanh "
               "squareplus sparse_plus tanh_shrink soft_shrink hard_shrink").split()
INPUTS = {"image": [7, 6, 4], "row": [6, 4], "volume": [5, 4, 6, 2], "flat": [4], "ids": [5],
          "film": [3, 5, 5, 2]}
LAYERS = {
    "image": [
        lambda L, c: L.Conv2D(5, (3, 2), c.choice([1, 2]), c.choice(["same", "valid"])),
        lambda L, c: L.Conv2D(4, 3, dilation_rate=2, activation=c.choice(ACTIVATIONS)),
        lambda L, c: L.Conv2D(4, 3, groups=2, use_bias=False),
        lambda L, c: L.SeparableConv2D(5, 3, c.choice([1, 2]), depth_multiplier=2),
        lambda L, c: L.DepthwiseConv2D(3, c.choice([1, 2]), "same", depth_multiplier=2),
        lambda L, c: L.Conv2DTranspose(5, 3, c.choice([1, 2, 3]), c.choice(["same", "valid"])),
        lambda L, c: L.MaxPooling2D(c.choice([2, 3]), padding=c.choice(["same", "valid"])),
        lambda L, c: L.AveragePooling2D(c.choice([2, 3]), padding=c.choice(["same", "valid"])),
        lambda L, c: L.GlobalMaxPooling2D(keepdims=c.chance(0.5)),
        lambda L, c: L.GlobalAveragePooling2D(keepdims=c.chance(0.5)),
        lambda L, c: L.UpSampling2D((2, 3), interpolation=c.choice(
            ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"])),
        lambda L, c: L.Resizing(5, 9, c.choice(["nearest", "bilinear", "bicubic"])),
        lambda L, c: L.ZeroPadding2D(((1, 0), (2, 3))), lambda L, c: L.Cropping2D(1),
        lambda L, c: L.CenterCrop(4, 3), lambda L, c: L.Rescaling(1 / 127.5, offset=-1),
        lambda L, c: L.BatchNormalization(axis=c.choice([-1, 1]), scale=c.chance(0.7)),
        lambda L, c: L.LayerNormalization(axis=c.choice([-1, [1, 2]])),
        lambda L, c: L.GroupNormalization(groups=c.choice([1, 2, -1])),
        lambda L, c: L.UnitNormalization(axis=c.choice([-1, [1, 2]])),
        lambda L, c: L.SpectralNormalization(L.Conv2D(4, 3)), lambda L, c: L.Permute((3, 1, 2)),
        lambda L, c: L.Flatten(), lambda L, c: L.Reshape((-1, 3)),
        lambda L, c: L.PReLU(shared_axes=[1, 2], alpha_initializer="uniform")],
    "row": [
        lambda L, c: L.Conv1D(5, 3, padding=c.choice(["same", "valid", "causal"])),
        lambda L, c: L.SeparableConv1D(5, 3), lambda L, c: L.DepthwiseConv1D(3, padding="same"),
        lambda L, c: L.Conv1DTranspose(5, 3, c.choice([1, 2])), lambda L, c: L.MaxPooling1D(2),
        lambda L, c: L.AveragePooling1D(2, padding="same"), lambda L, c: L.UpSampling1D(2),
        lambda L, c: L.SimpleRNN(3, return_sequences=c.chance(0.5)),
        lambda L, c: L.LSTM(3, return_sequences=c.chance(0.5), go_backwards=c.chance(0.3)),
        lambda L, c: L.GRU(3, return_sequences=c.chance(0.5), reset_after=c.chance(0.5)),
        lambda L, c: L.LSTM(3, unroll=True), lambda L, c: L.GRU(3, unroll=True),
        lambda L, c: L.Bidirectional(c.choice([L.LSTM, L.GRU])(3, return_sequences=True)),
        lambda L, c: L.Bidirectional(L.SimpleRNN(3), merge_mode=c.choice(["sum", "ave", "mul"])),
        lambda L, c: L.RNN(L.StackedRNNCells([L.LSTMCell(3), L.GRUCell(2)])),
        lambda L, c: L.TimeDistributed(L.Dense(3, activation=c.choice(ACTIVATIONS))),
        lambda L, c: L.EinsumDense("abc,cd->abd", output_shape=(None, 5), bias_axes="d"),
        lambda L, c: L.Softmax(axis=c.choice([1, 2])), lambda L, c: L.RMSNormalization(),
        lambda L, c: (lambda x: L.MultiHeadAttention(2, 3)(x, x, use_causal_mask=c.chance(0.5))),
        lambda L, c: (lambda x: L.GroupQueryAttention(3, 4, 2)(x, x)),
        lambda L, c: (lambda x: L.Attention(use_scale=True)([x, x])),
        lambda L, c: (lambda x: L.AdditiveAttention()([x, x])),
        lambda L, c: (lambda x: L.LSTM(3)(L.Masking(0.0)(x * tf.ones([6, 1])))),
        lambda L, c: (lambda x: c.choice([L.Add, L.Multiply, L.Average, L.Maximum, L.Concatenate,
                                          L.Subtract, L.Minimum])()([x, L.Dense(4)(x)])),
        lambda L, c: (lambda x: L.Dot(axes=(2, 2), normalize=c.chance(0.5))([x, x]))],
    "volume": [
        lambda L, c: L.Conv3D(3, 2, c.choice([1, 2]), c.choice(["same", "valid"])),
        lambda L, c: L.Conv3DTranspose(3, 3, c.choice([1, 2])), lambda L, c: L.MaxPooling3D(2),
        lambda L, c: L.AveragePooling3D(2), lambda L, c: L.UpSampling3D(2),
        lambda L, c: L.ZeroPadding3D(1), lambda L, c: L.Cropping3D(1)],
    "flat": [
        lambda L, c: L.Dense(6, activation=c.choice(ACTIVATIONS)), lambda L, c: L.ELU(0.7),
        lambda L, c: L.ReLU(2.0, 0.1, 0.5), lambda L, c: L.RepeatVector(3),
        lambda L, c: L.Normalization(mean=[1.0, 2, 3, 4], variance=[1.0, 0.5, 2, 3]),
        lambda L, c: L.Discretization([-1.0, 0, 1], output_mode=c.choice(["int", "multi_hot"]))],
    "ids": [
        lambda L, c: L.Embedding(10, 4), lambda L, c: L.CategoryEncoding(10, c.choice(
            ["multi_hot", "count"])), lambda L, c: L.Hashing(7, salt=5),
        lambda L, c: (lambda x: L.GRU(3)(L.Embedding(10, 4, mask_zero=True)(x)))],
    "film": [
        lambda L, c: L.ConvLSTM2D(3, 3, padding="same", return_sequences=c.chance(0.5)),
        lambda L, c: L.TimeDistributed(L.Conv2D(3, 3)), lambda L, c: L.ConvLSTM2D(2, (2, 3))],
}
EVERY = [(kind, make) for kind, makers in LAYERS.items() for make in makers]


@op("KerasLayer", tol="sum", count=len(EVERY) // 8)
def layer(c):
    import keras
    kind, make = EVERY[c.index % len(EVERY)]
    keras.utils.clear_session()
    keras.utils.set_random_seed(c.int(0, 1 << 20))
    shape = [c.int(1, 3), *INPUTS[kind]]
    x = c.rng.integers(0, 10, shape) if kind == "ids" else c.rng.normal(0, 1, shape)
    x = x.astype(np.int64 if kind == "ids" else np.float32)
    given = keras.Input(shape[1:], dtype=x.dtype.name)
    model = keras.Model(given, make(keras.layers, c)(given))
    for variable in model.weights:
        if variable.path.endswith("moving_variance"):
            variable.assign(c.rng.uniform(0.3, 2, variable.shape))
        elif len(variable.shape) < 2 and "float" in variable.dtype:
            variable.assign(variable + c.rng.normal(0, 0.3, variable.shape))
    known = tf.TensorSpec([None if c.chance(0.5) else shape[0], *shape[1:]], x.dtype, "x")
    function = tf.function(lambda v: model(v, training=False), input_signature=[known])
    frozen = convert_to_constants.convert_variables_to_constants_v2(
        function.get_concrete_function(), lower_control_flow=c.chance(0.5))
    c.graph.definition.CopyFrom(frozen.graph.as_graph_def())
    c.feeds[frozen.inputs[0].name] = x
    for out in frozen.outputs:
        node, port = out.name.rsplit(":", 1)
        tensor = Tensor(node, int(port), name_of(out.dtype.as_datatype_enum))
        c.precise.append(REAL_OF.get(tensor.dtype, tensor.dtype))
        c.fetches.append(tensor)
