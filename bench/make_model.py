#!/usr/bin/env python3
"""Writes ONNX models of any size, for measuring: make_model.py OUT [OPTION...]

A residual stream of --width, and as many two-layer MLPs on it as --bytes of weights ask for
(--layers fixes their number instead). The weights are external data, random unless --sparse, which
leaves a hole of the file system in their place. Needs the Python packages onnx and numpy, and
memory for one tensor only.
"""

import argparse
import os
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper

FLOAT = {"fp32": TensorProto.FLOAT, "fp16": TensorProto.FLOAT16}
BITS = {"fp32": 32, "fp16": 16, "int8": 8, "int4": 4}
QUANTISED = {"int8": TensorProto.INT8, "int4": TensorProto.INT4}
SCALES = {"int8": np.float32(0.0001), "int4": np.float32(0.002)}
ALIGNMENT = 4096


def size(text):
    units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    return int(float(text[:-1]) * units[text[-1]]) if text[-1] in units else int(text)


class DataFile:
    """Tensors one after the other, each at a page of its own if it has one to fill."""

    def __init__(self, path, sparse):
        self.path, self.sparse = path, sparse
        self.file = open(path, "wb")
        self.end = 0
        self.random = np.random.Generator(np.random.SFC64(1))

    def add(self, name, kind, shape, bits, value=None):
        length = (int(np.prod(shape)) * bits + 7) // 8
        if length >= ALIGNMENT:
            self.end += -self.end % ALIGNMENT
        tensor = TensorProto(name=name, data_type=kind, dims=shape)
        tensor.data_location = TensorProto.EXTERNAL
        for key, text in (("location", self.path.name), ("offset", self.end), ("length", length)):
            tensor.external_data.add(key=key, value=str(text))
        if value is not None or not self.sparse:
            self.file.seek(self.end)
            for begin in range(0, length, 1 << 26):
                self.file.write(self.bytes(kind, min(1 << 26, length - begin), value))
        self.end += length
        return tensor

    def bytes(self, kind, length, value):
        if value is not None:
            return np.full(length // np.dtype(value).itemsize, value).tobytes()
        if kind == TensorProto.FLOAT:
            return ((self.random.random(length // 4, np.float32) - np.float32(0.5)) / 20).tobytes()
        if kind == TensorProto.FLOAT16:
            # Any bits of mantissa and sign under one exponent: numbers of 1/256 to 1/128.
            raw = np.frombuffer(self.random.bytes(length), np.uint16)
            return (raw & 0x83FF | 0x1C00).astype(np.uint16).tobytes()
        return self.random.bytes(length)

    def close(self):
        self.file.truncate(self.end)
        self.file.close()


class Network:
    def __init__(self, data, kind):
        self.data, self.kind = data, kind
        self.activation = FLOAT.get(kind, TensorProto.FLOAT)
        self.weights, self.nodes = [], []

    def node(self, op, inputs, **attributes):
        output = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def weight(self, name, shape):
        """The name of a matrix; quantised ones have a scale for each column."""
        kind = QUANTISED.get(self.kind, self.activation)
        self.weights.append(self.data.add(name, kind, shape, BITS[self.kind]))
        if self.kind in FLOAT:
            return name
        self.weights.append(
            self.data.add(name + ".scale", TensorProto.FLOAT, shape[1:], 32, SCALES[self.kind]))
        return self.node("DequantizeLinear", [name, name + ".scale"], axis=1)

    def mlp(self, x, name, width, hidden):
        y = self.node("MatMul", [x, self.weight(name + ".up", [width, hidden])])
        y = self.node("Relu", [y])
        y = self.node("MatMul", [y, self.weight(name + ".down", [hidden, width])])
        return self.node("Add", [x, y])

    def write(self, path, features, width, layers, hidden):
        x = self.node("MatMul", ["x", self.weight("first", [features, width])])
        for i in range(layers):
            x = self.mlp(x, f"layer{i}", width, hidden)
        if layers:
            x = self.node("MatMul", [x, self.weight("last", [width, features])])
            width = features
        self.nodes[-1].output[0] = "y"
        self.data.close()
        graph = helper.make_graph(
            self.nodes, "g",
            [helper.make_tensor_value_info("x", self.activation, ["batch", features])],
            [helper.make_tensor_value_info("y", self.activation, ["batch", width])], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
        path.write_bytes(model.SerializeToString())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--bytes", type=size, default=size("64M"), help="of weights, about: 2G")
    parser.add_argument("--layers", type=int, help="0: a single matrix")
    parser.add_argument("--type", choices=BITS, default="fp32")
    parser.add_argument("--width", type=int, default=2048)
    parser.add_argument("--hidden", type=int, help="of an MLP, 4 * WIDTH if not given")
    parser.add_argument("--features", type=int, default=256, help="of the input and the output")
    parser.add_argument("--sparse", action="store_true")
    args = parser.parse_args()
    hidden = args.hidden or 4 * args.width
    layer_bytes = 2 * args.width * hidden * BITS[args.type] // 8
    layers = max(1, args.bytes // layer_bytes) if args.layers is None else args.layers
    data = args.out.with_name(args.out.name + ".data")
    if os.path.exists(data):
        os.unlink(data)
    Network(DataFile(data, args.sparse), args.type).write(args.out, args.features, args.width,
                                                          layers, hidden)


if __name__ == "__main__":
    main()
