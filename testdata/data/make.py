#!/usr/bin/env python3
"""Makes the files beside it with numpy, onnx, polygraphy and Pillow: data as other programs write it."""
import pathlib

import numpy as np
import onnx
from PIL import Image
from onnx import TensorProto, helper
from polygraphy.json import save_json

here = pathlib.Path(__file__).parent
types = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]
values = np.array([[0, 1, 2], [3, 4, 100]])
arrays = {code: values.astype(code) for code in types}
arrays["b1"] = values > 1
arrays["scalar"] = np.float32(0.5)
arrays["empty"] = np.zeros((2, 0, 3), np.float32)
arrays["fortran"] = np.asfortranarray(np.arange(24, dtype=np.int32).reshape(2, 3, 4))
arrays["vector"] = np.arange(4000, dtype=np.int64) % 7

np.savez(here / "stored.npz", **arrays)
np.savez_compressed(here / "deflated.npz", **arrays)
np.savez(here / "big_endian.npz", x=values.astype(">f4"))
np.savez(here / "objects.npz", x=np.array(["a", None], dtype=object))
np.savez(here / "token.npz", permcrypt_key=np.array([2, 0, 1], np.int32))
save_json([{"x": values.astype("f4"), "ids": np.array([1, 2])}, {"x": values.astype("f4") + 1}],
          str(here / "polygraphy.json"))

# One of the digit classifier's pictures, and the same with three channels.
digit = Image.fromarray(np.load(here.parent / "vit-mnist" / "test_images.npy")[3])
digit.save(here / "digit.png")
digit.convert("RGB").save(here / "digit-rgb.png")

# One file for each field that can hold elements.
typed = here / "typed"
typed.mkdir(exist_ok=True)
kinds = [TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE,
         TensorProto.INT8, TensorProto.UINT16, TensorProto.INT32, TensorProto.INT64,
         TensorProto.UINT32, TensorProto.UINT64, TensorProto.BOOL]
for index, kind in enumerate(kinds):
    tensor = helper.make_tensor(f"t{index}", kind, [2, 2], [0, 1, 1, 0])
    (typed / f"input_{index}.pb").write_bytes(tensor.SerializeToString())

# y = x w, with w in a file of its own.
model = here.parent / "models" / "matmul-external"
model.mkdir(exist_ok=True)
weight = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
(model / "weights.bin").write_bytes(bytes(64) + weight.tobytes())
w = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=weight.shape,
                data_location=TensorProto.EXTERNAL)
for key, value in {"location": "weights.bin", "offset": 64, "length": weight.nbytes}.items():
    w.external_data.add(key=key, value=str(value))
graph = helper.make_graph(
    [helper.make_node("MatMul", ["x", "w"], ["y"])], "g",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])], [w])
(model / "model.onnx").write_bytes(
    helper.make_model(graph, ir_version=8,
                      opset_imports=[helper.make_opsetid("", 13)]).SerializeToString())
