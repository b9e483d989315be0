"""Shows that training under encryption is training: the server's weights, decrypted, are those that
plain training gives.

    python3 compare.py PERMCRYPT [STEPS]

Runs server.py and client.py in processes of their own, for three optimisers in two precisions. Key
biases are left out: softmax does not see them, so their true gradient is zero, and Adam makes steps of
the rounding errors that are left.
"""
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from safetensors.torch import load_file, save_file

import client
import server

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parent.parent / "testdata" / "vit-mnist"
BOUNDS = {"float32": 1e-5, "float64": 1e-12}


def in_doubles(model, checkpoint, folder):
    """The same model with every float32 widened."""
    proto = onnx.load(model)
    for tensor in proto.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            wide = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float64), tensor.name)
            tensor.CopyFrom(wide)
    for value in [*proto.graph.input, *proto.graph.output, *proto.graph.value_info]:
        if value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT:
            value.type.tensor_type.elem_type = onnx.TensorProto.DOUBLE
    onnx.save(proto, folder / "model.onnx")
    save_file({k: v.double() for k, v in load_file(checkpoint).items()}, folder / "model.safetensors")


def train_plainly(checkpoint, name, steps, dtype):
    torch.set_num_threads(1)
    model = server.load(checkpoint)
    optimiser = server.OPTIMISERS[name](model.parameters())
    x, y = client.load(DATA / "test_images.npy", DATA / "test_labels.npy", np.dtype(dtype).type)
    for batch in client.batches(len(x) - client.HELD_OUT, steps):
        server.train_step(model, optimiser, torch.from_numpy(x[batch]), torch.from_numpy(y[batch]))
    return model.state_dict()


def train_encrypted(tool, folder, name, steps, dtype):
    def permcrypt(*arguments):
        subprocess.run([tool, *map(str, arguments), "-q", "--force"], check=True, cwd=folder)

    if not (folder / "key").exists():
        permcrypt("keygen", "-o", "key")
    permcrypt("encrypt", "model.onnx", "-k", "key", "--carry", "data", "--checkpoint", "model.safetensors")
    permcrypt("token", "model.enc.onnx", "-k", "key", "-o", "token")
    socket = folder / "socket"
    socket.unlink(missing_ok=True)
    running = subprocess.Popen([sys.executable, HERE / "server.py", socket, folder / "model.enc.safetensors",
                                folder / "trained.safetensors", name])
    while not socket.exists():
        time.sleep(0.1)
    subprocess.run([sys.executable, HERE / "client.py", socket, folder / "token", DATA / "test_images.npy",
                    DATA / "test_labels.npy", str(steps), dtype], check=True)
    assert running.wait() == 0
    permcrypt("decrypt", "model.enc.onnx", "-k", "key", "--checkpoint", "trained.safetensors",
              "-o", "decrypted.onnx")
    return load_file(folder / "decrypted.safetensors")


def largest_difference(x, y):
    worst = 0.0
    for name in x:
        a, b = x[name].double(), y[name].double()
        if name.endswith("qkv.bias"):
            query, _, value = range(3)
            a, b = a.chunk(3), b.chunk(3)
            a, b = torch.cat([a[query], a[value]]), torch.cat([b[query], b[value]])
        worst = max(worst, (a - b).abs().max().item())
    return worst


def main(tool, steps="50"):
    failed = False
    for dtype, bound in BOUNDS.items():
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            if dtype == "float64":
                in_doubles(DATA / "model.onnx", DATA / "model.safetensors", folder)
            else:
                for file in ("model.onnx", "model.safetensors"):
                    (folder / file).write_bytes((DATA / file).read_bytes())
            for optimiser in server.OPTIMISERS:
                plain = train_plainly(folder / "model.safetensors", optimiser, int(steps), dtype)
                trained = train_encrypted(pathlib.Path(tool).resolve(), folder, optimiser, int(steps), dtype)
                difference = largest_difference(plain, trained)
                print(f"{dtype} {optimiser:5}  weights differ by {difference:.1e} at most")
                failed = failed or not difference <= bound
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
