#!/usr/bin/env python3
"""verify over a whole collection of models: no false alarms, and how much is proved.

    verdicts.py TOOL ZOO [-j N] [--only TEXT] [--every N] [--json FILE]

ZOO holds one folder per model, with model.onnx and test_data_set_0/. Each model is encrypted with
both carry modes and all internal settings, and verified against its original on given inputs and on
made-up ones. Prints every failed check, the share of verdicts whose static proof is complete, and
what prevented the others. Exit 1 if results differ with the key, or if less than 90 % are proved.
A model that is useful without its key fails verify rightly; those are listed apart.
"""
import argparse
import collections
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys
import tempfile

SETTINGS = [("key", "none"), ("key", "block"), ("key", "all"), ("data", "none"), ("both", "all")]
NEGATIVE = {"without the key", "wrong keys", "another model's token"}
FLOOR = 0.9
STRIDE = 8  # models in the order 0, 8, 16, .., 1, 9, ..: a run that is stopped has seen all families
LIMIT = 600  # seconds that one command may take


def call(*args):
    command = [str(a) for a in args]
    try:
        return subprocess.run(command, capture_output=True, text=True, errors="replace",
                              timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, -1, "", f"{args[1]} does not end")


def one(tool, model, folder, carry, internal):
    """What happened: a list of (inputs, verdict or error)."""
    enc = folder / "e.onnx"
    made = call(tool, "encrypt", model / "model.onnx", "-o", enc, "-k", folder / "key", "--carry",
                carry, "--internal", internal, "-q", "--force", "-j", 1)
    if made.returncode == 6:
        return []
    if made.returncode:
        return [("encrypt", made.stderr.split("\n")[0])]
    out = []
    for name, data in (("given", ["--inputs", model / "test_data_set_0"]), ("made", [])):
        run = call(tool, "verify", enc, "--original", model / "model.onnx", "-k", folder / "key",
                   "--json", "-j", 1, *data)
        out.append((name, json.loads(run.stdout) if run.stdout.strip() else run.stderr.split("\n")[0]))
    return out


def of_model(tool, model):
    out = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        call(tool, "keygen", "-o", folder / "key")
        for carry, internal in SETTINGS:
            for inputs, verdict in one(tool, model, folder, carry, internal):
                out.append((model.name, f"{carry}/{internal}", inputs, verdict))
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool")
    parser.add_argument("zoo", type=pathlib.Path)
    parser.add_argument("-j", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--every", type=int, default=1, help="only every Nth model")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    models = sorted(p.parent for p in options.zoo.glob("*/model.onnx") if options.only in p.parent.name)
    models = models[:: options.every]
    models = [model for first in range(STRIDE) for model in models[first::STRIDE]]
    alarms, weak, skipped, errors = [], [], [], []
    proofs, obstacles, verdicts = collections.Counter(), collections.defaultdict(set), []
    with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        for done, results in enumerate(pool.map(lambda m: of_model(options.tool, m), models), 1):
            if done % 10 == 0:
                print(f"{done} models, {len(verdicts)} verdicts", flush=True)
            for model, setting, inputs, verdict in results:
                where = f"{model} {setting} {inputs}"
                if isinstance(verdict, str):
                    errors.append((where, verdict))
                    print("error  ", where, verdict, flush=True)
                    continue
                verdicts.append((where, verdict))
                for check in verdict["checks"]:
                    if check["outcome"] == "failed":
                        kind = weak if check["name"] in NEGATIVE else alarms
                        kind.append(where)
                        print("weak   " if kind is weak else "ALARM  ", where,
                              check["name"] + ":", check["detail"], flush=True)
                    if check["outcome"] == "skipped":
                        skipped.append(where)
                        print("skipped", where, check["detail"], flush=True)
                    if check["name"] == "static proof" and inputs == "given":
                        proofs[check["outcome"]] += 1
                        if check["outcome"] != "ok":
                            what = check["detail"].split("not understood: ")[-1]
                            for part in what.split(", "):
                                obstacles[re.sub(r" \(\d+ nodes?\)", "", part)].add(model)
    total = sum(proofs.values())
    share = proofs["ok"] / max(total, 1)
    print(f"\n{len(models)} models, {len(verdicts)} verdicts: {len(alarms)} false alarms, "
          f"{len(set(weak))} of weak models, {len(set(skipped))} not run, {len(errors)} errors")
    print(f"static proof complete: {proofs['ok']} of {total} ({100 * share:.1f} %)")
    for what, where in sorted(obstacles.items(), key=lambda item: -len(item[1])):
        print(f"  {len(where):3} models: {what} ({', '.join(sorted(where)[:3])})")
    if options.json:
        options.json.write_text(json.dumps(verdicts) + "\n")
    sys.exit(bool(alarms) or share < FLOOR)


if __name__ == "__main__":
    main()
