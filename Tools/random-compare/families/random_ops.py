"""Seeded random ops, which must give TensorFlow's own numbers."""
import numpy as np

from oracle.spec import op

from ._state import resource_variable

I = ["int32", "int64"]


def seeds(c):
    """Op-level seeds; both zero means unpredictable, which leaves only the shape to compare."""
    if c.index % 8 == 7:
        c.check = False
        return {"seed": 0, "seed2": 0}
    first = c.choice([0, 1, 87654321, 1 << 40, -5])
    return {"seed": first, "seed2": c.choice([1, 42, 123456789012, -77])}


def shape_input(c, shape=None, dtype=None):
    shape = c.choice([c.shape(high=3), [c.int(1, 2000)], [257], []]) if shape is None else shape
    if c.bad("negative"):
        shape = [2, -3]
    return c.host(np.array(shape, np.int64), dtype or c.choice(I))


@op("RandomUniform RandomStandardNormal TruncatedNormal", tol="math", count=2)
def plain(c):
    c.run(shape_input(c), dtype=c.dtype("dtype"), **seeds(c))


@op("RandomUniformInt", tol="exact")
def uniform_int(c):
    dtype = c.dtype("Tout")
    low, high = c.choice([(0, 10), (-5, 5), (0, 1 << 30), (-(1 << 31), (1 << 31) - 1)])
    if c.bad("range"):
        low, high = 3, 3
    c.run(shape_input(c), c.host(low, dtype), c.host(high, dtype), **seeds(c))


@op("ParameterizedTruncatedNormal", tol="loose")
def parameterized(c):
    dtype, batch = c.dtype("dtype"), c.int(1, 4)
    args = limits(c, dtype, [batch] if c.chance(0.6) else [])
    c.run(c.host(np.array([batch, c.int(1, 40)])), *args, **seeds(c))


def limits(c, dtype, shape):
    low = c.values(dtype, shape, low=-3, high=1)
    return [c.feed(c.values(dtype, shape, low=-1, high=1), dtype),
            c.feed(c.values(dtype, shape, low=0.5, high=2), dtype), c.feed(low, dtype),
            c.feed(low + c.choice([0.5, 2, 5]), dtype)]


@op("RandomShuffle", tol="exact")
def shuffle(c):
    c.run(c.draw(c.dtype(), c.any_shape()), **seeds(c))


@op("RandomGamma", tol="loose")
def gamma(c):
    dtype = c.dtype("T")
    c.run(c.host(np.array([c.int(1, 30)])), c.draw(dtype, c.shape(high=2, empty=0, limit=12),
                                                  low=0.1, high=5), **seeds(c))


@op("RandomGammaGrad", tol="loose")
def gamma_grad(c):
    dtype = c.dtype()
    a, b = c.broadcast()
    c.run(c.draw(dtype, a, low=0.3, high=9), c.draw(dtype, b, low=0.1, high=9))


@op("RandomPoisson RandomPoissonV2", tol="exact")
def poisson(c):
    later = c.name.endswith("V2")
    dtype = c.dtype("R" if later else "dtype")
    rate = c.draw(dtype, c.shape(high=2, empty=0, limit=10), low=1, high=c.choice([4, 40]))
    more = {"dtype": c.dtype("dtype")} if later else {}
    c.run(c.host(np.array([c.int(1, 20)])), rate, **more, **seeds(c))


@op("Multinomial", tol="exact")
def multinomial(c):
    c.run(c.draw(c.dtype("T"), [c.int(1, 4), c.int(1, 9)], special=False, scale=1),
          c.host(c.int(0, 30)), output_dtype=c.choice(I), **seeds(c))


@op("RandomCrop", tol="exact")
def crop(c):
    dtype = c.dtype("T")
    size = [c.int(2, 9), c.int(2, 9)]
    take = [c.int(1, size[0]), c.int(1, size[1])] if not c.bad("size") else [size[0] + 1, 1]
    c.run(c.draw(dtype, [*size, c.int(1, 3)]), c.host(np.array(take), "int64"), **seeds(c))


@op("RandomIndexShuffle", tol="exact")
def index_shuffle(c):
    dtype = c.dtype("dtype")
    top = c.choice([1, 5, 100, 1000])
    seed = c.dtype("Tseed", only=["int32", "int64", "uint32", "uint64"])
    c.run(c.feed(c.rng.integers(0, top + 1, [c.int(1, 9)] if c.chance(0.7) else []), dtype),
          c.feed(c.rng.integers(0, 1 << 30, 3), seed), c.host(top, dtype),
          **c.attrs(rounds=[None, 4, 8]))


@op("LogUniformCandidateSampler UniformCandidateSampler LearnedUnigramCandidateSampler "
    "ThreadUnsafeUnigramCandidateSampler FixedUnigramCandidateSampler AllCandidateSampler",
    tol="loose")
