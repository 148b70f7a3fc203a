"""One random case: a graph under construction with its feeds and fetches."""
import zlib

import numpy as np

from .draw import Draw
from .dtypes import CARRIER, PLAIN, cpu_dtypes, name_of, numpy_of
from .graph import Graph, Tensor, attr_value

# rtol and atol by class and dtype. The atol of "sum" and "loose" counts in largest values.
TOLERANCE = {
    "math": {"half": (4e-3, 1e-3), "bfloat16": (2e-2, 1e-2), "float": (1e-5, 1e-6),
             "double": (1e-9, 1e-12)},
    "sum": {"half": (5e-3, 4e-3), "bfloat16": (3e-2, 2e-2), "float": (1e-4, 4e-6),
            "double": (1e-9, 1e-12)},
    "loose": {"half": (1e-2, 1e-2), "bfloat16": (5e-2, 5e-2), "float": (1e-3, 1e-4),
              "double": (1e-7, 1e-9)},
    "exact": {},
}
REAL_OF = {"complex64": "float", "complex128": "double"}


class Case(Draw):
    def __init__(self, spec, index, seed, attempt):
        self.spec = spec
        self.name = spec.name.split("+")[0]
        self.options = spec.options
        self.index = index
        self.rng = np.random.default_rng([seed, zlib.crc32(spec.name.encode()), index, attempt])
        self.tol = spec.options.get("tol", "math")
        self.check = spec.options.get("check", True)
        self.graph = Graph()
        self.graph.write_defaults = self.chance(0.4)
        self.feeds = {}
        self.fetches = []
        self.targets = []
        self.precise = []
        self.expects_error = False
        self.reference = None
        self._cycle = {}

    # -- choosing --------------------------------------------------------------------------------

    def dtype(self, attr="T", only=None, skip=(), op=None):
        """A dtype that the CPU kernel takes for `attr`; case 0 is float if that is possible."""
        dtypes = [d for d in cpu_dtypes(op or self.name, attr)
                  if d in (only or PLAIN) and d not in skip]
        assert dtypes, f"no dtype for {self.name}.{attr}"
        if self.index == 0:
            return dtypes[0]
        # Walk through a fixed permutation, so that few cases meet many dtypes.
        fixed = np.random.default_rng(zlib.crc32((self.name + attr).encode()))
        order = fixed.permutation(len(dtypes))
        return dtypes[order[self.index % len(dtypes)]]

    def bad(self, *kinds):
        """A way in which this case shall be wrong, or None."""
        if self.index % 8 != 5 or not kinds:
            return None
        self.expects_error = True
        return self.choice(kinds)

    def attrs(self, **options):
        """Each attribute drawn from its list; None leaves it out."""
        drawn = {key: self.choice(values) for key, values in options.items()}
        return {key: value for key, value in drawn.items() if value is not None}

    # -- building --------------------------------------------------------------------------------

    def op(self, name, /, *inputs, **attrs):
        return self.graph.op(name, *inputs, **attrs)

    def feed(self, value, dtype, const=0.15, shape=None, name=None):
        """A placeholder for `value`, or with probability `const` a constant."""
        carrier, convert = CARRIER.get(dtype, (dtype, None))
        value = np.asarray(value, numpy_of(dtype))
        if dtype == "string" and any(x.endswith(b"\0") for x in value.ravel().tolist()):
            const = 1  # .npy would drop the zeros at the end
        if self.chance(const) and value.size <= 4096:
            out = self.graph.const(value, carrier, name and self.graph.unique(name))
        else:
            known = self._known_shape(value.shape) if shape is None else shape
            attrs = {"dtype": carrier}
            if known != "absent":
                attrs["shape"] = known
            out = self.op("Placeholder", name=self.graph.unique(name or "x"), **attrs)
            self.feeds[out.name] = value
        return out if convert is None else self.convert(out, dtype, convert)

    def convert(self, tensor, dtype, how):
        if how == "Cast":
            return self.op("Cast", tensor, DstT=dtype)
        return self.op("Bitcast", tensor, type=dtype)

    def _known_shape(self, shape):
        mode = self.rng.random()
        if mode < 0.65:
            return list(shape)
        if mode < 0.8 or not shape:
            return None if self.chance(0.5) else "absent"
        return [None if self.chance(0.5) else d for d in shape]

    def host(self, value, dtype="int32", const=0.75):
        """An argument such as an axis or a shape: mostly a constant, as in real graphs."""
        return self.feed(value, dtype, const=const)

    def draw(self, dtype, shape, **how):
        """A fed tensor of random values."""
        const = how.pop("const", 0.15)
        return self.feed(self.values(dtype, shape, **how), dtype, const=const)

    def fetch(self, *tensors):
        """Fetch tensors, through a conversion if .npy has no such dtype."""
        for tensor in tensors:
            if isinstance(tensor, (list, tuple)):
                self.fetch(*tensor)
                continue
            self.precise.append(REAL_OF.get(tensor.dtype, tensor.dtype))
            if tensor.dtype in CARRIER:
                carrier, how = CARRIER[tensor.dtype]
                tensor = self.convert(tensor, carrier, how)
            elif self.chance(0.4):
                tensor = self.op("Identity", tensor)
            self.fetches.append(tensor)

    def run(self, *inputs, **attrs):
        """The op of the spec, all outputs fetched."""
        out = self.op(self.name, *inputs, **attrs)
        self.fetch(out)
        return out

    def trace(self, function, *arrays, static=False):
        """Build the graph with TensorFlow's own Python functions instead of node by node.

        With `static` the functions see whole shapes, of which the graph may know less.
        """
        import tensorflow as tf
        with tf.Graph().as_default() as graph:
            tf.compat.v1.set_random_seed(self.int(1, 1 << 30))
            inputs = []
            for array in arrays:
                array = np.asarray(array)
                shape = list(array.shape)
                if shape and not static and self.chance(0.25):
                    shape[0] = None
                inputs.append(tf.compat.v1.placeholder(
                    tf.string if array.dtype.kind in "OSU" else array.dtype, shape))
                self.feeds[inputs[-1].name] = array
            outputs = function(*inputs)
        for out in tf.nest.flatten(outputs):
            if isinstance(out, tf.Operation):
                self.targets.append(out.name)
                continue
            node, port = out.name.rsplit(":", 1)
            tensor = Tensor(node, int(port), name_of(out.dtype.base_dtype.as_datatype_enum))
            self.precise.append(REAL_OF.get(tensor.dtype, tensor.dtype))
            self.fetches.append(tensor)
        self.graph.definition.CopyFrom(graph.as_graph_def())
        if static and self.chance(0.3):
            self._forget_shapes(inputs)

    def _forget_shapes(self, placeholders):
        known = {p.op.name: self._known_shape(p.shape.as_list()) for p in placeholders}
        for node in self.graph.definition.node:
            shape = known.get(node.name)
            if shape == "absent":
                del node.attr["shape"]
            elif node.name in known:
                node.attr["shape"].CopyFrom(attr_value("shape", shape))

    # -- judging ---------------------------------------------------------------------------------

    def tolerance(self, outputs):
        """(rtol, atol) for the fetched values."""
        if not isinstance(self.tol, str):
            return self.tol
        rtol = atol = 0.0
        for dtype, array in zip(self.precise, outputs):
            r, a = TOLERANCE[self.tol].get(dtype, (0.0, 0.0))
            if self.tol in ("sum", "loose") and np.asarray(array).dtype.kind in "fc":
                sizes = np.abs(np.asarray(array))
                sizes = sizes[np.isfinite(sizes)]
                a *= max(float(sizes.max()), 1e-3) if sizes.size else 1.0
            rtol, atol = max(rtol, r), max(atol, a)
        return rtol, atol
