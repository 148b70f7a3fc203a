"""The peers: each loads a graph and gives a function that runs it once.

Each engine is used as its documentation recommends for the processor: TensorFlow by a callable of
a session or by a pruned concrete function, whichever is faster; OpenVINO with its float32 hint;
LiteRT with its default XNNPACK delegate.
"""
import os
import time

import numpy as np


def best_of(candidates, seconds=0.3):
    """The fastest of functions that compute the same."""
    def least(run):
        run()
        times, end = [], time.perf_counter() + seconds
        while len(times) < 3 or time.perf_counter() < end:
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        return min(times)
    return min(candidates, key=least) if len(candidates) > 1 else candidates[0]


def tensorflow(case, threads):
    import tensorflow as tf
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    definition = tf.compat.v1.GraphDef()
    with open(case.file("pb"), "rb") as file:
        definition.ParseFromString(file.read())
    feeds = {f"{name}:0": value for name, value in case.feeds().items()}
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(definition, name="")
    config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=threads,
                                      inter_op_parallelism_threads=1)
    session = tf.compat.v1.Session(graph=graph, config=config)
    fetches = [graph.get_tensor_by_name(name) for name in case.fetches]
    callable_ = session.make_callable(fetches, [graph.get_tensor_by_name(n) for n in feeds])
    values = list(feeds.values())

    wrapped = tf.compat.v1.wrap_function(
        lambda: tf.import_graph_def(definition, name=""), [])
    pick = wrapped.graph.get_tensor_by_name
    pruned = wrapped.prune([pick(n) for n in feeds], [pick(n) for n in case.fetches])
    tensors = [tf.constant(value) for value in values]
    run = best_of([lambda: callable_(*values), lambda: pruned(*tensors)])
    return lambda: [np.asarray(value) for value in run()]


def onnxruntime(case, threads):
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = ort.InferenceSession(str(case.file("onnx")), options,
                                   providers=["CPUExecutionProvider"])
    feeds = dict(zip([i.name for i in session.get_inputs()], case.feeds().values()))
    return lambda: session.run(None, feeds)


def openvino(case, threads):
    import openvino as ov
    core = ov.Core()
    model = core.read_model(case.file("pb"))
    values = list(case.feeds().values())
    model.reshape({port: list(value.shape) for port, value in zip(model.inputs, values)})
    compiled = core.compile_model(model, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"})
    request = compiled.create_infer_request()
    return lambda: list(request.infer(values, share_inputs=True, share_outputs=True).values())


def litert(case, threads):
    from ai_edge_litert.interpreter import Interpreter
    interpreter = Interpreter(str(case.file("tflite")), num_threads=threads)
    inputs = interpreter.get_input_details()
    values = list(case.feeds().values())
    for details, value in zip(inputs, values):
        interpreter.resize_tensor_input(details["index"], value.shape)
    interpreter.allocate_tensors()
    outputs = [details["index"] for details in interpreter.get_output_details()]

    def run():
        for details, value in zip(inputs, values):
            interpreter.set_tensor(details["index"], value)
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in outputs]
    return run


def opencv(case, threads):
    import cv2
    cv2.setNumThreads(threads)
    (value,) = case.feeds().values()
    # The ONNX importer: the one for TensorFlow's graphs is on its way out and crashes on Keras 3's.
    net = cv2.dnn.readNetFromONNX(str(case.file("onnx")))

    def run():
        net.setInput(value)
        return [net.forward()]
    return run


def tract(case, threads):
    os.environ["RAYON_NUM_THREADS"] = str(threads)
    import tract as engine
    model = engine.onnx().load(case.file("onnx"))
    values = list(case.feeds().values())
    for i, value in enumerate(values):
        model.set_input_fact(i, ",".join(map(str, value.shape)) + ",f32")
    model.analyse()
    runnable = model.into_model().into_runnable()
    return lambda: [output.to_numpy() for output in runnable.run(values)]


ENGINES = {f.__name__: f for f in
           [tensorflow, onnxruntime, openvino, litert, opencv, tract]}