def sampler(c):
    true, top = c.int(1, 2), c.choice([10, 50, 1000])
    more = {"num_true": true, "unique": c.chance(0.5), **seeds(c)}
    if c.name == "AllCandidateSampler":
        more["num_sampled"] = 7
    else:
        more.update(num_sampled=c.int(1, 8), range_max=top)
    if c.name == "FixedUnigramCandidateSampler":
        top = more["range_max"] = 9
        more.update(unigrams=c.rng.uniform(0.1, 2, 9).tolist(), distortion=c.choice([1.0, 0.75]))
        if c.chance(0.4):
            more.update(unigrams=c.rng.uniform(0.1, 2, 8).tolist(), num_reserved_ids=1)
    c.run(c.feed(c.rng.integers(0, 7, [c.int(1, 4), true]), "int64"), **more)


@op("ComputeAccidentalHits", tol="exact")
def accidental(c):
    true = c.int(1, 2)
    c.run(c.feed(c.rng.integers(0, 5, [c.int(1, 4), true]), "int64"),
          c.feed(c.rng.permutation(7)[:4], "int64"), num_true=true)


def algorithm(c):
    """Philox or ThreeFry with key and counter."""
    alg = c.choice([1, 1, 2, 3])
    count = 2 if alg != 2 else 1
    return alg, c.rng.integers(0, 1 << 63, 1), c.rng.integers(0, 1 << 63, count)


def keyed(c):
    alg, key, counter = algorithm(c)
    return [c.feed(key, "uint64"), c.feed(counter, "uint64"), c.host(alg)]


def seed_input(c):
    return c.feed(c.rng.integers(-1 << 30, 1 << 30, 2 if not c.bad("seed") else 3), c.choice(I))


@op("StatelessRandomUniform StatelessRandomNormal StatelessTruncatedNormal", tol="math", count=1.5)
def stateless(c):
    c.run(shape_input(c), seed_input(c), dtype=c.dtype("dtype"))


@op("StatelessRandomUniformFullInt", tol="exact")
def stateless_full(c):
    c.run(shape_input(c), c.feed(c.rng.integers(0, 1 << 30, 2), c.dtype("Tseed", only=I)),
          dtype=c.dtype("dtype"))


@op("StatelessRandomUniformInt", tol="exact")
def stateless_int(c):
    dtype = c.dtype("dtype")
    c.run(shape_input(c), seed_input(c), c.host(-7, dtype), c.host(1000, dtype))


@op("StatelessRandomUniformV2 StatelessRandomNormalV2 StatelessTruncatedNormalV2", tol="math",
    count=1.5)
def stateless_v2(c):
    c.run(shape_input(c), *keyed(c), dtype=c.dtype("dtype"))


@op("StatelessRandomUniformFullIntV2", tol="exact")
def stateless_full_v2(c):
    c.run(shape_input(c), *keyed(c), dtype=c.dtype("dtype"))


@op("StatelessRandomUniformIntV2", tol="exact")
def stateless_int_v2(c):
    dtype = c.dtype("dtype")
    c.run(shape_input(c), *keyed(c), c.host(0 if dtype.startswith("u") else -7, dtype),
          c.host(1000, dtype))


@op("StatelessRandomGetKeyCounter StatelessRandomGetKeyCounterAlg", tol="exact")
def key_counter(c):
    c.run(seed_input(c))


@op("StatelessRandomGetAlg", tol="exact")
def get_alg(c):
    c.fetch(c.op(c.name))


@op("StatelessShuffle", tol="exact")
def stateless_shuffle(c):
    c.run(c.draw(c.dtype("T"), c.any_shape(low=1)), *keyed(c))


@op("StatelessRandomGammaV2", tol="loose")
def stateless_gamma(c):
    dtype = c.dtype("dtype")
    alpha = c.shape(high=1, empty=0, limit=5)
    c.run(c.host(np.array([c.int(1, 20), *alpha])), seed_input(c),
          c.draw(dtype, alpha, low=0.2, high=5))


@op("StatelessRandomGammaV3", tol="loose")
def stateless_gamma_v3(c):
    dtype = c.dtype("dtype")
    alpha = c.shape(high=1, empty=0, limit=5)
    c.run(c.host(np.array([c.int(1, 20), *alpha])), *keyed(c),
          c.draw(dtype, alpha, low=0.2, high=5))


@op("StatelessRandomPoisson", tol="exact")
def stateless_poisson(c):
    dtype = c.dtype("Rtype")
    lam = c.shape(high=1, empty=0, limit=5)
    c.run(c.host(np.array([c.int(1, 20), *lam])), seed_input(c),
          c.draw(dtype, lam, low=1, high=c.choice([5, 40])), dtype=c.dtype("dtype"))


