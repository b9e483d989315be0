#!/usr/bin/env python3
"""decrypt and verify --changed-weights after what people do to models.

    changed_weights.py TOOL ZOO [MODEL ...]

Each model is encrypted, then changed by the usual programs: saved again, its initializers reordered,
its weights moved into a data file and back, trained a step, cast to half precision (onnxconverter-
common), optimised (onnxslim). The decrypted model must compute what the encrypted one computes with
its token, or decrypt must refuse with exit 1 and name what it cannot match. Needs onnx, onnxruntime,
numpy, onnxconverter_common and onnxslim; skips itself (exit 77) without them.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import onnx
    import onnxruntime as ort
    import onnxslim
    from onnxconverter_common import float16
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

MODELS = ["mlp-dynamo", "bert-seqcls-dynamo", "bert-mlm-tied-dynamo", "vit-imgcls-dynamo",
          "llama-gqa-untied-dynamo", "gpt2-tied-dynamo", "gpt2-decoder-merged", "t5-full-tied-dynamo",
          "bert-seqcls-optimum-opset13", "bert-weights-as-constants", "llama-external-onefile-aligned",
          "resnet-basic-imgcls-dynamo"]


def saved(model, path):
    onnx.save(model, path)


def reordered(model, path):
    tensors = list(model.graph.initializer)[::-1]
    del model.graph.initializer[:]
    model.graph.initializer.extend(tensors)
    onnx.save(model, path)


def outside(model, path):
    onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=256)


def trained(model, path):
    rng = np.random.default_rng(0)
    for i, tensor in enumerate(model.graph.initializer):
        value = onnx.numpy_helper.to_array(tensor)
        if value.dtype == np.float32 and value.size > 8:
            noise = rng.standard_normal(value.shape).astype(np.float32)
            new = onnx.numpy_helper.from_array((value + 0.01 * value.std() * noise).astype(np.float32),
                                               tensor.name)
            model.graph.initializer[i].CopyFrom(new)
    onnx.save(model, path)


def halved(model, path):
    onnx.save(float16.convert_float_to_float16(model, keep_io_types=True), path)


def slimmed(model, path):
    onnx.save(onnxslim.slim(model), path)


CHANGES = [saved, reordered, outside, trained, halved, slimmed]


def feeds_of(folder, session):
    names = [i.name for i in session.get_inputs()]
    out = {}
    for k in range(64):
        path = folder / "test_data_set_0" / f"input_{k}.pb"
        if path.exists():
            tensor = onnx.TensorProto.FromString(path.read_bytes())
            out[tensor.name or names[k]] = onnx.numpy_helper.to_array(tensor)
    return {k: v for k, v in out.items() if k in names}


def run(path, source, extra):
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run(None, {**feeds_of(source, session), **extra})


def off(a, b):
    worst = 0.0
    for x, y in zip(a, b):
        if x.size and np.issubdtype(x.dtype, np.floating):
            x, y = x.astype(np.float64), y.astype(np.float64)
            keep = np.isfinite(x) & np.isfinite(y)
            scale = x[keep].std() or 1
            worst = max(worst, float(abs(x - y)[keep].max(initial=0) / scale))
    return worst


def check(tool, source, change, folder):
    """One line of what came out; raises where it is wrong."""
    key, enc = folder / "key", folder / "enc.onnx"
    subprocess.run([tool, "keygen", "-o", key, "-q"], check=True, capture_output=True)
    subprocess.run([tool, "encrypt", source / "model.onnx", "-o", enc, "-k", key, "--internal",
                    "block", "--cache", "plain", "-q"], check=True, capture_output=True)
    token = folder / "token.npz"
    subprocess.run([tool, "token", enc, "-o", token, "-k", key, "-q"], check=True)
    (folder / "new").mkdir()
    (folder / "back").mkdir()
    changed, plain = folder / "new" / "changed.onnx", folder / "back" / "plain.onnx"
    try:
        change(onnx.load(enc), changed)
        wanted = run(changed, source, dict(np.load(token)))
    except Exception as error:  # the program itself fails on this model
        return f"not possible: {str(error).splitlines()[0][:80]}"
    refused = subprocess.run([tool, "decrypt", changed, "-o", plain, "-k", key, "-q"],
                             capture_output=True, text=True)
    assert refused.returncode in (1, 6), refused.stderr
    done = subprocess.run([tool, "decrypt", changed, "-o", plain, "-k", key, "--changed-weights", "-q"],
                          capture_output=True, text=True)
    if done.returncode:
        assert done.returncode in (1, 6), done.stderr
        return "refused: " + done.stderr.splitlines()[0][:160]
    difference = off(wanted, run(plain, source, {}))
    limit = 0.05 if change is halved else 1e-3
    assert difference < limit, f"off by {difference}"
    verdict = subprocess.run([tool, "verify", changed, "-k", key, "--changed-weights", "--inputs",
                              source / "test_data_set_0"], capture_output=True, text=True)
    proof = next((l for l in verdict.stdout.splitlines() if l.startswith("static proof")), "no proof")
    return f"ok, off by {difference:.1e}; verify {verdict.returncode}: {proof[:80]}"


def main():
    tool, zoo = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
    failures = 0
    for name in sys.argv[3:] or MODELS:
        for change in CHANGES:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    result = check(tool, zoo / name, change, pathlib.Path(folder))
                except (AssertionError, subprocess.CalledProcessError) as error:
                    failures += 1
                    result = f"WRONG: {error}"
            print(f"{name:32} {change.__name__:10} {result}", flush=True)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
