#!/usr/bin/env python3
"""Writes docs/coverage.md: what permcrypt moves in every model of a folder of models.

    PERMCRYPT_ZOO=ZOO PERMCRYPT_MAXIMALITY=record.jsonl \\
        build/permcrypt_tests -tc='maximality: all of the zoo*'
    tests/nightly/coverage.py build/permcrypt ZOO record.jsonl > docs/coverage.md

ZOO holds one folder per model, with model.onnx and, if known, meta.json and test_data_set_0.
"""
import json
import pathlib
import re
import subprocess
import sys
from collections import Counter

import onnx_sizes

EXPORTERS = r"-(dynamo|optimum|opset\d+).*$"
WHOLE = 0.9999


def inspect(tool, model):
    run = subprocess.run([tool, "inspect", "--json", str(model)], capture_output=True, text=True)
    return json.loads(run.stdout) if run.returncode == 0 else None


def data_key(tool, model):
    """The key's bits when the data carries it, or why it does not."""
    run = subprocess.run([tool, "encrypt", "--carry", "data", "--dry-run", str(model)],
                         capture_output=True, text=True)
    bits = re.search(r"^key +(\d+) bits in the locks", run.stdout, re.M)
    return int(bits[1]) if bits else re.sub(r"^error: ", "", run.stderr).split("\n")[0]


def with_sizes(tool, model):
    """The share on both axes when the sizes of its sample are given; None if none is open."""
    options = [f"--dim={name}={size}" for name, size in onnx_sizes.of_sample(model)]
    if not options:
        return None
    run = subprocess.run([tool, "encrypt", "--dry-run", *options, str(model)],
                         capture_output=True, text=True)
    found = re.search(r"^protected +([\d.]+) %", run.stdout, re.M)
    return float(found.group(1)) / 100 if found else None


def precision(report):
    bytes_of = Counter()
    for tensor in report["tensors"]:
        if tensor["counts"]:
            bytes_of[tensor["type"]] += tensor["bytes"]
    return bytes_of.most_common(1)[0][0] if bytes_of else "none"


def reasons(report):
    """Why weights stay, by their share of all weight bytes; axis numbers left out."""
    share = Counter()
    total = report["coverage"]["weight_bytes"] or 1
    for tensor in report["tensors"]:
        if tensor["counts"] and tensor["protected"] != "both":
            for why in {re.sub(r"^axis [\d, ]+: ", "", w) for w in tensor["why"].split("; ")}:
                share[why or "not said"] += tensor["bytes"] / total
    return share


def percent(x):
    return f"{100 * x:.1f}"


def both(row):
    return row["report"]["coverage"]["both"]


class Proof:
    """What came of swapping indices: see tests/zoo/maximality_test.cpp."""

    def __init__(self, path):
        lines = [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]
        self.held = {line["model"]: line["held"] for line in lines if "held" in line}
        self.errors = {line["model"]: line["error"] for line in lines if "error" in line}

    def count(self, *outcomes):
        return sum(f["outcome"] in outcomes for held in self.held.values() for f in held)

    def cell(self, model):
        if model in self.errors:
            return "not run"
        held = self.held.get(model, [])
        swapped = sum(f["outcome"] == "necessary" for f in held)
        return f"{swapped} of {len(held)}" if held else "–"

    def others(self):
        for model, held in sorted(self.held.items()):
            for f in held:
                if f["outcome"] != "necessary":
                    yield model, f


def head(rows, unread):
    print("# Coverage\n\nMade by `tests/nightly/coverage.py`; do not edit.\n")
    print(f"{len(rows)} models. The mean share of weight bytes that moves on both axes is "
          f"{percent(sum(map(both, rows)) / len(rows))} %; {sum(both(r) >= WHOLE for r in rows)} "
          f"models move whole, {sum(both(r) < 0.9 for r in rows)} are below 90 %. With the sizes "
          "of their inputs given (`--dim`), where the exporter left them open, the mean is "
          f"{percent(sum(max(both(r), r['sized'] or 0) for r in rows) / len(rows))} %, and "
          f"{sum(max(both(r), r['sized'] or 0) < 0.9 for r in rows)} are below 90 %.\n")
    unknown = [f"{r['name']} ({', '.join(r['report']['unknown_ops'])})"
               for r in rows if r["report"]["unknown_ops"]]
    print("Operators without a rule, and rules that gave up: "
          + ("; ".join(unknown) or "none, in no model") + ".\n")
    if unread:
        print("Not read: " + ", ".join(unread) + ".\n")
    nothing = [r["name"] for r in rows
               if r["report"]["coverage"]["both"] + r["report"]["coverage"]["one"] == 0]
    print("## Nothing to protect (exit 6)\n\n" + (", ".join(nothing) or "None.") + "\n")


