"""Stacks pictures of one size as an NPY of bytes, which `posterior train`, `compress` and `evaluate` read as images.

    pip install -r deploy/bench/lossless/requirements.txt
    python deploy/bench/lossless/stack.py FOLDER-OR-TAR OUT.npy [--under PART]

JPEG, PNG and whatever else Pillow reads, at any depth; colour: [n, height, width, 3]. The order is shuffled, always in the same way.
"""

import argparse
import io
import pathlib
import tarfile

import numpy as np
from PIL import Image

ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


def files(source):
    """The names and bytes of all pictures, sorted by name."""
    if source.is_dir():
        names = sorted(path for path in source.rglob("*") if path.suffix.lower() in ENDINGS)
        return ((str(path.relative_to(source)), path.read_bytes()) for path in names)
    with tarfile.open(source) as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar if member.name.lower().endswith(ENDINGS)}
    return sorted(members.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--under", default="", help="only pictures whose path begins so")
    options = parser.parse_args()
    pictures = [
        np.asarray(Image.open(io.BytesIO(content)).convert("RGB")) for name, content in files(options.source) if name.startswith(options.under)
    ]
    if len({picture.shape for picture in pictures}) != 1:
        raise SystemExit(f"{options.source}: {len(pictures)} pictures of sizes {sorted({picture.shape for picture in pictures})}, expected one size")
    order = np.random.default_rng(0).permutation(len(pictures))
    np.save(options.output, np.stack([pictures[place] for place in order]))
    print(f"{options.output}: {len(pictures)} pictures of {pictures[0].shape}")


if __name__ == "__main__":
    main()
