"""Codes whole photographs with a model, reads them back, and sets bits a pixel beside PNG and lossless WebP.

    pip install -r deploy/bench/lossless/requirements.txt
    python deploy/bench/lossless/photographs.py MODEL FOLDER --posterior .build/release/posterior [--keep FOLDER]

Photographs of one size are one chain, in the order of their names: its first pays for the codes that the others get for nothing, so gross bits
hang on how many there are. WebP is Pillow's, lossless, method 6, quality 100; PNG is the files as they are.
"""

import argparse
import collections
import io
import pathlib
import re
import subprocess
import tempfile
import time

import numpy as np
from PIL import Image


def webp(picture):
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "WEBP", lossless=True, method=6, quality=100)
    return len(content.getvalue())


def coded(model, pictures, options, folder):
    """Bits of a chain: gross, net, and the model's bound in bits."""
    original, stream, again = (folder / f"{pictures.shape[1]}x{pictures.shape[2]}{ending}" for ending in (".npy", ".bits", "-again.npy"))
    np.save(original, pictures)
    started = time.monotonic()
    command = [options.posterior, "compress", model, original, "-o", stream, "--chunk", len(pictures), "--threads", options.threads]
    notes = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stderr
    between = time.monotonic()
    command = [options.posterior, "decompress", model, stream, "-o", again, "--threads", options.threads]
    subprocess.run([str(part) for part in command], check=True)
    ended = time.monotonic()
    if not np.array_equal(np.load(again), pictures):
        raise SystemExit(f"{stream} came back as other photographs")
    gross, net = (float(bits) for bits in re.search(r"(\d+) bits gross, (\d+) net", notes).groups())
    bound = float(re.search(r"bound ([\d.]+)", notes).group(1)) * pictures.size
    if gross != 8 * stream.stat().st_size:
        raise SystemExit(f"{stream} has {stream.stat().st_size} bytes, expected {gross / 8}")
    return gross, net, bound, between - started, ended - between


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--posterior", default="posterior")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--limit", type=int, help="only so many photographs of each size")
    parser.add_argument("--keep", type=pathlib.Path, help="where streams stay")
    options = parser.parse_args()
    sizes = collections.defaultdict(list)
    for path in sorted(options.folder.glob("*.png")):
        picture = np.asarray(Image.open(path).convert("RGB"))
        sizes[picture.shape].append((picture, 8 * path.stat().st_size))
    totals = collections.Counter()
    print("| photographs | PNG | WebP | gross | net | bound | seconds to write | to read |\n|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or pathlib.Path(scratch)
        for shape, all_of_size in sorted(sizes.items()):
            entries = all_of_size[: options.limit]
            pictures = np.stack([picture for picture, _ in entries])
            gross, net, bound, writing, reading = coded(options.model, pictures, options, folder)
            row = {
                "photographs": len(entries), "pixels": pictures.size // 3, "png": sum(bits for _, bits in entries),
                "webp": sum(8 * webp(picture) for picture in pictures), "gross": gross, "net": net, "bound": bound,
                "writing": writing, "reading": reading,
            }
            totals.update(row)
            print(line(row, f"{row['photographs']} of {shape[1]} x {shape[0]}"))
    print(line(totals, f"{totals['photographs']} together"))


def line(row, name):
    rates = " | ".join(f"{row[kind] / row['pixels']:.3f}" for kind in ("png", "webp", "gross", "net", "bound"))
    return f"| {name} | {rates} | {row['writing']:.1f} | {row['reading']:.1f} |"


if __name__ == "__main__":
    main()