def necessity(rows, proof):
    print("## What stays, stays for a reason\n")
    total = sum(map(len, proof.held.values()))
    print(f"{total} factors of axes hold weights of these models. Of each, two indices changed "
          "places, in all weights that it numbers, up to 30 different pairs of them, and ONNX "
          f"Runtime ran the model on its own inputs: {proof.count('necessary')} times an output "
          "changed by more than rounding does. "
          f"{proof.count('equal')} times there was nothing to swap, as all indices hold the same "
          f"numbers; {proof.count('idle', 'untried')} factors are held without a reason that "
          "shows. Two axes that are one, and that permcrypt takes for two, cannot be found in this "
          "way; the same model from two exporters shows them (below).\n")
    others = list(proof.others())
    if others:
        print("| model | held | why | swaps |\n|---|---|---|---|")
        for model, f in others:
            print(f"| {model} | {f['axes'][0]} ({f['size']}) | {f['why']} | {f['outcome']} |")
        print()
    if proof.errors:
        print("Not run, as the runtime at hand does not load the original: "
              + ", ".join(sorted(proof.errors)) + ".\n")


def data_mode(rows):
    refused = [r for r in rows if not isinstance(r["data"], int)]
    print("## Data that carries the key\n\n`--carry data`: no node is added, and inputs and outputs "
          f"are scrambled. {len(rows) - len(refused)} of {len(rows)} models offer an axis for it; the "
          "column *data* has the bits of their keys. Refused (exit 6): "
          + ("; ".join(f"{r['name']}: {r['data']}" for r in refused) or "none") + ".\n")


def below(rows, proof):
    print("## Below 90 %\n\nShares of weight bytes by what holds them; how many of the factors that "
          "hold weights were shown necessary; the share on both axes with the sizes of the inputs "
          "given.\n")
    print("| model | architecture | both | held, in % of the weights | necessary | sizes given |\n"
          "|---|---|---|---|---|---|")
    for row in sorted(rows, key=both):
        if both(row) < 0.9:
            held = "; ".join(f"{percent(s)} {w}" for w, s in reasons(row["report"]).most_common(3))
            sized = "–" if row["sized"] is None else percent(row["sized"])
            print(f"| {row['name']} | {row['meta'].get('arch', '')} | {percent(both(row))} "
                  f"| {held or '–'} | {proof.cell(row['name'])} | {sized} |")


def families(rows):
    print("\n## The same architecture from several exporters\n\nSizes, heads and options differ "
          "between some of these, so a difference is a question and not always a fault. Models "
          "that are the same are compared group by group in `tests/golden/exporters_test.cpp`.\n")
    print("| architecture | both |\n|---|---|")
    found = {}
    for row in rows:
        if re.search(EXPORTERS, row["name"]):
            found.setdefault(re.sub(EXPORTERS, "", row["name"]), []).append(row)
    for family, members in sorted(found.items()):
        if len(members) > 1:
            print(f"| {family} | " + ", ".join(
                f"{r['name'][len(family) + 1:]} {percent(both(r))}" for r in members) + " |")


def table(rows, proof):
    print("\n## Every model\n\nNecessary: how many of the factors that hold weights a swap has shown "
          "to be so.\n")
    print("| model | architecture | exporter | weights | both | one | none | sizes given | groups "
          "| locks | data | unknown | necessary |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        report, meta = row["report"], row["meta"]
        c = report["coverage"]
        exporter = re.split(r"[,(]", meta.get("exporter", ""))[0].strip()
        free = sum(group["free"] for group in report["groups"])
        data = row["data"] if isinstance(row["data"], int) else "–"
        sized = "–" if row["sized"] is None else percent(row["sized"])
        print(f"| {row['name']} | {meta.get('arch', '')} | {exporter} | {precision(report)} "
              f"| {percent(c['both'])} | {percent(c['one'])} | {percent(c['none'])} | {sized} "
              f"| {free} | {len(report['locks'])} | {data} | {', '.join(report['unknown_ops']) or '–'} "
              f"| {proof.cell(row['name'])} |")


def main(tool, zoo, record):
    rows, unread = [], []
    for model in sorted(pathlib.Path(zoo).glob("*/model.onnx")):
        meta = model.with_name("meta.json")
        report = inspect(tool, model)
        if report is None:
            unread.append(model.parent.name)
            continue
        rows.append({"name": model.parent.name, "report": report, "data": data_key(tool, model),
                     "meta": json.loads(meta.read_text()) if meta.exists() else {},
                     "sized": None if report["coverage"]["both"] >= WHOLE
                     else with_sizes(tool, model)})
    proof = Proof(record)
    head(rows, unread)
    data_mode(rows)
    necessity(rows, proof)
    below(rows, proof)
    families(rows)
    table(rows, proof)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
