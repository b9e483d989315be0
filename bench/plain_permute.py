#!/usr/bin/env python3
"""The straightforward way, to compare with: plain_permute.py IN OUT

Permutes the weights of a model that make_model.py wrote, as encrypt does: what lies on the residual
stream by one permutation, and the hidden units of each MLP by another. For this one architecture,
by the names of its tensors, without a manifest, digests, or locks. onnx and numpy.
"""

import sys

import numpy as np
import onnx
from onnx import numpy_helper


def main(source, target):
    model = onnx.load(source)
    random = np.random.default_rng(1)
    orders = {}

    def order(name, size):
        if name not in orders:
            orders[name] = random.permutation(size)
        return orders[name]

    for tensor in model.graph.initializer:
        layer, _, part = tensor.name.partition(".")
        stream = "stream" if layer != "last" else "last stream"
        rows, columns = {
            "first": (None, stream), "last": (stream, None),
            "first.scale": (stream, None), "last.scale": (None, None),
            "up": (stream, layer), "down": (layer, stream),
            "up.scale": (layer, None), "down.scale": (stream, None),
        }[part if layer.startswith("layer") else tensor.name]
        values = numpy_helper.to_array(tensor)
        if rows:
            values = values[order(rows, values.shape[0])]
        if columns:
            values = values[:, order(columns, values.shape[1])]
        tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values), tensor.name))
    onnx.save(model, target, save_as_external_data=True, location=target.rsplit("/", 1)[-1] + ".data")


if __name__ == "__main__":
    main(*sys.argv[1:])
