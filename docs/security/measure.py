#!/usr/bin/env python3
"""What models are worth under keys that are wrong, or nearly right: the figures of docs/security.md.

    measure.py TOOL REAL [--minilm DIR] [-o FOLDER]

REAL holds vit-mnist/ (model.onnx, test_images.npy, test_labels.npy) and gpt-char/ (model.onnx,
heldout_windows.npy); DIR holds minilm.onnx and tokens.npz, as an export of all-MiniLM-L6-v2 with
its tokenised sentences. Needs numpy, onnx, onnxruntime and matplotlib. Writes swaps.svg and
figures.json into FOLDER (this one), and the tables of the page to standard output.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime as ort

HERE = pathlib.Path(__file__).resolve().parent
DRAWS, WRONG_KEYS = 5, 20


class Task:
    """A model with data: inputs to feed, and the one number that its results are worth."""

    def __init__(self, name, model, inputs, score, unit, chance):
        self.name, self.model, self.inputs, self.score = name, model, inputs, score
        self.unit, self.chance = unit, chance


def vit(folder):
    images = np.load(folder / "test_images.npy").reshape(-1, 1, 28, 28).astype(np.float32)
    images = (images / 255 - 0.1307) / 0.3081
    labels = np.load(folder / "test_labels.npy")
    return Task("vit-mnist", folder / "model.onnx", {"image": images},
                lambda out: 100 * float((out[0].argmax(-1) == labels).mean()), "% accuracy", 10)


def gpt(folder):
    windows = np.load(folder / "heldout_windows.npy").astype(np.int64)[:200]

    def bits(out):
        logits = out[0].astype(np.float64)
        logits -= logits.max(-1, keepdims=True)
        logp = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        return float(-np.take_along_axis(logp, windows[:, 1:, None], -1).mean() / np.log(2))

    return Task("gpt-char", folder / "model.onnx", {"input_ids": windows[:, :-1]}, bits,
                "bits per character", 4.73)


def minilm(folder):
    model = folder / "minilm.onnx"
    data = np.load(folder / "tokens.npz")
    inputs = {k: data[k] for k in ("input_ids", "attention_mask", "token_type_ids")}
    plain = run(model, inputs)[1]

    def cosine(out):
        a, b = plain, out[1]
        return float(((a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)).mean())

    return Task("MiniLM", model, inputs, cosine, "cosine to the original", 0)


def session(model):
    options = ort.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("THREADS", "1"))
    options.log_severity_level = 3
    return ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def run(model, inputs):
    return session(model).run(None, inputs)


class Locked:
    """An encrypted model with its token, and the locks that share the token."""

    def __init__(self, tool, task, internal, folder):
        self.task = task
        path = folder / f"{task.name}.{internal}.onnx"
        key = folder / "key"
        if not key.exists():
            subprocess.run([tool, "keygen", "-o", key], check=True, capture_output=True)
        subprocess.run([tool, "encrypt", task.model, "-o", path, "-k", key, "--internal", internal,
                        "-q", "--force"], check=True)
        token = folder / "token.npz"
        subprocess.run([tool, "token", path, "-o", token, "-k", key, "-q", "--force"], check=True)
        self.token = np.load(token)["permcrypt_key"]
        self.session = session(path)
        self.parts = []  # (begin, entries in use, what it sits on)
        graph = onnx.load(path).graph
        split = next(n for n in graph.node if "permcrypt_key" in n.input)
        constants = {i.name: i for i in graph.initializer}
        sizes = (onnx.numpy_helper.to_array(constants[split.input[1]]) if len(split.input) > 1
                 else next(a.ints for a in split.attribute if a.name == "split"))
        begin = 0
        for part, size in zip(split.output, sizes):
            gather = next(n for n in graph.node if n.op_type == "Gather" and part in n.input)
            value = gather.input[1] if gather.input[0] == part else gather.input[0]
            used = np.arange(size)
            if gather.input[0] == part:  # ids: those of the data; positions: as long as it is
                longest = max(v.shape[1] for v in task.inputs.values())
                used = (np.unique(task.inputs[value]) if value in task.inputs
                        else np.arange(min(size, longest)))
            self.parts.append((begin, int(size), used, value))
            begin += int(size)

    def score(self, token):
        return self.task.score(self.session.run(None, {**self.task.inputs, "permcrypt_key": token}))

    def right(self):
        return self.score(self.token)

    def none(self):
        return self.score(np.concatenate([np.arange(s) for _, s, _, _ in self.parts]).astype(np.int32))

    def random(self, seed, only=None):
        rng, token = np.random.default_rng(seed), self.token.copy()
        for i, (begin, size, _, _) in enumerate(self.parts):
            if only is None or i == only:
                token[begin:begin + size] = rng.permutation(size)
        return self.score(token)

    def swapped(self, swaps, seed):
        rng, token = np.random.default_rng(seed), self.token.copy()
        for begin, _, used, _ in self.parts:
            pairs = rng.permutation(used)[: 2 * min(swaps, len(used) // 2)]
            a, b = begin + pairs[::2], begin + pairs[1::2]
            token[a], token[b] = token[b], token[a]
        return self.score(token)

    def largest(self):
        return max(len(used) for _, _, used, _ in self.parts) // 2


def measure(tool, task, internal, folder):
    locked = Locked(tool, task, internal, folder)
    wrong = [locked.random(seed) for seed in range(WRONG_KEYS)]
    curve, swaps = {}, 1
    while swaps <= locked.largest():
        draws = [locked.swapped(swaps, seed) for seed in range(DRAWS)]
        curve[swaps] = [float(np.mean(draws)), float(np.min(draws)), float(np.max(draws))]
        swaps *= 2
    alone = [{"value": value, "size": size,
              "score": float(np.mean([locked.random(seed, i) for seed in range(DRAWS)]))}
             for i, (_, size, _, value) in enumerate(locked.parts)]
    return {"original": task.score(run(task.model, task.inputs)), "with the key": locked.right(),
            "without": locked.none(), "wrong": [min(wrong), float(np.mean(wrong)), max(wrong)],
            "swaps": curve, "alone": alone}


def plot(results, tasks, out):
    import matplotlib
    matplotlib.use("svg")
    import matplotlib.pyplot as plt
    matplotlib.rcParams["svg.hashsalt"] = "permcrypt"
    figure, axes = plt.subplots(1, len(tasks), figsize=(4 * len(tasks), 3.2))
    for axis, task in zip(np.atleast_1d(axes), tasks):
        for internal, marker in (("none", "o"), ("block", "s")):
            result = results[task.name][internal]
            k = [int(x) for x in result["swaps"]]
            mean, low, high = zip(*result["swaps"].values())
            axis.plot(k, mean, marker=marker, label=f"--internal {internal}")
            axis.fill_between(k, low, high, alpha=0.2)
        axis.axhline(result["original"], color="black", linewidth=0.8)
        axis.axhline(task.chance, color="black", linewidth=0.8, linestyle=":")
        axis.set_xscale("log", base=2)
        axis.set_title(task.name)
        axis.set_xlabel("exchanged pairs in each lock")
        axis.set_ylabel(task.unit)
    np.atleast_1d(axes)[0].legend(frameon=False)
    figure.tight_layout()
    figure.savefig(out, metadata={"Date": None})


def tables(results, tasks):
    def number(x):
        return f"{x:.1f}" if abs(x) >= 10 else f"{x:.2f}"
    print("| model | original | with the key | without | 20 wrong keys |\n|---|---|---|---|---|")
    for task in tasks:
        for internal in ("none", "block"):
            r = results[task.name][internal]
            print(f"| {task.name}, `{internal}` ({task.unit}) | {number(r['original'])} | "
                  f"{number(r['with the key'])} | {number(r['without'])} | "
                  f"{number(r['wrong'][0])} to {number(r['wrong'][2])} |")
    for task in tasks:
        ks = sorted({int(k) for i in ("none", "block") for k in results[task.name][i]["swaps"]})
        print(f"\n| {task.name} | " + " | ".join(map(str, ks)) + " |\n|---|" + "---|" * len(ks))
        for internal in ("none", "block"):
            swaps = results[task.name][internal]["swaps"]
            print(f"| `{internal}` | " + " | ".join(number(swaps[k][0]) if k in swaps else ""
                                                   for k in ks) + " |")
        print("\n| lock | size | alone wrong |\n|---|---|---|")
        for lock in results[task.name]["block"]["alone"]:
            print(f"| `{lock['value']}` | {lock['size']} | {number(lock['score'])} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool")
    parser.add_argument("real", type=pathlib.Path)
    parser.add_argument("--minilm", type=pathlib.Path)
    parser.add_argument("-o", "--out", type=pathlib.Path, default=HERE)
    options = parser.parse_args()
    tasks = [vit(options.real / "vit-mnist"), gpt(options.real / "gpt-char")]
    if options.minilm:
        tasks.append(minilm(options.minilm))
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for task in tasks:
            results[task.name] = {i: measure(os.path.abspath(options.tool), task, i, pathlib.Path(folder))
                                  for i in ("none", "block")}
            print(task.name, "measured", file=sys.stderr)
    (options.out / "figures.json").write_text(json.dumps(results, indent=1) + "\n")
    plot(results, tasks, options.out / "swaps.svg")
    tables(results, tasks)


if __name__ == "__main__":
    main()
