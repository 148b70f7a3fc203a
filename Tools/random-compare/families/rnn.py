"""Recurrent cells, blocks, CTC."""
import numpy as np
import tensorflow as tf

from oracle.spec import op

GENTLE = {"special": False, "scale": 0.6}


def lstm_parts(c, dtype, steps=None):
    batch, inside, cell = c.int(1, 4), c.int(1, 5), c.int(1, 5)
    lead = [] if steps is None else [steps]
    wide = inside + cell + (1 if c.bad("weights") else 0)
    return batch, cell, [
        c.draw(dtype, [*lead, batch, inside], **GENTLE), c.draw(dtype, [batch, cell], **GENTLE),
        c.draw(dtype, [batch, cell], **GENTLE), c.draw(dtype, [wide, 4 * cell], **GENTLE),
        c.draw(dtype, [cell], **GENTLE), c.draw(dtype, [cell], **GENTLE),
        c.draw(dtype, [cell], **GENTLE), c.draw(dtype, [4 * cell], **GENTLE)]


def lstm_attrs(c, second=False):
    more = c.attrs(cell_clip=[None, 0.0, 0.5, 3.0], use_peephole=[None, True, False])
    if not second:
        more.update(c.attrs(forget_bias=[None, 0.0, 1.0]))
    return more


@op("LSTMBlockCell", tol="loose")
def cell(c):
    _, _, args = lstm_parts(c, c.dtype())
    c.run(*args, **lstm_attrs(c))


@op("BlockLSTM BlockLSTMV2", tol="loose")
def block(c):
    steps = c.int(1, 5)
    _, _, args = lstm_parts(c, c.dtype(), steps)
    # Rows past seq_len_max are not initialised, so use all of them.
    c.run(c.feed(np.int64(steps), "int64"), *args, **lstm_attrs(c, c.name.endswith("V2")))


@op("LSTMBlockCellGrad", tol="loose")
def cell_grad(c):
    dtype = c.dtype()
    batch, size, args = lstm_parts(c, dtype)
    peephole = c.chance(0.5)
    i, cs, f, o, ci, co, _ = c.op("LSTMBlockCell", *args, use_peephole=peephole)
    c.run(*args, i, cs, f, o, ci, co, c.draw(dtype, [batch, size], **GENTLE),
          c.draw(dtype, [batch, size], **GENTLE), use_peephole=peephole)


@op("BlockLSTMGrad BlockLSTMGradV2", tol="loose")
def block_grad(c):
    dtype, steps = c.dtype(), c.int(1, 4)
    batch, size, args = lstm_parts(c, dtype, steps)
    peephole = c.chance(0.5)
    length = c.feed(np.int64(steps), "int64")
    out = c.op(c.name.replace("Grad", ""), length, *args, use_peephole=peephole)
    c.run(length, *args, *out, c.draw(dtype, [steps, batch, size], **GENTLE),
          c.draw(dtype, [steps, batch, size], **GENTLE), use_peephole=peephole)


def gru_parts(c, dtype):
    batch, inside, size = c.int(1, 4), c.int(1, 5), c.int(1, 5)
    wide = inside + size + (1 if c.bad("weights") else 0)
    return batch, size, [
        c.draw(dtype, [batch, inside], **GENTLE), c.draw(dtype, [batch, size], **GENTLE),
        c.draw(dtype, [wide, 2 * size], **GENTLE), c.draw(dtype, [wide, size], **GENTLE),
        c.draw(dtype, [2 * size], **GENTLE), c.draw(dtype, [size], **GENTLE)]


@op("GRUBlockCell", tol="loose")
def gru(c):
    c.run(*gru_parts(c, c.dtype())[2])


@op("GRUBlockCellGrad", tol="loose")
def gru_grad(c):
    dtype = c.dtype()
    batch, size, args = gru_parts(c, dtype)
    r, u, state, _ = c.op("GRUBlockCell", *args)
    c.run(*args, r, u, state, c.draw(dtype, [batch, size], **GENTLE))


def labels(c, batch, classes, most):
    """Sparse label sequences and their lengths."""
    cells, values = [], []
    for b in range(batch):
        for t in range(c.int(1, most)):
            cells.append([b, t])
            values.append(c.int(0, classes - 2))
    return np.array(cells, np.int64), np.array(values, np.int32)


@op("CTCLoss", tol="loose", count=1.5)
def ctc_loss(c):
    dtype = c.dtype("T")
    steps, batch, classes = c.int(4, 9), c.int(1, 3), c.int(3, 6)
    cells, values = labels(c, batch, classes, 2)
    lengths = np.full(batch, steps) if c.chance(0.6) else c.rng.integers(4, steps + 1, batch)
    if c.bad("label", "length"):
        if c.chance(0.5):
            values[0] = classes + 3
        else:
            lengths = lengths + 5
    c.run(c.draw(dtype, [steps, batch, classes], special=False, scale=2), c.feed(cells, "int64"),
          c.feed(values, "int32"), c.feed(lengths, "int32"),
          **c.attrs(preprocess_collapse_repeated=[None, True],
                    ctc_merge_repeated=[None, True, False],
                    ignore_longer_outputs_than_inputs=[None, True]))


@op("CTCGreedyDecoder", tol="math")
def greedy(c):
    steps, batch, classes = c.int(1, 9), c.int(1, 3), c.int(2, 6)
    c.run(c.draw(c.dtype("T"), [steps, batch, classes], special=False, scale=2),
          c.feed(c.rng.integers(0, steps + 1, batch), "int32"),
          **c.attrs(merge_repeated=[None, True, False], blank_index=[None, -1, 0]))


@op("CTCBeamSearchDecoder", tol="loose")
def beam(c):
    steps, batch, classes = c.int(1, 6), c.int(1, 2), c.int(2, 5)
    c.run(c.draw(c.dtype("T"), [steps, batch, classes], special=False, scale=2),
          c.feed(np.full(batch, steps), "int32"), beam_width=c.choice([1, 4, 10]), top_paths=1,
          merge_repeated=c.chance(0.5))


@op("DynamicRNN", tol="loose", count=1.5)
def dynamic_rnn(c):
    """An LSTM or GRU over time as Python writes it, maybe with its gradient."""
    from .control import flow
    flow(c, c.chance(0.5))
    steps, batch, inside, size = c.int(1, 4), c.int(1, 3), c.int(1, 4), c.int(1, 4)
    x = c.values("float", [steps, batch, inside], **GENTLE)
    w = c.values("float", [inside + size, 4 * size], **GENTLE)
    gradient = c.chance(0.5)

    def build(a, k):
        inputs = tf.TensorArray(tf.float32, steps).unstack(a)
        outputs = tf.TensorArray(tf.float32, steps)
        state = tf.zeros([batch, size])

        def body(t, h, m, out):
            i, j, f, o = tf.split(tf.matmul(tf.concat([inputs.read(t), h], 1), k), 4, 1)
            m = m * tf.sigmoid(f + 1) + tf.sigmoid(i) * tf.tanh(j)
            h = tf.tanh(m) * tf.sigmoid(o)
            return t + 1, h, m, out.write(t, h)
        _, h, _, out = tf.while_loop(lambda t, *_: t < steps, body, (0, state, state, outputs))
        result = out.stack()
        return [result, h, *(tf.gradients(tf.reduce_sum(result * result), k) if gradient else [])]
    c.trace(build, x, w)
