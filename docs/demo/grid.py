#!/usr/bin/env python3
"""Draws pictures, what the client graph makes of them, and what the models say: docs/demo/grid.png.

    docs/demo/grid.py build/permcrypt docs/demo/grid.png

Needs ONNX Runtime, NumPy, matplotlib and Pillow for Python.
"""
import io
import pathlib
import subprocess
import sys
import tempfile

import matplotlib
import numpy as np
import onnxruntime

matplotlib.use("agg")
import matplotlib.pyplot as plt
from PIL import Image

DATA = pathlib.Path(__file__).resolve().parents[2] / "testdata" / "vit-mnist"
MEAN, DEVIATION = 0.1307, 0.3081  # what the classifier was trained with
RIGHT, WRONG, INK = "#1a7f4b", "#b42318", "#1c2330"


def encrypt(tool, folder):
    def permcrypt(*arguments):
        subprocess.run([tool, *map(str, arguments), "-q"], check=True, cwd=folder)

    permcrypt("keygen", "-o", "key")
    permcrypt("encrypt", DATA / "model.onnx", "-k", "key", "--carry", "data", "-o", "model.enc.onnx")
    permcrypt("token", "model.enc.onnx", "-k", "key", "-o", "token")


def run(model, tensor):
    session = onnxruntime.InferenceSession(str(model))
    return session.run(None, {session.get_inputs()[0].name: tensor})[0]


# The first of each digit that the original reads right.
def choose(labels, original):
    return [int(np.argmax((labels == digit) & (original == digit))) for digit in range(10)]


def draw(rows, labels, picture):
    """rows: (what, pictures, (model, what it says)...)."""
    side, gap, line, left = 56, 6, 18, 150  # in pixels
    heights = [side + line * (len(row) - 2) + 3 * gap for row in rows]
    width, height = left + 10 * (side + gap), sum(heights) + gap
    figure = plt.figure(figsize=(width / 100, height / 100), dpi=100)

    def write(x, y, what, **style):
        figure.text(x / width, 1 - y / height, what, va="center", **style)

    y = gap
    for (what, pictures, *answers), below in zip(rows, heights):
        write(left - gap, y + side / 2, what, ha="right", fontsize=9, color=INK)
        for i, (model, said) in enumerate(answers):
            middle = y + side + gap + line * (i + 0.5)
            write(left - gap, middle, model + " says", ha="right", fontsize=9, color=INK)
            for k in range(10):
                write(left + k * (side + gap) + side / 2, middle, said[k], ha="center", fontsize=11,
                      weight="bold", color=RIGHT if said[k] == labels[k] else WRONG)
        for k in range(10):
            x = left + k * (side + gap)
            figure.figimage(np.kron(pictures[k], np.ones((2, 2))), x, height - y - side, cmap="gray",
                            vmin=0, vmax=1)
        y += below
    raw = io.BytesIO()
    figure.savefig(raw, dpi=100)
    Image.open(raw).convert("RGB").quantize(64).save(picture, optimize=True)


def main(tool, picture):
    images, labels = np.load(DATA / "test_images.npy"), np.load(DATA / "test_labels.npy")
    plain = ((images[:, None] / np.float32(255)) - np.float32(MEAN)) / np.float32(DEVIATION)
    original = run(DATA / "model.onnx", plain).argmax(1)
    chosen = choose(labels, original)
    plain, original = plain[chosen], original[chosen]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        encrypt(pathlib.Path(tool).resolve(), folder)
        scrambled = run(folder / "token.in.onnx", plain)
        with_key = run(folder / "token.out.onnx", run(folder / "model.enc.onnx", scrambled)).argmax(1)
        without = run(folder / "model.enc.onnx", plain).argmax(1)
    as_picture = lambda x: np.clip(x[:, 0] * DEVIATION + MEAN, 0, 1)
    draw([("plain picture", as_picture(plain), ("original", original), ("encrypted model", without)),
          ("scrambled picture", as_picture(scrambled), ("encrypted model", with_key))],
         labels[chosen], picture)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
