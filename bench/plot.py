#!/usr/bin/env python3
"""Draws what a benchmark measured: plot.py JSON SVG

JSON is what commands.py kept (time and memory against the size of the model), or what
`permcrypt_bench --benchmark_filter='inference|analysis' --benchmark_format=json` prints (time
against the nodes of the graph). No packages needed.
"""

import json
import math
import sys

WIDTH, HEIGHT, LEFT, TOP, GAP = 380, 300, 64, 36, 90
COLOURS = {"cp": "#888888", "encrypt": "#0060c0", "decrypt": "#00a0a0", "verify --static": "#c06000",
           "age -e": "#a000a0", "Python": "#c00000", "inference": "#0060c0",
           "all before the first byte moves": "#888888"}


def ticks(most):
    """Three to seven round numbers from 0 to above `most`."""
    power = 10 ** math.floor(math.log10(most))
    step = next(power * f for f in (0.2, 0.5, 1, 2) if most / (power * f) <= 6)
    return [round(i * step, 6) for i in range(math.floor(most / step) + 2)]


class Panel:
    def __init__(self, left, title, unit, across, series):
        self.left, self.title, self.unit, self.series = left, title, unit, series
        self.across = across
        self.x_ticks = ticks(max(x for points in series.values() for x, _ in points))
        self.y_ticks = ticks(max(y for points in series.values() for _, y in points))

    def x(self, value):
        return self.left + WIDTH * value / self.x_ticks[-1]

    def y(self, value):
        return TOP + HEIGHT * (1 - value / self.y_ticks[-1])

    def svg(self):
        out = [f'<text x="{self.left + WIDTH / 2}" y="{TOP - 14}" text-anchor="middle" '
               f'font-weight="bold">{self.title}</text>',
               f'<text x="{self.left + WIDTH / 2}" y="{TOP + HEIGHT + 38}" text-anchor="middle">'
               f'{self.across}</text>']
        for t in self.x_ticks:
            out.append(f'<text x="{self.x(t)}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{t:g}'
                       '</text>')
        for t in self.y_ticks:
            out.append(f'<line x1="{self.left}" x2="{self.left + WIDTH}" y1="{self.y(t)}" '
                       f'y2="{self.y(t)}" stroke="#dddddd"/>')
            out.append(f'<text x="{self.left - 8}" y="{self.y(t) + 4}" text-anchor="end">{t:g} '
                       f'{self.unit}</text>')
        for name, points in self.series.items():
            path = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
            out.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[name]}" '
                       'stroke-width="2"/>')
            out += [f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="3" '
                    f'fill="{COLOURS[name]}"/>' for x, y in points]
        return out


def of_commands(runs):
    runs.sort(key=lambda r: r["bytes"])
    names = [n for n in COLOURS if any(n in r["times"] for r in runs)]

    def series(value):
        return {n: [(r["bytes"] / 1e9, value(r, n)) for r in runs if n in r["times"]] for n in names}

    return [
        Panel(LEFT, "time", "s", "model, GB", series(lambda r, n: min(r["times"][n]))),
        Panel(LEFT + WIDTH + GAP, "peak memory", "MB", "model, GB",
              series(lambda r, n: r["peaks"][n] / 1e6)),
    ]


def of_graphs(benchmarks):
    def points(name):
        return [(b["nodes"], b["cpu_time"]) for b in benchmarks
                if b["name"].startswith(name + "/") and "nodes" in b]

    inference, analysis = points("inference"), points("analysis")
    return [
        Panel(LEFT, "inference", "ms", "nodes", {"inference": inference}),
        Panel(LEFT + WIDTH + GAP, "with reading, locks and plan", "ms", "nodes",
              {"inference": inference, "all before the first byte moves": analysis}),
    ]


def main(source, target):
    measured = json.load(open(source))
    panels = (of_graphs(measured["benchmarks"]) if "benchmarks" in measured
              else of_commands(measured))
    width, height = 2 * WIDTH + GAP + LEFT + 20, TOP + HEIGHT + 70
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
           'font-family="sans-serif" font-size="12">',
           f'<rect width="{width}" height="{height}" fill="white"/>']
    for panel in panels:
        out += panel.svg()
    for i, name in enumerate(panels[-1].series):
        x = LEFT + 130 * i
        out.append(f'<rect x="{x}" y="{height - 18}" width="12" height="12" '
                   f'fill="{COLOURS[name]}"/>')
        out.append(f'<text x="{x + 18}" y="{height - 8}">{name}</text>')
    open(target, "w").write("\n".join(out + ["</svg>\n"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
