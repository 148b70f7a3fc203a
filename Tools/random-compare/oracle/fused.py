"""The ops that TensorFlow's own optimizer makes, as the ops that they replace; and ops whose CPU
kernel was removed, as their successors."""

from .dtypes import name_of

OPS = {"_FusedConv2D", "_FusedDepthwiseConv2dNative", "_FusedConv3D", "_FusedMatMul",
       "_FusedBatchNormEx", "_UnaryOpsComposition", "_TensorToHashBucketFast", "_SwitchN",
       "_If", "_While", "_ListToArray", "_ArrayToList", "TopK"}
SUCCESSORS = {"BatchFFT": "FFT", "BatchFFT2D": "FFT2D", "BatchFFT3D": "FFT3D", "BatchIFFT": "IFFT",
              "BatchIFFT2D": "IFFT2D", "BatchIFFT3D": "IFFT3D"}
OPS |= set(SUCCESSORS)
PLAIN = {"_FusedConv2D": "Conv2D", "_FusedDepthwiseConv2dNative": "DepthwiseConv2dNative",
         "_FusedConv3D": "Conv3D", "_FusedMatMul": "MatMul", "_If": "If", "_While": "While"}
LINEAR = {
    "Conv2D": ["T", "strides", "padding", "explicit_paddings", "data_format", "dilations"],
    "DepthwiseConv2dNative": ["T", "strides", "padding", "explicit_paddings", "data_format",
                              "dilations"],
    "Conv3D": ["T", "strides", "padding", "data_format", "dilations"],
    "MatMul": ["T", "transpose_a", "transpose_b"],
}


def expand(writer, node):
    {"_FusedBatchNormEx": _batch_norm, "_UnaryOpsComposition": _composition,
     "_TensorToHashBucketFast": _hash, "_SwitchN": _switch, "_ListToArray": _array,
     "_ArrayToList": _array, "TopK": _top_k, "_If": _rename, "_While": _rename,
     **dict.fromkeys(SUCCESSORS, _rename)}.get(node.op, _linear)(writer, node)


def _linear(writer, node):
    plain = PLAIN[node.op]
    dtype = ("type", name_of(node.attr["T"].type))
    steps = [s.decode() for s in node.attr["fused_ops"].list.s]
    data = [i for i in node.input if not i.startswith("^")]
    arguments = data[2:]
    names = [f"{node.name}/{i}" for i in range(len(steps))] + [node.name]
    first = writer.out.node.add(op=plain, name=names[0])
    first.input.extend(data[:2])
    for key in LINEAR[plain]:
        if key in node.attr:
            first.attr[key].CopyFrom(node.attr[key])
    last = names[0]
    for name, step in zip(names[1:], steps):
        if step == "BiasAdd":
            last = writer.add("BiasAdd", name, [last, arguments.pop(0)], T=dtype)
        elif step == "FusedBatchNorm":
            scale, offset, mean, variance = arguments[:4]
            del arguments[:4]
            last = writer.add("FusedBatchNormV3", name, [last, scale, offset, mean, variance],
                              T=dtype, U=("type", "float"), is_training=("bool", False),
                              epsilon=("float", node.attr["epsilon"].f))
        elif step == "LeakyRelu":
            last = writer.add("LeakyRelu", name, [last], T=dtype,
                              alpha=("float", node.attr["leakyrelu_alpha"].f))
        elif step == "Add":
            last = writer.add("AddV2", name, [last, arguments.pop(0)], T=dtype)
        else:
            last = writer.add(step, name, [last], T=dtype)


def _batch_norm(writer, node):
    dtype = ("type", name_of(node.attr["T"].type))
    sides = node.attr["num_side_inputs"].i
    activation = node.attr["activation_mode"].s.decode()
    chain = ["FusedBatchNormV3"] + ["AddV2"] * sides
    if activation != "Identity":
        chain.append(activation)
    names = [f"{node.name}/{i}" for i in range(len(chain) - 1)] + [node.name]
    first = writer.out.node.add(op=chain[0], name=names[0])
    first.input.extend(node.input[:5])
    for key in ("T", "U", "epsilon", "exponential_avg_factor", "data_format", "is_training"):
        if key in node.attr:
            first.attr[key].CopyFrom(node.attr[key])
    for i in range(1, len(chain)):
        more = [node.input[5]] if chain[i] == "AddV2" else []
        writer.add(chain[i], names[i], [names[i - 1], *more], T=dtype)


def _composition(writer, node):
    dtype = ("type", name_of(node.attr["T"].type))
    steps = [s.decode() for s in node.attr["op_names"].list.s]
    last = node.input[0]
    for i, step in enumerate(steps):
        name = node.name if i == len(steps) - 1 else f"{node.name}/{i}"
        last = writer.add(step, name, [last], T=dtype)


def _hash(writer, node):
    text = writer.add("AsString", node.name + "/text", [node.input[0]],
                      T=("type", name_of(node.attr["T"].type)))
    writer.add("StringToHashBucketFast", node.name, [text],
               num_buckets=("int", node.attr["num_buckets"].i))


def _switch(writer, node):
    raise ValueError("_SwitchN has no equal")


def _array(writer, node):
    kind = [name_of(t) for t in node.attr["T" if node.op == "_ArrayToList" else "Tin"].list.type] \
        if node.op == "_ListToArray" else None
    types = kind or [name_of(node.attr["T"].type)] * node.attr["N"].i
    writer.add("IdentityN", node.name, list(node.input), T=("list(type)", types))


def _rename(writer, node):
    copy = writer.out.node.add()
    copy.CopyFrom(node)
    copy.op = PLAIN.get(node.op) or SUCCESSORS[node.op]


def _top_k(writer, node):
    count = writer.const(node.name + "/k", node.attr["k"].i)
    copy = writer.out.node.add(op="TopKV2", name=node.name)
    copy.input.extend([node.input[0], count])
    for key in ("T", "sorted"):
        if key in node.attr:
            copy.attr[key].CopyFrom(node.attr[key])
