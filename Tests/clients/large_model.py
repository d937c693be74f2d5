#!/usr/bin/env python3
"""Writes a valid model file of about so many megabytes, for uploads: zeros in the shape of a wide VAE. Usage: large_model.py FILE MEGABYTES"""
import json
import math
import pathlib
import struct
import sys

path, megabytes = pathlib.Path(sys.argv[1]), float(sys.argv[2])
pixels, latent = 784, 32
# Two layers of 784 x w and two of w x w, four bytes a number.
width = int((math.sqrt(pixels**2 + megabytes * 2**20 / 2) - pixels) / 2)
layers = {
    "encoder.0": (width, pixels), "encoder.2": (width, width), "mean": (latent, width), "scale": (latent, width),
    "decoder.0": (width, latent), "decoder.2": (width, width), "output": (pixels, width),
}
meaning = {
    "format": 1, "family": "vae", "configuration": {"hidden": [width, width], "latent": latent, "likelihood": "bernoulli", "scale": "softplus"},
    "signature": {"kind": "image", "shape": [28, 28], "range": [0, 255]},
}
header, offset = {"__metadata__": {"posterior": json.dumps(meaning)}}, 0
for layer, shape in sorted(layers.items()):
    for kind, dimensions in (("bias", shape[:1]), ("weight", shape)):
        size = 4 * math.prod(dimensions)
        header[f"{layer}.{kind}"] = {"dtype": "F32", "shape": dimensions, "data_offsets": [offset, offset + size]}
        offset += size
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
with path.open("wb") as file:
    file.write(struct.pack("<Q", len(text)) + text)
    file.truncate(8 + len(text) + offset)
