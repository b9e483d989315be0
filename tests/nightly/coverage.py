#!/usr/bin/env python3
"""Writes docs/coverage.md: what permcrypt moves in every model of a folder of models.

    tests/nightly/coverage.py build/permcrypt ZOO > docs/coverage.md

ZOO holds one folder per model, with model.onnx and, if known, meta.json.
"""
import json
import pathlib
import re
import subprocess
import sys
from collections import Counter

EXPORTERS = r"-(dynamo|optimum|opset\d+).*$"


def inspect(tool, model):
    run = subprocess.run([tool, "inspect", "--json", str(model)], capture_output=True, text=True)
    return json.loads(run.stdout) if run.returncode == 0 else None


def data_key(tool, model):
    """The key's bits when the data carries it, or why it does not."""
    run = subprocess.run([tool, "encrypt", "--carry", "data", "--dry-run", str(model)],
                         capture_output=True, text=True)
    bits = re.search(r"^key +(\d+) bits in the locks", run.stdout, re.M)
    return int(bits[1]) if bits else re.sub(r"^error: ", "", run.stderr).split("\n")[0]


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


def table(rows):
    print("| model | exporter | weights | both | one | none | groups | locks | data | unknown |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, meta, report in rows:
        c = report["coverage"]
        exporter = re.split(r"[,(]", meta.get("exporter", ""))[0].strip()
        data = report["data"] if isinstance(report["data"], int) else "–"
        print(f"| {name} | {exporter} | {precision(report)} | {percent(c['both'])} "
              f"| {percent(c['one'])} | {percent(c['none'])} | {len(report['groups'])} "
              f"| {len(report['locks'])} | {data} | {', '.join(report['unknown_ops']) or '–'} |")


def main(tool, zoo):
    rows, unread = [], []
    for model in sorted(pathlib.Path(zoo).glob("*/model.onnx")):
        meta = model.with_name("meta.json")
        report = inspect(tool, model)
        if report is None:
            unread.append(model.parent.name)
        else:
            report["data"] = data_key(tool, model)
            rows.append((model.parent.name, json.loads(meta.read_text()) if meta.exists() else {},
                         report))
    both = [report["coverage"]["both"] for _, _, report in rows]
    print("# Coverage\n\nMade by `tests/nightly/coverage.py`; do not edit.\n")
    print(f"{len(rows)} models. The mean share of weight bytes that moves on both axes is "
          f"{percent(sum(both) / len(both))} %; {sum(b >= 0.9999 for b in both)} models move "
          f"whole, {sum(b < 0.9 for b in both)} are below 90 %.\n")
    if unread:
        print("Not read: " + ", ".join(unread) + ".\n")

    nothing = [n for n, _, r in rows if r["coverage"]["both"] + r["coverage"]["one"] == 0]
    print("## Nothing to protect (exit 6)\n\n" + (", ".join(nothing) or "None.") + "\n")

    no_data = [(n, r["data"]) for n, _, r in rows if not isinstance(r["data"], int)]
    print("## Data that carries the key\n\n`--carry data`: no node is added, and inputs and outputs "
          f"are scrambled. {len(rows) - len(no_data)} of {len(rows)} models offer an axis for it; the "
          "column *data* has the bits of their keys. Refused (exit 6): "
          + ("; ".join(f"{name}: {why}" for name, why in no_data) or "none") + ".\n")

    print("## Below 90 %\n\nShares of weight bytes by what holds them. An axis of a kernel or of a "
          "direction is part of the operator's definition; that other pins are necessary is "
          "argued, not yet proved by swapping indices.\n")
    print("| model | both | held, in % of the weights |\n|---|---|---|")
    for name, _, report in sorted(rows, key=lambda row: row[2]["coverage"]["both"]):
        if report["coverage"]["both"] < 0.9:
            held = "; ".join(f"{percent(s)} {w}" for w, s in reasons(report).most_common(3))
            print(f"| {name} | {percent(report['coverage']['both'])} | {held or '–'} |")

    print("\n## The same architecture from several exporters\n\nSizes, heads and options differ "
          "between some of these, so a difference is a question and not always a fault.\n")
    print("| architecture | both |\n|---|---|")
    families = {}
    for name, _, report in rows:
        if re.search(EXPORTERS, name):
            families.setdefault(re.sub(EXPORTERS, "", name), []).append((name, report))
    for family, members in sorted(families.items()):
        if len(members) > 1:
            print(f"| {family} | " + ", ".join(
                f"{n[len(family) + 1:]} {percent(r['coverage']['both'])}" for n, r in members) + " |")

    print("\n## Every model\n")
    table(rows)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
