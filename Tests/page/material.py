"""What the tests of the page work with, written into a folder: pictures with strokes, a table of people, and a recipe."""

import json
import struct
import sys
from pathlib import Path

import numpy

folder = Path(sys.argv[1])
random = numpy.random.default_rng(7)

# 8 x 8 pictures of one bright row or column, in the form of MNIST's files.
pictures = numpy.zeros((240, 8, 8), numpy.uint8)
for picture in pictures:
    place = random.integers(1, 7)
    if random.random() < 0.5:
        picture[place, :] = 255
    else:
        picture[:, place] = 255
(folder / "strokes.idx").write_bytes(struct.pack(">IIII", 0x803, *pictures.shape) + pictures.tobytes())
numpy.save(folder / "strokes.npy", pictures[:6].astype("f4"))
(folder / "strokes.json").write_text(
    json.dumps(
        {
            "family": "vaeac_image",
            "name": "strokes",
            "data": {"source": str(folder / "strokes.idx")},
            "configuration": {"latent": 2, "hidden": 8, "channels": [2, 2]},
            "epochs": 2,
            "batch_size": 40,
            "seed": 1,
        }
    )
)

lines = ["age,income,city"]
for _ in range(150):
    age = random.integers(18, 80)
    income = 800 * age + random.normal(0, 4000)
    lines.append(f"{age},{income:.0f},{random.choice(['Rome', 'Oslo', 'Lima'])}")
(folder / "people.csv").write_text("\n".join(lines) + "\n")
holes = [line.split(",") for line in lines[:13]]
for row, column in [(1, 0), (2, 1), (3, 2), (5, 1)]:
    holes[row][column] = ""
(folder / "holes.csv").write_text("\n".join(",".join(cells) for cells in holes) + "\n")
