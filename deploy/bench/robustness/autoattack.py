"""Does `posterior attack --kind ensemble` find what torchattacks' AutoAttack finds? Both attack the classifier of one gmdgm model on the same items.

Usage: autoattack.py POSTERIOR MODEL IMAGES LABELS [--items 200]

MODEL is a gmdgm of dense layers with the activation relu, IMAGES and LABELS are IDX files, gzipped or not, of the classes 0, 1, ... that the model learnt. Needs numpy, torch, torchattacks and scipy.
Prints clean accuracy and, for each norm and budget, the accuracy that both leave.
"""
import argparse
import gzip
import json
import pathlib
import struct
import subprocess
import tempfile
import time

import numpy
import torch
import torchattacks

BUDGETS = {"linf": [0.02, 0.05, 0.1], "l2": [0.5, 1, 2]}


def idx(path, items):
    data = pathlib.Path(path).read_bytes()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    extents = struct.unpack(f">{data[3]}I", data[4:4 + 4 * data[3]])
    return numpy.frombuffer(data[4 + 4 * data[3]:], numpy.uint8).reshape(extents)[:items]


def classifier(path):
    """q(y|x) of the model file as a PyTorch module."""
    data = pathlib.Path(path).read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])

    def tensor(name):
        start, end = header[name]["data_offsets"]
        return torch.tensor(numpy.frombuffer(data[8 + length + start:8 + length + end], "<f4").reshape(header[name]["shape"]).copy())

    names = sorted({name.rsplit(".", 1)[0] for name in header if name.startswith("classifier.")}, key=lambda name: (".hidden." in name, name))
    layers = [torch.nn.Flatten()]
    for name in names + ["classifier_output"]:
        weight = tensor(f"{name}.weight")
        layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
        layer.weight.data, layer.bias.data = weight, tensor(f"{name}.bias")
        layers += [layer] if name == "classifier_output" else [layer, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers).eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ["posterior", "model", "images", "labels"]:
        parser.add_argument(name)
    parser.add_argument("--items", type=int, default=200)
    options = parser.parse_args()
    images, labels = idx(options.images, options.items), idx(options.labels, options.items)
    model = classifier(options.model)
    x, y = torch.tensor(images[:, None] / 255, dtype=torch.float32), torch.tensor(labels.astype("int64"))
    with tempfile.TemporaryDirectory() as folder:
        numpy.save(f"{folder}/x.npy", images.astype("<f4"))
        numpy.save(f"{folder}/y.npy", labels.astype("<f4"))
        print(f"clean accuracy {(model(x).argmax(1) == y).float().mean().item():.3f}")
        for norm, budgets in BUDGETS.items():
            start = time.time()
            report = json.loads(subprocess.run(
                [options.posterior, "attack", options.model, "--data", f"{folder}/x.npy", "--labels", f"{folder}/y.npy", "--objective", "downstream",
                 "--kind", "ensemble", "--norm", norm, "--budgets", ",".join(map(str, budgets)), "--steps", "100", "--restarts", "1",
                 "--items", str(options.items), "--no-margins", "--seed", "1", "--no-record", "--json"],
                check=True, capture_output=True, text=True).stdout)
            own = [level["accuracy"]["mean"] for level in report["decisions"]["robust_accuracy"]]
            seconds, start = time.time() - start, time.time()
            theirs = []
            for budget in budgets:
                attack = torchattacks.AutoAttack(model, norm="Linf" if norm == "linf" else "L2", eps=budget, version="standard", n_classes=10, seed=0)
                theirs.append((model(attack(x, y)).argmax(1) == y).float().mean().item())
            for budget, mine, other in zip(budgets, own, theirs):
                print(f"{norm} {budget}: ensemble {mine:.3f}, AutoAttack {other:.3f}")
            print(f"{seconds:.1f} s with controls and checks, {time.time() - start:.1f} s")


main()
