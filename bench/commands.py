#!/usr/bin/env python3
"""What whole commands take: commands.py PERMCRYPT [OPTION...]

For each type of weights: a model of --bytes, and by turns, --rounds times, writing zeros, cp without
and with sync, encrypt, decrypt, verify --static, reading both files, `age -e`, and plain_permute.py.
Prints the best time of each, its ratio to cp or to reading, and peak memory; --json keeps the
numbers for plot.py. Runs in --folder, which a tmpfs should be, so that programs are measured and not
a disk. Needs age, and Python with onnx and numpy.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent


def run(command):
    """Seconds, and peak memory in bytes."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - begin
    if status != 0:
        sys.exit(f"error: {' '.join(map(str, command))} failed")
    return took, usage.ru_maxrss * 1024


def size_of(*paths):
    return sum(p.stat().st_size for p in paths)


class Contest:
    def __init__(self, args, folder, kind):
        self.args, self.folder = args, folder
        self.tool = args.tool
        self.model = folder / "model.onnx"
        self.data = folder / "model.onnx.data"
        self.encrypted = folder / "model.enc.onnx"
        self.out = folder / "out"
        subprocess.run([sys.executable, HERE / "make_model.py", self.model, "--bytes", args.bytes,
                        "--type", kind, *args.make], check=True)
        self.key = folder / "key"
        os.environ["PERMCRYPT_KEY_FILE"] = str(self.key)
        if not self.key.exists():
            subprocess.run([self.tool, "keygen", "-o", self.key, "-q"], check=True)
        if args.age:
            self.identity = subprocess.run(["age-keygen"], capture_output=True, text=True,
                                           check=True).stdout
            self.recipient = next(line.split()[-1] for line in self.identity.splitlines()
                                  if "public key" in line)
        subprocess.run([self.tool, "encrypt", self.model, "-o", self.encrypted, "-q", "--force"],
                       check=True)

    def commands(self):
        out = self.out / "model.onnx"
        both = [self.data, self.folder / "model.enc.onnx.data"]
        copy = f"cp {self.model} {self.data} {self.out}"
        threads = ["-j", str(self.args.threads)] if self.args.threads else []
        # What the kernel takes for the pages of such a file, whatever is written.
        yield "write zeros", ["dd", "if=/dev/zero", f"of={self.out}/zeros", "bs=1M", "status=none",
                              "iflag=count_bytes", f"count={size_of(self.model, self.data)}"]
        yield "cp", ["sh", "-c", copy]
        yield "cp and sync", ["sh", "-c", f"{copy} && sync {self.out}/*"]
        yield "encrypt", [self.tool, "encrypt", self.model, "-o", out, "-q", *threads]
        yield "decrypt", [self.tool, "decrypt", self.encrypted, "-o", out, "-q", *threads]
        yield "read both", ["cat", *both]
        yield "verify --static", [self.tool, "verify", self.encrypted, "--original", self.model,
                                  "--static", "-q", *threads]
        if self.args.age:
            yield "age -e", ["age", "-e", "-r", self.recipient, "-o", self.out / "age", self.data]
        if self.args.python:
            yield "Python", [sys.executable, HERE / "plain_permute.py", self.model, out]

    def measure(self):
        commands = dict(self.commands())
        times, peaks = {n: [] for n in commands}, dict.fromkeys(commands, 0)
        for number in range(self.args.rounds):
            order = list(commands) if number % 2 == 0 else list(commands)[::-1]
            for name in order:
                shutil.rmtree(self.out, ignore_errors=True)
                self.out.mkdir()
                took, peak = run(commands[name])
                times[name].append(took)
                peaks[name] = max(peaks[name], peak)
        shutil.rmtree(self.out, ignore_errors=True)
        return times, peaks


def show(kind, size, times, peaks):
    best = {name: min(t) for name, t in times.items()}
    print(f"\n{kind}, {size / 1e9:.2f} GB\n{'':<16} {'best':>9} {'GB/s':>6} {'ratio':>6}  "
          f"{'to':<10} {'peak memory':>11}")
    for name, took in best.items():
        other = "read both" if name.startswith("verify") else "cp"
        print(f"{name:<16} {took:>7.3f} s {size / took / 1e9:>6.2f} {took / best[other]:>6.2f}  "
              f"{other:<10} {peaks[name] / 1e6:>8.0f} MB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool")
    parser.add_argument("--bytes", default="2G")
    parser.add_argument("--types", nargs="+", default=["fp32", "fp16", "int8", "int4"])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--folder", default="/dev/shm")
    parser.add_argument("--json", type=pathlib.Path, help="appended to")
    parser.add_argument("--no-age", dest="age", action="store_false")
    parser.add_argument("--no-python", dest="python", action="store_false")
    parser.add_argument("--make", nargs=argparse.REMAINDER, default=[],
                        help="further options of make_model.py; the last option")
    args = parser.parse_args()
    for kind in args.types:
        with tempfile.TemporaryDirectory(dir=args.folder) as name:
            contest = Contest(args, pathlib.Path(name), kind)
            size = size_of(contest.model, contest.data)
            times, peaks = contest.measure()
        show(kind, size, times, peaks)
        if args.json:
            known = json.loads(args.json.read_text()) if args.json.exists() else []
            known.append({"type": kind, "bytes": size, "make": args.make, "times": times,
                          "peaks": peaks})
            args.json.write_text(json.dumps(known, indent=1) + "\n")


if __name__ == "__main__":
    main()
