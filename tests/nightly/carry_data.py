#!/usr/bin/env python3
"""Shows what a model is whose data carries the key: figures for the digit classifier, for models cut
in three at every boundary between blocks, and for text through a renumbered tokenizer.

    tests/nightly/carry_data.py digits build/permcrypt DATA MODEL...
    tests/nightly/carry_data.py split  build/permcrypt FOLDER...
    tests/nightly/carry_data.py text   build/permcrypt MODEL TOKENIZER_FOLDER

DATA holds test_images.npy and test_labels.npy; a FOLDER has model.onnx and test_data_set_0; a
TOKENIZER_FOLDER is one that AutoTokenizer reads. Needs onnx, ONNX Runtime and, for text, transformers.
Exit code 1 when anything is not as it should be.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

WRONG_KEYS = 20
failed = False


def check(what, right):
    global failed
    failed = failed or not right
    print(("  ok     " if right else "  WRONG  ") + what, flush=True)


class Tool:
    """permcrypt in a folder of its own, with a key."""

    def __init__(self, path, folder):
        self.path, self.folder = pathlib.Path(path).resolve(), pathlib.Path(folder)
        self("keygen", "-o", "key")

    def run(self, *arguments):
        return subprocess.run([self.path, *map(str, arguments)], cwd=self.folder,
                              capture_output=True, text=True)

    def __call__(self, *arguments):
        done = self.run(*arguments)
        if done.returncode:
            sys.exit(f"permcrypt {' '.join(map(str, arguments))}: {done.stderr}")
        return done.stdout


def session(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def run(model, tensor):
    own = session(model)
    return own.run(None, {own.get_inputs()[0].name: tensor})[0]


def bare_nodes(model):
    """Nodes without the payloads of tensors inside them."""
    nodes = onnx.load(model, load_external_data=False).graph.node
    for node in nodes:
        for attribute in node.attribute:
            for field in ("raw_data", "float_data", "int32_data", "int64_data", "double_data"):
                attribute.t.ClearField(field)
    return [node.SerializeToString(deterministic=True) for node in nodes]


# ------------------------------------------------------------------------------------ digits


def digits(tool, data, *models):
    images = np.load(pathlib.Path(data) / "test_images.npy")
    labels = np.load(pathlib.Path(data) / "test_labels.npy")
    images = ((images[:, None] / np.float32(255)) - np.float32(0.1307)) / np.float32(0.3081)
    for model in map(pathlib.Path, models):
        with tempfile.TemporaryDirectory() as folder:
            print(model, flush=True)
            digits_of(Tool(tool, folder), model.resolve(), images, labels)


def digits_of(tool, model, images, labels):
    said = tool("encrypt", model, "-k", "key", "--carry", "data", "-o", "m.enc.onnx")
    for line in re.findall(r"axe?i?s .* bits.*", said):
        print("         " + line)
    tool("token", "m.enc.onnx", "-k", "key", "-o", "token")
    file = lambda name: tool.folder / name
    check("the same nodes", bare_nodes(model) == bare_nodes(file("m.enc.onnx")))
    expected = run(model, images).argmax(1)
    answer = lambda into: run(file("token.out.onnx"), run(file("m.enc.onnx"), into)).argmax(1)
    same = (answer(run(file("token.in.onnx"), images)) == expected).sum()
    print(f"         original right in {(expected == labels).mean():.1%}")
    check(f"scrambled: {same} of {len(labels)} predictions are the original's", same == len(labels))
    plain = (run(file("m.enc.onnx"), images).argmax(1) == labels).mean()
    check(f"plain images: right in {plain:.1%}", plain <= 0.25)
    wrong = []
    for i in range(WRONG_KEYS):
        tool("keygen", "-o", f"key{i}")
        tool("encrypt", model, "-k", f"key{i}", "--carry", "data", "-o", f"other{i}.onnx")
        tool("token", f"other{i}.onnx", "-k", f"key{i}", "-o", f"other{i}")
        logits = run(file("m.enc.onnx"), run(file(f"other{i}.in.onnx"), images))
        wrong.append((run(file(f"other{i}.out.onnx"), logits).argmax(1) == labels).mean())
    check(f"{WRONG_KEYS} other keys: right in {np.mean(wrong):.1%} in the mean, {min(wrong):.1%} to "
          f"{max(wrong):.1%}", np.mean(wrong) <= 0.13 and max(wrong) <= 0.25)


# ------------------------------------------------------------------------------------- split


def load_tensor(path):
    tensor = onnx.TensorProto()
    tensor.ParseFromString(path.read_bytes())
    return tensor.name, numpy_helper.to_array(tensor)


def test_inputs(folder, model):
    initialised = {tensor.name for tensor in model.graph.initializer}
    names = [v.name for v in model.graph.input if v.name not in initialised]
    feeds = {}
    for i, name in enumerate(names):
        path = folder / "test_data_set_0" / f"input_{i}.pb"
        if path.exists():
            own, value = load_tensor(path)
            feeds[own or name] = value
    return feeds


def run_parts(parts, values):
    """Every part takes by name what it needs of what is known, and adds what it gives."""
    values = dict(values)
    for part in parts:
        own = session(part)
        names = [v.name for v in own.get_outputs()]
        results = own.run(names, {v.name: values[v.name] for v in own.get_inputs()})
        values.update(zip(names, results))
    return values


def distance(found, expected):
    """The largest difference, over the spread of what is expected."""
    worst = 0.0
    for x, y in zip(found, expected):
        if y.dtype.kind != "f" or y.size == 0:
            worst = max(worst, float(not np.array_equal(x, y)))
            continue
        x, y = x.astype(np.float64), y.astype(np.float64)
        if not np.array_equal(np.isfinite(x), np.isfinite(y)):
            return np.inf
        here = np.isfinite(y)
        spread = max(y[here].std(), 1e-6) if here.any() else 1.0
        worst = max(worst, np.abs(x - y)[here].max(initial=0.0) / spread)
    return worst


def boundaries(tool, model):
    """How many there are: the hint for one that is not there says so."""
    hint = tool.run("split", model, "-k", "key", "--at", "99999", "-o", "none").stderr
    found = re.search(r"boundary from 1 to (\d+)", hint)
    return int(found[1]) if found else 0


def split_at(tool, folder, at, feeds, expected, *more):
    out = tool.folder / "parts"
    done = tool.run("split", folder / "model.onnx", "-k", "key", "--at", *at, "-o", out, *more)
    if done.returncode:
        return " ".join(done.stderr.split()), np.inf
    whole = session(folder / "model.onnx")
    values = run_parts([out / f"{part}.onnx" for part in ("head", "body", "tail")], feeds)
    result = distance([values[v.name] for v in whole.get_outputs()], expected)
    wrong = body_alone(out, feeds)
    shutil.rmtree(out)
    return f"{' '.join(done.stderr.split()[:4])}{wrong}", result


def body_alone(out, feeds):
    """What the head says plainly and scrambled differs, or says why not."""
    head = session(out / "head.onnx")
    names = [v.name for v in head.get_outputs()]
    values = dict(zip(names, head.run(names, {v.name: feeds[v.name] for v in head.get_inputs()})))
    still = [n for n in names if n.endswith(".scrambled") and n[:-10] in values
             and np.array_equal(values[n], values[n[:-10]])]
    return f"; not scrambled: {still}" if still else ""


def split(tool, *folders):
    for folder in map(pathlib.Path, folders):
        with tempfile.TemporaryDirectory() as work:
            own = Tool(tool, work)
            feeds = test_inputs(folder, onnx.load(folder / "model.onnx"))
            expected = session(folder / "model.onnx").run(None, feeds)
            count = boundaries(own, folder.resolve() / "model.onnx")
            print(f"{folder.name}: {count} boundaries", flush=True)
            places = [[str(i)] for i in range(1, count + 1)]
            if count > 2:
                places.append(["1", "2"])
            for at in places:
                what, result = split_at(own, folder.resolve(), at, feeds, expected, "--epoch", len(at))
                check(f"{'-'.join(at):5} {what}: {result:.1e}", result < 2e-3)


# -------------------------------------------------------------------------------------- text


def pipeline(model, tokenizer, sentences):
    """Text in, vectors out: it knows nothing of permcrypt."""
    encoded = tokenizer(sentences, padding=True, return_tensors="np")
    own = session(model)
    names = [v.name for v in own.get_outputs()]
    feeds = {v.name: encoded[v.name].astype(np.int64) for v in own.get_inputs()}
    return dict(zip(names, own.run(names, feeds)))


SENTENCES = ["The cat sleeps on the warm windowsill.", "A feline is napping by the window.",
             "Interest rates rose by a quarter of a point.", "The central bank tightened its policy.",
             "He repaired the old bicycle.", "She plays the violin in an orchestra.",
             "Rain is expected in the north tomorrow.", "Quarks are bound by gluons."]


def cosines(x, y):
    x, y = x.reshape(len(x), -1), y.reshape(len(y), -1)
    return (x * y).sum(1) / np.linalg.norm(x, axis=1) / np.linalg.norm(y, axis=1)


def text(tool, model, tokenizer_folder):
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    with tempfile.TemporaryDirectory() as work:
        own = Tool(tool, work)
        plain = AutoTokenizer.from_pretrained(tokenizer_folder)
        plain.save_pretrained(own.folder / "renumbered")
        file = own.folder / "renumbered" / "tokenizer.json"
        model = pathlib.Path(model).resolve()
        for line in re.findall(r"axe?i?s .* bits.*", own(
                "encrypt", model, "-k", "key", "--carry", "data", "-o", "m.enc.onnx")):
            print("         " + line)
        own("token", "m.enc.onnx", "-k", "key", "-o", "token", "--tokenizer", file)
        shutil.move(own.folder / "token.tokenizer.json", file)
        renumbered = AutoTokenizer.from_pretrained(own.folder / "renumbered")
        expected = pipeline(model, plain, SENTENCES)
        encrypted, out = own.folder / "m.enc.onnx", session(own.folder / "token.out.onnx")

        def read(results):
            names = [v.name for v in out.get_outputs()]
            return dict(zip(names, out.run(names, {k + ".scrambled": v for k, v in results.items()})))

        with_key = read(pipeline(encrypted, renumbered, SENTENCES))
        without = read(pipeline(encrypted, plain, SENTENCES))
        for name, value in expected.items():
            check(f"{name}: renumbered tokenizer differs by {distance([with_key[name]], [value]):.1e}",
                  distance([with_key[name]], [value]) < 2e-3)
            check(f"{name}: plain tokenizer, cosine {cosines(without[name], value).mean():.3f}",
                  abs(cosines(without[name], value).mean()) < 0.3)


if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[1] not in ("digits", "split", "text"):
        sys.exit(__doc__)
    globals()[sys.argv[1]](*sys.argv[2:])
    sys.exit(failed)