@op("StatelessRandomBinomial", tol="exact")
def stateless_binomial(c):
    dtype = c.dtype("T")
    c.run(c.host(np.array([c.int(1, 20)])), seed_input(c),
          c.feed(np.asarray(c.choice([3, 40])), dtype),
          c.feed(np.asarray(c.choice([0.2, 0.5, 0.9])), dtype), dtype=c.dtype("dtype"))


@op("StatelessMultinomial", tol="exact")
def stateless_multinomial(c):
    c.run(c.draw(c.dtype("T"), [c.int(1, 4), c.int(1, 9)], special=False, scale=1),
          c.host(c.int(0, 30)), seed_input(c), output_dtype=c.choice(I))


@op("StatelessParameterizedTruncatedNormal", tol="loose")
def stateless_parameterized(c):
    dtype = c.dtype("dtype")
    c.run(c.host(np.array([c.int(1, 30)])), seed_input(c), *limits(c, dtype, []))


def generator(c, algorithm_too=True):
    """(handle, initialiser, state dtype) of a tf.random.Generator's variable."""
    state = c.rng.integers(0, 1 << 60, 3)
    handle, init = resource_variable(c, state, "int64")
    return handle, init


@op("StatefulUniform StatefulTruncatedNormal StatefulStandardNormalV2", tol="math")
def stateful(c):
    handle, init = generator(c)
    alg = c.host(1, "int64")
    shape = shape_input(c)
    out = c.op(c.name, handle, alg, shape, dtype=c.dtype("dtype"), deps=[init])
    again = c.op("ReadVariableOp", handle, dtype="int64", deps=[out])
    c.fetch(out, again)


@op("StatefulStandardNormal", tol="math")
def stateful_old(c):
    # The first element of the state is the algorithm.
    state = np.concatenate([[1], c.rng.integers(0, 1 << 60, 3)])
    handle, init = resource_variable(c, state, "int64")
    c.fetch(c.op(c.name, handle, shape_input(c), dtype=c.dtype("dtype"), deps=[init]))


@op("StatefulUniformFullInt", tol="exact")
def stateful_full(c):
    handle, init = generator(c)
    c.fetch(c.op(c.name, handle, c.host(1, "int64"), shape_input(c), dtype=c.dtype("dtype"),
                 deps=[init]))


@op("StatefulUniformInt", tol="exact")
def stateful_int(c):
    handle, init = generator(c)
    dtype = c.dtype("dtype")
    c.fetch(c.op(c.name, handle, c.host(1, "int64"), shape_input(c), c.host(-3, dtype),
                 c.host(99, dtype), deps=[init]))


@op("StatefulRandomBinomial", tol="exact")
def stateful_binomial(c):
    handle, init = generator(c)
    dtype = c.dtype("T")
    c.fetch(c.op(c.name, handle, c.host(1, "int64"), c.host(np.array([c.int(1, 20)])),
                 c.feed(np.asarray(c.choice([3, 40])), dtype),
                 c.feed(np.asarray(c.choice([0.2, 0.5, 0.9])), dtype), dtype=c.dtype("dtype"),
                 deps=[init]))


@op("RngSkip RngReadAndSkip", tol="exact")
def skip(c):
    handle, init = generator(c)
    if c.name == "RngSkip":
        delta = c.host(c.choice([1, 300, 1 << 40]), "int64")
        done = c.op(c.name, handle, c.host(1, "int64"), delta, deps=[init])
    else:
        done = c.op(c.name, handle, c.host(1), c.host(c.choice([1, 300]), "uint64"), deps=[init])
        c.fetch(done)
    c.fetch(c.op("ReadVariableOp", handle, dtype="int64", deps=[done]))


@op("NonDeterministicInts", check=False, count=0.4)
def unpredictable(c):
    c.run(shape_input(c), dtype=c.dtype("dtype"))


@op("RandomLayer", tol="math")
def layer(c):
    """Dropout and the initialisers, as Python emits them."""
    import tensorflow as tf
    x = c.values("float", [4, c.int(3, 40)], special=False, scale=1)
    kind = c.int(0, 4)

    def build(a):
        seed = (c.int(0, 99), c.int(0, 99))
        return [lambda: tf.nn.dropout(a, 0.4, seed=7),
                lambda: tf.nn.experimental.stateless_dropout(a, 0.3, seed=seed),
                lambda: tf.compat.v1.truncated_normal_initializer(seed=5)([9, 7]),
                lambda: tf.random.stateless_normal([50], seed=seed, mean=1.0, stddev=0.1),
                lambda: tf.compat.v1.glorot_uniform_initializer(seed=3)([20, 30])][kind]() + 0 * \
            tf.reduce_sum(a)
    c.trace(build, x)
