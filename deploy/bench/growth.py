#!/usr/bin/env python3
"""How processor time grows with rows, columns, classes, draws, layers and samples, as a table and a picture.

Usage: deploy/bench/growth.py [POSTERIOR] [-o growth.svg]

Every command runs on one thread; of those below five seconds the middle of three runs counts. What it costs at its smallest size is its start and what
all sizes share; the table tells what each further unit costs from one size to the next, which is the same all along where cost grows as the work does.
Processor time is user's and system's together, so other work on the machine matters little.
"""
import argparse
import json
import math
import pathlib
import random
import resource
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = ROOT / "deploy/models"
# Seconds.
NOISE = 0.02


def seconds(*command):
    """Processor seconds: of three runs the middle one, where they are short."""
    def once():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([str(part) for part in command], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    first = once()
    return first if first > 5 else statistics.median([first, once(), once()])


class Growth:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def train(self, name, recipe):
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(recipe))
        return seconds(self.program, "train", path, "-o", self.folder / "model.safetensors", "--threads", "1", "--no-record")

    def images(self, name, family, configuration, training=None, limit=2000):
        return self.train(name, {
            "family": family, "name": name, "data": {"source": "fashion-mnist", "limit": limit}, "configuration": configuration,
            "training": training or {}, "epochs": 1, "batch_size": 100, "validation": 0, "seed": 1})

    def rows(self, count):
        head, *lines = (ROOT / "deploy/examples/white-wine.csv").read_text().splitlines()
        table = self.folder / "rows.csv"
        with open(table, "w") as out:
            out.write(head + "\n")
            for row in range(count):
                cells = lines[row % len(lines)].split(",")
                out.write(",".join("" if (7 * row + 3 * place) % 5 == 0 else cell for place, cell in enumerate(cells)) + "\n")
        return seconds(self.program, "impute", MODELS / "white-wine.safetensors", table, "--draws", "10", "--seed", "1", "--threads", "1",
                       "-o", self.folder / "filled.csv")

    def columns(self, count):
        draw = random.Random(1)
        table = self.folder / "columns.csv"
        with open(table, "w") as out:
            out.write(",".join(f"c{place}" for place in range(count)) + "\n")
            for _ in range(1000):
                level = draw.gauss(0, 1)
                out.write(",".join(f"{level + draw.gauss(0, 1):.2f}" for _ in range(count)) + "\n")
        return self.train("columns", {
            "family": "vaeac", "name": "columns", "data": {"source": str(table)}, "configuration": {"latent": 8, "hidden": 64, "blocks": 2},
            "epochs": 1, "batch_size": 100, "validation": 0, "seed": 1})

    def classes(self, count):
        return self.images("classes", "gmdgm", {"latent": 8, "hidden": [64], "components": count}, limit=1000)

    def likeliest_classes(self, count):
        return self.images("likeliest", "gmdgm", {"latent": 8, "hidden": [64], "components": count}, {"enumeration": 3}, limit=1000)

    def layers(self, count):
        return self.images("layers", "ladder_vae", {"latents": [16] * count, "hidden": [128], "layer_hidden": [128] * (count - 1)})

    def draws(self, count):
        return seconds(self.program, "evaluate", MODELS / "fashion-mnist.safetensors", "--data", "fashion-mnist", "--limit", "100", "--k", count,
                       "--threads", "1", "--no-record")

    def samples(self, count):
        return seconds(self.program, "sample", MODELS / "fashion-mnist.safetensors", "--n", count, "--seed", "1", "--threads", "1", "--format", "npy",
                       "-o", self.folder / "samples.npy")


CASES = [
    ("rows filled in, 12 columns, ten draws", "rows", [100, 1_000, 10_000, 100_000]),
    ("columns of 1 000 rows, an epoch of a vaeac", "columns", [10, 100, 1_000]),
    ("classes, an epoch of a gmdgm, all weighed", "classes", [2, 20, 200, 600]),
    ("classes, the likeliest three weighed", "likeliest_classes", [20, 200, 2_000, 10_000]),
    ("layers, an epoch of a ladder_vae", "layers", [1, 2, 4, 8]),
    ("draws of a bound of 100 images", "draws", [10, 100, 1_000, 10_000]),
    ("samples of 784 pixels", "samples", [10, 1_000, 4_000, 10_000]),
]


def picture(lines, path):
    """What a further unit costs, against the first step's, over the size: logarithmic both ways."""
    width, height, left, top = 800, 420, 60, 20
    largest = max(size for _, points in lines for size, _ in points)
    decades = math.ceil(math.log10(largest))

    def place(size, ratio):
        x = left + (width - left - 320) * math.log10(size) / decades
        y = top + (height - top - 40) * (0.5 - math.log10(min(max(ratio, 0.1), 10)) / 2)
        return f"{x:.1f},{y:.1f}"
    colours = ["#0b6e99", "#b4431f", "#3b7a2a", "#7a3b8f", "#8a6d00", "#444444", "#c2185b"]
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{width}" height="{height}" fill="white"/>']
    for ratio in [0.1, 1, 10]:
        (x, y), end = place(1, ratio).split(","), place(10**decades, ratio).split(",")[0]
        out.append(f'<path d="M{x},{y}H{end}" stroke="#ccc"/><text x="{left - 8}" y="{float(y) + 4}" text-anchor="end">{ratio:g}</text>')
    for decade in range(decades + 1):
        x = place(10**decade, 1).split(",")[0]
        out.append(f'<text x="{x}" y="{height - 18}" text-anchor="middle">{10**decade:,}</text>')
    out.append(f'<text x="{left}" y="{height - 2}">size; above, what a further unit costs over what it costs at first</text>')
    for number, (name, points) in enumerate(lines):
        colour = colours[number % len(colours)]
        path_ = " ".join(place(size, ratio) for size, ratio in points)
        out.append(f'<polyline points="{path_}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out.append(f'<text x="{width - 290}" y="{top + 14 + 20 * number}" fill="{colour}">{name}</text>')
    path.write_text("\n".join(out + ["</svg>", ""]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("posterior", nargs="?", default=str(ROOT / ".build/release/posterior"))
    parser.add_argument("-o", dest="output", type=pathlib.Path)
    arguments = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        growth = Growth(arguments.posterior, pathlib.Path(folder))
        print("| what grows | sizes | processor seconds | microseconds of a further unit, size by size | last over first |\n|---|---|---|---|---|")
        for name, method, sizes in CASES:
            costs = [getattr(growth, method)(size) for size in sizes]
            steps = [(after - before) / (large - small) for small, large, before, after in zip(sizes, sizes[1:], costs, costs[1:])]
            # What is less than the noise of a start says nothing.
            seen = [place for place in range(len(steps)) if costs[place + 1] - costs[place] > NOISE]
            ratio = f"{steps[seen[-1]] / steps[seen[0]]:.2f}" if len(seen) > 1 else ""
            told = [f"{1e6 * step:,.3g}" if place in seen else "-" for place, step in enumerate(steps)]
            print(f"| {name} | {', '.join(f'{size:,}' for size in sizes)} | {', '.join(f'{cost:.2f}' for cost in costs)} "
                  f"| {', '.join(told)} | {ratio} |", flush=True)
            lines.append((name, [(sizes[place + 1], steps[place] / steps[seen[0]]) for place in seen]))
    if arguments.output:
        picture(lines, arguments.output)


if __name__ == "__main__":
    main()
