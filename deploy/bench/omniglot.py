#!/usr/bin/env python3
"""Omniglot's reduced background sets as 28 x 28 images, 255 being ink: omniglot/train.npy and omniglot/test.npy.

    deploy/bench/omniglot.py ZIP...        images_background_small1.zip and images_background_small2.zip of brendenlake/omniglot

Every character was drawn by twenty people. Drawings of the last four are the test images, so each character is in both. An image of 105 x 105 becomes one
of 28 x 28 by the mean over areas. Needs numpy and Pillow. Published figures of Omniglot have another split of all fifty alphabets.
"""
import io
import pathlib
import re
import sys
import zipfile

import numpy as np
from PIL import Image

TEST_DRAWERS = range(17, 21)


def main():
    images = {False: [], True: []}
    for path in sys.argv[1:] or sys.exit(__doc__):
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if drawer := re.search(r"^(?!__MACOSX).*/\d+_(\d+)\.png$", name):
                    picture = Image.open(io.BytesIO(archive.read(name))).convert("L")
                    small = 255 - np.asarray(picture.resize((28, 28), Image.Resampling.BOX))
                    images[int(drawer[1]) in TEST_DRAWERS].append(small)
    folder = pathlib.Path("omniglot")
    folder.mkdir(exist_ok=True)
    for is_test, name in [(False, "train"), (True, "test")]:
        array = np.stack(images[is_test])
        np.save(folder / f"{name}.npy", array)
        print(f"{name}: {len(array)} images, {array.mean() / 255:.3f} of the pixels are ink")


if __name__ == "__main__":
    main()
