"""A graph with values to feed: files PREFIX.pb, .onnx, .tflite, .json and PREFIX.FEED.npy."""
import json
import pathlib

import numpy as np


class Case:
    """PREFIX.json has `feeds` (name: file), `fetches`, `flops` and `bytes` of one example.

    `compared` limits the comparison to that many outputs. With a batch, feeds are repeated.
    """

    def __init__(self, prefix, batch=1):
        self.prefix = pathlib.Path(prefix)
        self.batch = batch
        self.meta = json.loads(self.file("json").read_text())
        self.fetches = self.meta["fetches"]
        self.flops = self.meta.get("flops", 0) * batch
        self.compared = self.meta.get("compared")
        self.bytes = self.meta.get("bytes", 0) * batch

    def file(self, kind):
        return self.prefix.with_name(f"{self.prefix.name}.{kind}")

    def feed_files(self):
        """Name: .npy file, made for this batch if need be."""
        result = {}
        for name, file in self.meta["feeds"].items():
            path = self.prefix.parent / file
            if self.batch > 1:
                many = path.with_suffix(f".batch{self.batch}.npy")
                if not many.exists():
                    np.save(many, np.repeat(np.load(path), self.batch, axis=0))
                path = many
            result[name] = path
        return result

    def feeds(self):
        return {name: np.load(path) for name, path in self.feed_files().items()}


def save(prefix, graph, feeds, fetches, **facts):
    """Writes a case from a GraphDef and arrays to feed."""
    prefix = pathlib.Path(prefix)
    prefix.parent.mkdir(parents=True, exist_ok=True)
    prefix.with_name(prefix.name + ".pb").write_bytes(graph.SerializeToString())
    files = {}
    for name, value in feeds.items():
        files[name] = f"{prefix.name}.{name.replace(':', '_').replace('/', '_')}.npy"
        np.save(prefix.parent / files[name], value)
    meta = {"feeds": files, "fetches": fetches, **facts}
    prefix.with_name(prefix.name + ".json").write_text(json.dumps(meta))
