#!/usr/bin/env python3
"""What locks cost at run time: latency.py PERMCRYPT MODEL... [OPTION...]

Encrypts each model in every way below, runs original and encrypted in ONNX Runtime by turns, and
prints the ratio of the best rounds. With --nodes each run is profiled, and the ratio is of the sums
of each node's fastest time: that says what the nodes cost, also on a machine that is not quiet.
Needs the Python packages onnxruntime and numpy. A dynamic
dimension is the batch if it comes first, else --length.
"""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import tempfile
import time

import numpy as np
import onnxruntime

WAYS = {
    "default": [],
    "block": ["--internal", "block"],
    "all": ["--internal", "all"],
    "data": ["--carry", "data"],
}
TYPES = {"tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(float)": np.float32,
         "tensor(float16)": np.float16}


def session(path, threads, profile):
    options = onnxruntime.SessionOptions()
    if profile:
        options.enable_profiling = True
        options.profile_file_prefix = str(profile / "profile")
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def inputs_of(original, batch, length):
    random = np.random.default_rng(1)
    feed = {}
    for value in original.get_inputs():
        shape = [d if isinstance(d, int) else batch if i == 0 else length
                 for i, d in enumerate(value.shape)]
        kind = TYPES[value.type]
        if "mask" in value.name:
            feed[value.name] = np.ones(shape, kind)
        elif np.issubdtype(kind, np.integer):
            feed[value.name] = random.integers(0, 2, shape).astype(kind)
        else:
            feed[value.name] = random.standard_normal(shape).astype(kind)
    return feed


def encrypt(tool, model, folder, way, dims):
    out = folder / f"{model.stem}.{way}.onnx"
    command = [tool, "encrypt", model, "-o", out, "-q", *WAYS[way], *dims]
    if subprocess.run(command, stderr=subprocess.DEVNULL).returncode != 0:
        return None, {}
    token = folder / f"{model.stem}.{way}.npz"
    if way == "data":
        return out, {}
    subprocess.run([tool, "token", out, "-o", token, "-q"], check=True)
    return out, dict(np.load(token))


def timed(runs, rounds, seconds):
    """Best and median time of one run, by turns."""
    counts = {}
    for name, run in runs.items():
        run()
        begin = time.perf_counter()
        run()
        counts[name] = max(1, int(seconds / (time.perf_counter() - begin)))
    count = min(counts.values())
    took = {name: [] for name in runs}
    for number in range(rounds):
        order = list(runs) if number % 2 == 0 else list(runs)[::-1]
        for name in order:
            begin = time.perf_counter()
            for _ in range(count):
                runs[name]()
            took[name].append((time.perf_counter() - begin) / count)
    return took


def node_times(sessions, feeds, rounds):
    """Seconds of each session: its nodes' fastest times, summed."""
    for _ in range(rounds):
        for way, (s, _) in sessions.items():
            s.run(None, feeds[way])
    total = {}
    for way, (s, _) in sessions.items():
        fastest = collections.defaultdict(lambda: float("inf"))
        for event in json.loads(pathlib.Path(s.end_profiling()).read_text()):
            if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
                fastest[event["name"]] = min(fastest[event["name"]], event["dur"] / 1e6)
        total[way] = sum(fastest.values())
    return total


def locks_of(path):
    import onnx
    model = onnx.load(path, load_external_data=False)
    split = next((n for n in model.graph.node if n.name.startswith("permcrypt/split")), None)
    return len(split.output) if split else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool")
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3, help="of a round")
    parser.add_argument("--nodes", action="store_true", help="profile; one --batch only")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--dim", action="append", default=[], help="as permcrypt encrypt takes it")
    args = parser.parse_args()
    dims = [word for dim in args.dim for word in ("--dim", dim)]
    print(f"{'model':<20} {'batch':>5} {'way':<8} {'locks':>5} {'original':>10} {'ratio':>7} "
          f"{'median':>7}")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        key = folder / "key"
        os.environ["PERMCRYPT_KEY_FILE"] = str(key)
        subprocess.run([args.tool, "keygen", "-o", key, "-q"], check=True)
        for model in args.models:
            profile = folder if args.nodes else None
            sessions = {"original": (session(model, args.threads, profile), {})}
            locks = {}
            for way in args.ways:
                path, token = encrypt(args.tool, model, folder, way, dims)
                if path:
                    sessions[way] = (session(path, args.threads, profile), token)
                    locks[way] = locks_of(path)
            for batch in args.batch:
                feed = inputs_of(sessions["original"][0], batch, args.length)
                if args.nodes:
                    feeds = {way: {**feed, **token} for way, (_, token) in sessions.items()}
                    total = node_times(sessions, feeds, args.rounds)
                    for way, seconds in total.items():
                        if way != "original":
                            print(f"{model.stem:<20} {batch:>5} {way:<8} {locks[way]:>5} "
                                  f"{total['original'] * 1e3:>7.2f} ms "
                                  f"{seconds / total['original']:>7.3f}", flush=True)
                    continue
                runs = {way: (lambda s=s, f={**feed, **token}: s.run(None, f))
                        for way, (s, token) in sessions.items()}
                took = timed(runs, args.rounds, args.seconds)
                plain = took.pop("original")
                for way, times in took.items():
                    print(f"{model.stem:<20} {batch:>5} {way:<8} {locks[way]:>5} "
                          f"{min(plain) * 1e3:>7.2f} ms {min(times) / min(plain):>7.3f} "
                          f"{np.median(np.divide(times, plain)):>7.3f}", flush=True)


if __name__ == "__main__":
    main()
