#!/usr/bin/env python3
"""Unrolled GANs on the ring of eight Gaussians: modes covered and samples of high quality for several numbers of unrolled steps, over several seeds.

Usage: ring.py POSTERIOR [--epochs N] [--steps 0 1 5 10] [--seeds 1 2 3] [--threads 1] [--models FOLDER] [--picture ring.png]

Trains deploy/recipes/ring-unrolled-gan.json with each number of steps and each seed; a model that is in the folder already is not trained again. Prints a
Markdown table of means and standard deviations. The picture has a row a number of steps and a column a seed: 2 500 samples on [-3, 3]², the modes circled.
"""
import argparse
import json
import math
import pathlib
import re
import statistics
import struct
import subprocess
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[3]
RECIPE = ROOT / "deploy/recipes/ring-unrolled-gan.json"
SIDE, EDGE, SAMPLES = 180, 3.0, 2500
INK, MODES, PAPER = (31, 79, 138), (214, 150, 60), (255, 255, 255)


def run(*command):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


def train(options, steps, seed):
    """The path of the model of these steps and this seed."""
    model = options.models / f"ring-{steps}-{seed}.safetensors"
    if model.exists():
        return model
    recipe = json.loads(RECIPE.read_text())
    recipe["training"]["unroll_steps"] = steps
    recipe["seed"] = seed
    if options.epochs:
        recipe["epochs"] = options.epochs
    path = model.with_suffix(".json")
    path.write_text(json.dumps(recipe))
    run(options.posterior, "train", path, "--threads", options.threads, "--no-record", "-o", model)
    return model


def evaluate(options, model):
    """Modes covered and the share of samples of high quality."""
    told = run(options.posterior, "evaluate", model, "--data", "ring", "--samples", SAMPLES, "--threads", options.threads, "--no-record")
    return int(re.search(r"^modes covered +(\d+)", told, re.M)[1]), float(re.search(r"^samples of high quality +([\d.]+)", told, re.M)[1])


def samples(options, model):
    path = model.with_suffix(".raw")
    run(options.posterior, "sample", model, "--n", SAMPLES, "--seed", 0, "--output", path)
    numbers = [number for (number,) in struct.iter_unpack("<f", path.read_bytes())]
    return list(zip(numbers[::2], numbers[1::2]))


def tile(points):
    """The pixels of one picture, row by row."""
    pixels = [[PAPER] * SIDE for _ in range(SIDE)]

    def paint(x, y, colour):
        column, row = int((x + EDGE) / (2 * EDGE) * SIDE), int((EDGE - y) / (2 * EDGE) * SIDE)
        if 0 <= column < SIDE - 2 and 0 <= row < SIDE - 2:
            pixels[row][column] = colour

    for mode in range(8):
        for step in range(60):
            x, y = 2 * math.cos(math.pi * mode / 4), 2 * math.sin(math.pi * mode / 4)
            paint(x + 0.2 * math.cos(step * math.pi / 30), y + 0.2 * math.sin(step * math.pi / 30), MODES)
    for x, y in points:
        paint(x, y, INK)
    for row in range(SIDE):
        pixels[row][-1] = pixels[-1][row] = (220, 220, 220)
    return pixels


def png(rows):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0, 0, 0)
    body = b"".join(b"\0" + bytes(value for pixel in row for value in pixel) for row in rows)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(body, 9)) + chunk(b"IEND", b"")


def spread(values, digits):
    deviation = statistics.stdev(values) if len(values) > 1 else 0
    return f"{statistics.mean(values):.{digits}f} ± {deviation:.{digits}f} ({', '.join(f'{value:.{digits}f}' for value in values)})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("posterior", type=pathlib.Path)
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    parser.add_argument("--steps", type=int, nargs="+", default=[0, 1, 5, 10])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--models", type=pathlib.Path, default=pathlib.Path("ring-models"))
    parser.add_argument("--picture", type=pathlib.Path)
    options = parser.parse_args()
    options.models.mkdir(parents=True, exist_ok=True)
    print("| unrolled steps | modes covered, of 8 | samples of high quality, % |\n|---|---|---|", flush=True)
    rows = []
    for steps in options.steps:
        models = [train(options, steps, seed) for seed in options.seeds]
        found = [evaluate(options, model) for model in models]
        print(f"| {steps} | {spread([m for m, _ in found], 1)} | {spread([100 * q for _, q in found], 1)} |", flush=True)
        if options.picture:
            tiles = [tile(samples(options, model)) for model in models]
            rows += [[pixel for picture in tiles for pixel in picture[row]] for row in range(SIDE)]
    if options.picture:
        options.picture.write_bytes(png(rows))


main()
