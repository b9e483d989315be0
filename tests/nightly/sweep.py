#!/usr/bin/env python3
"""Takes every model of a folder the whole way, and prints a table of what went wrong.

    tests/nightly/sweep.py build/permcrypt MODELS [--carry key|data|both] [--internal none|block|all]
                           [--only TEXT] [--jobs N] [--skip-verify] [--json FILE]

MODELS holds one folder per model, with model.onnx and test_data_set_0 (the ONNX backend-test
layout). Each is encrypted; run in ONNX Runtime with the token, with the identity and with wrong
keys; verified with made-up and with the given inputs; decrypted, and compared byte for byte. Exit
code 1 when any model failed. Needs onnx, onnxruntime and numpy.

Results are compared without the runtime's optimisations, which choose other kernels for other
graphs. The results of the comparison do not come from permcrypt's own code: this is the check of
`verify` as well.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime as ort
from onnx import numpy_helper

KEY = "permcrypt_key"
NOTHING = 6  # exit code: nothing to protect
SLOW = 10  # seconds
TOLERANCE = {4: 1e-4, 8: 1e-6, 2: 5e-2}  # by the bytes of a number, over the scale of the output


class Failed(Exception):
    pass


def call(args, env, times, allowed=(0,)):
    start = time.time()
    try:
        run = subprocess.run([str(a) for a in args], capture_output=True, text=True, env=env,
                             timeout=300)
    except subprocess.TimeoutExpired:
        raise Failed(f"{args[1]}: does not end")
    times[args[1]] = round(max(times.get(args[1], 0), time.time() - start), 1)
    if run.returncode not in allowed:
        lines = [line for line in run.stderr.splitlines() if line] or ["no message"]
        raise Failed(f"{args[1]}: exit {run.returncode}: {' | '.join(lines)[:300]}")
    return run


def session(model):
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def given_inputs(folder, names):
    """Tensors bind by their names, those without one by position."""
    files = sorted(folder.glob("input_*.pb"), key=lambda p: int(p.stem.split("_")[1]))
    feed = {}
    for file, name in zip(files, names):
        tensor = onnx.TensorProto.FromString(file.read_bytes())
        feed[tensor.name if tensor.name in names else name] = numpy_helper.to_array(tensor)
    return feed


def difference(expected, got):
    """The largest difference over the scale of the expected values; for integers the share that
    differs. None where there is nothing to tell apart."""
    if not isinstance(expected, np.ndarray) or expected.dtype == object:
        return 0.0 if str(expected) == str(got) else 1.0
    if expected.shape != got.shape:
        return float("inf")
    if expected.size == 0:
        return 0.0
    if expected.dtype.kind not in "fV":
        return float(np.mean(expected != got))
    a, b = expected.astype(np.float64), got.astype(np.float64)
    finite = np.isfinite(a)
    if not np.array_equal(finite, np.isfinite(b)) or not np.array_equal(a[~finite], b[~finite],
                                                                       equal_nan=True):
        return float("inf")
    scale = np.std(a[finite]) if finite.any() else 0
    gap = np.max(np.abs(a[finite] - b[finite]), initial=0)
    return float(gap / scale) if scale > 0 else float(gap)


def worst(expected, got):
    return max((difference(e, g) for e, g in zip(expected, got)), default=0.0)


def tolerance(model, expected):
    halves = (onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16)
    half = any(t.data_type in halves for t in model.graph.initializer) or any(
        a.name == "to" and a.i in halves for n in model.graph.node for a in n.attribute)
    sizes = [e.dtype.itemsize for e in expected if getattr(e, "dtype", np.dtype("U")).kind == "f"]
    return TOLERANCE[2 if half else min(sizes, default=4)]


def lock_sizes(model):
    """The parts of the key, from the Split that takes it."""
    for node in model.graph.node:
        if node.op_type == "Split" and node.input[0] == KEY:
            if len(node.input) > 1:
                sizes = next(t for t in model.graph.initializer if t.name == node.input[1])
                return numpy_helper.to_array(sizes).tolist()
            return list(next(a for a in node.attribute if a.name == "split").ints)
    return []


def wrong_keys(sizes, count):
    yield np.concatenate([np.arange(n) for n in sizes])
    random = np.random.default_rng(0)
    for _ in range(count):
        yield np.concatenate([random.permutation(n) for n in sizes])


def check_with_key_input(original, encrypted, token, feed, row):
    plain, locked = session(original), session(encrypted)
    expected = plain.run(None, feed)
    fed = dict(np.load(token))
    row["right"] = worst(expected, locked.run(None, {**feed, **fed}))
    model = onnx.load(encrypted, load_external_data=False)
    key = fed[KEY]
    wrong = [worst(expected, locked.run(None, {**feed, KEY: k.astype(key.dtype)}))
             for k in wrong_keys(lock_sizes(model), 5)]
    row["identity"], row["wrong"] = wrong[0], float(np.median(wrong[1:]))
    if row["right"] > tolerance(model, expected):
        raise Failed(f"wrong with the key: differs by {row['right']:.2g}")
    if min(wrong[0], row["wrong"]) < 0.3:
        row["notes"].append(f"weak: {min(wrong[0], row['wrong']):.2g} without the key")


def check_with_data(original, encrypted, token, feed, row):
    plain, locked = session(original), session(encrypted)
    before, after = (session(token.with_suffix(f".{end}.onnx")) for end in ("in", "out"))
    expected = plain.run(None, feed)
    key = dict(np.load(token)) if token.exists() else {}

    def run(fed):
        names = [o.name for o in locked.get_outputs()]
        out = locked.run(None, {**fed, **key})
        back = after.run(None, {f"{n}.scrambled": v for n, v in zip(names, out)})
        return [dict(zip([o.name for o in after.get_outputs()], back))[n] for n in names]

    scrambled = dict(zip([o.name.removesuffix(".scrambled") for o in before.get_outputs()],
                         before.run(None, feed)))
    row["right"] = worst(expected, run(scrambled))
    row["identity"] = worst(expected, locked.run(None, {**feed, **key}))
    model = onnx.load(encrypted, load_external_data=False)
    if row["right"] > tolerance(model, expected):
        raise Failed(f"wrong with the key: differs by {row['right']:.2g}")


def check_results(tool, original, encrypted, inputs, options, env, row):
    """Caches are in the key's order, which this cannot map: where results differ, the model must be
    right with its caches left plain."""
    names = [i.name for i in session(original).get_inputs()]
    feed = given_inputs(inputs, names)
    compare = check_with_key_input if options.carry == "key" else check_with_data
    token = encrypted.with_name("token.npz")
    call([tool, "token", encrypted, "-o", token], env, row["times"])
    try:
        compare(original, encrypted, token, feed, row)
    except Failed:
        plain = encrypted.with_name("plain.enc.onnx")
        call([tool, "encrypt", original, "-o", plain, "--cache", "plain", "--carry", options.carry,
              "--internal", options.internal], env, row["times"])
        token = encrypted.with_name("plain.npz")
        call([tool, "token", plain, "-o", token], env, row["times"])
        compare(original, plain, token, feed, row)
        row["notes"].append("right with plain caches only")


def check_way_back(tool, original, encrypted, work, env, row):
    back = work / "back"
    back.mkdir()
    call([tool, "decrypt", encrypted, "-o", back / "model.onnx"], env, row["times"])
    for file in back.rglob("*"):
        if file.is_file():
            twin = original.parent / file.relative_to(back)
            if file.read_bytes() != twin.read_bytes():
                raise Failed(f"decrypt: {file.name} differs")


def summarise(report, row):
    row["both"] = report["coverage"]["both"]
    row["none"] = report["coverage"]["none"]
    row["locks"] = len(report["locks"])
    row["unknown"] = report["unknown_ops"]
    held = {}
    for tensor in report["tensors"]:
        if tensor["counts"] and tensor["protected"] != "both":
            held[tensor["why"]] = held.get(tensor["why"], 0) + tensor["bytes"]
    total = report["coverage"]["weight_bytes"] or 1
    row["held"] = sorted(((b / total, why) for why, b in held.items()), reverse=True)[:4]


def check(tool, folder, options):
    row = {"name": folder.name, "state": "ok", "notes": [], "times": {}}
    original = folder / "model.onnx"
    try:
        with tempfile.TemporaryDirectory() as temp:
            work = pathlib.Path(temp)
            env = {**os.environ, "PERMCRYPT_KEY_FILE": str(work / "key")}
            call([tool, "keygen", "-o", work / "key"], env, {})
            encrypted = work / "model.enc.onnx"
            done = call([tool, "encrypt", original, "-o", encrypted, "--carry", options.carry,
                         "--internal", options.internal], env, row["times"], (0, NOTHING))
            row["notes"] += [line for line in done.stderr.splitlines() if "warning" in line]
            if done.returncode == NOTHING:
                row["state"] = "nothing"
                row["notes"].append(done.stderr.splitlines()[0])
                return row
            summarise(json.loads(call([tool, "inspect", "--json", original], env,
                                      row["times"]).stdout), row)
            inputs = folder / "test_data_set_0"
            check_results(tool, original, encrypted, inputs, options, env, row)
            check_way_back(tool, original, encrypted, work, env, row)
            if not options.skip_verify:
                for given in ([], ["--inputs", inputs]):
                    call([tool, "verify", encrypted, "--original", original, *given], env,
                         row["times"])
    except Failed as failure:
        row["state"], row["notes"] = "FAILED", [str(failure)] + row["notes"]
    except Exception as failure:  # the driver's own trouble, or ONNX Runtime's
        row["state"], row["notes"] = "ERROR", [f"{type(failure).__name__}: {failure}"[:300]]
    slow = {k: v for k, v in row["times"].items() if v > SLOW}
    if slow:
        row["notes"].append(f"slow: {slow}")
    return row


def show(row):
    number = lambda key: f"{row[key]:.2g}" if key in row else "-"
    share = f"{100 * row['both']:.1f}" if "both" in row else "-"
    times = "/".join(f"{row['times'].get(k, 0):.1f}" for k in ("encrypt", "verify", "decrypt"))
    unknown = ",".join(row.get("unknown", []))
    print(f"{row['name']:44} {row['state']:8} {share:>6} {row.get('locks', '-'):>4} "
          f"{number('right'):>8} {number('identity'):>8} {number('wrong'):>8} {times:>14} "
          f"{unknown} {' || '.join(row['notes'])}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("models", type=pathlib.Path)
    parser.add_argument("--carry", default="key")
    parser.add_argument("--internal", default="none")
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--skip-verify", action="store_true")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    folders = [m.parent for m in sorted(options.models.glob("*/model.onnx"))
               if options.only in m.parent.name and (m.parent / "test_data_set_0").exists()]
    print(f"{'model':44} {'state':8} {'both':>6} {'lock':>4} {'right':>8} {'identity':>8} "
          f"{'wrong':>8} {'enc/ver/dec s':>14}")
    rows = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for row in pool.map(lambda folder: check(options.tool, folder, options), folders):
            rows.append(row)
            show(row)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    bad = [row["name"] for row in rows if row["state"] in ("FAILED", "ERROR")]
    low = [row["name"] for row in rows if row.get("both", 1) < 0.9]
    print(f"\n{len(rows)} models, {len(bad)} failed, {len(low)} below 90 % on both axes")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
