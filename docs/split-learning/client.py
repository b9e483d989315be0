"""Has images, labels and the client graphs, and lets a server train on them.

    python3 client.py SOCKET TOKEN IMAGES.npy LABELS.npy STEPS [float64]

TOKEN.in.onnx scrambles the images. Labels are renumbered as logits are: TOKEN.out.onnx, given the
numbers 0, 1, 2 ... as if they were logits, says which class is which.
"""
import socket
import sys

import numpy as np
import onnxruntime

import wire

BATCH, HELD_OUT = 64, 200


class Client:
    def __init__(self, token, dtype=np.float32):
        self.dtype = dtype
        self.into = onnxruntime.InferenceSession(token + ".in.onnx")
        self.out = onnxruntime.InferenceSession(token + ".out.onnx")
        self.name = self.into.get_inputs()[0].name
        classes = self.out.get_inputs()[0].shape[-1]
        self.secret_class = self.unscramble(np.arange(classes, dtype=dtype)[None])[0].astype(np.int64)

    def scramble(self, images):
        return self.into.run(None, {self.name: images})[0]

    def unscramble(self, logits):
        return self.out.run(None, {self.out.get_inputs()[0].name: logits})[0]


def load(images, labels, dtype=np.float32):
    pixels = np.load(images).reshape(-1, 1, 28, 28).astype(dtype)
    return (pixels / 255 - 0.1307) / 0.3081, np.load(labels).astype(np.int64)


def batches(count, steps):
    order = np.random.default_rng(1)
    return [order.choice(count, BATCH, replace=False) for _ in range(steps)]


def ask(connection, **arrays):
    wire.send(connection, **arrays)
    return wire.receive(connection)


def main(path, token, images, labels, steps, dtype="float32"):
    client = Client(token, np.dtype(dtype).type)
    x, y = load(images, labels, client.dtype)
    train, test = slice(0, len(x) - HELD_OUT), slice(len(x) - HELD_OUT, None)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        for step, batch in enumerate(batches(train.stop, int(steps))):
            loss = ask(connection, images=client.scramble(x[train][batch]),
                       labels=client.secret_class[y[train][batch]])["loss"]
            if step % 10 == 0:
                print(f"step {step:3}  loss {loss:.4f}")
        logits = client.unscramble(ask(connection, images=client.scramble(x[test]))["logits"])
        print(f"accuracy with the key     {(logits.argmax(1) == y[test]).mean():.3f}")
        logits = ask(connection, images=x[test])["logits"]
        print(f"accuracy without the key  {(logits.argmax(1) == y[test]).mean():.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
