#!/usr/bin/env python3
"""Trains a modular network on MNIST by EM and by the two methods that fail, and tabulates how its modules are used over training.

    deploy/bench/modular/run.py POSTERIOR [--limit 12000] [--epochs 10] [--seeds 1 2 3] [--keep FOLDER]

Run it where the recipe's paths lead: mnist/ beside you. Each method starts from deploy/recipes/mnist-modular.json. Noisy top k takes two modules at a
time: the softmax over a single one is always 1, so that its controllers would have no gradient. Entropies are in nats, means over layers; of ten and
eight modules used alike the batch entropy is 2.19.
"""
import argparse
import json
import os
import pathlib
import sqlite3
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
METHODS = {
    "em": ({}, {"method": "em"}),
    "em, E-step every batch": ({}, {"method": "em", "e_step_every": 1}),
    "reinforce": ({}, {"method": "reinforce"}),
    "noisy top 2": ({"slots": 2, "selection": "top_k"}, {"method": "noisy_top_k"}),
    "noisy top 2, no balance": ({"slots": 2, "selection": "top_k"}, {"method": "noisy_top_k", "balance": 0}),
}
COLUMNS = ["accuracy", "selection_entropy_nats", "batch_entropy_nats"]


def train(posterior, recipe, folder, limit):
    """Values of the validation's metrics by epoch, and the accuracy on the test images."""
    folder.mkdir(parents=True)
    (folder / "recipe.json").write_text(json.dumps(recipe))
    store, model = folder / "store", folder / "model.safetensors"
    command = [posterior, "train", folder / "recipe.json", "-o", model, "--store", store, *(["--limit", str(limit)] if limit else [])]
    with open(folder / "train.log", "w") as log:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=log)
    values = {}
    with sqlite3.connect(f"file:{store / 'posterior.sqlite'}?mode=ro", uri=True) as database:
        for name, step, value in database.execute("SELECT name, step, value FROM run_metrics WHERE name LIKE 'validation.%'"):
            values.setdefault(step, {})[name.removeprefix("validation.")] = value
    test = ["--data", "mnist/t10k-images-idx3-ubyte.gz", "--labels", "mnist/t10k-labels-idx1-ubyte.gz"]
    told = subprocess.run([posterior, "evaluate", model, *test, "--k", "0", "--no-fit-data", "--no-record"], check=True, capture_output=True, text=True)
    accuracy = next(line.split()[1].rstrip(",") for line in told.stdout.splitlines() if line.strip().startswith("accuracy"))
    return values, float(accuracy)


def spread(numbers):
    """A number, or the mean and standard deviation of several."""
    return f"{statistics.mean(numbers):.3f}" + (f" +- {statistics.stdev(numbers):.3f}" if len(numbers) > 1 else "")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("posterior")
    arguments.add_argument("--limit", type=int, help="training images; all of them where it is not given")
    arguments.add_argument("--epochs", type=int)
    arguments.add_argument("--seeds", type=int, nargs="+", default=[1])
    arguments.add_argument("--keep", type=pathlib.Path, help="a folder that does not exist yet, for recipes, logs and models")
    given = arguments.parse_args()
    work = given.keep or pathlib.Path(tempfile.mkdtemp())
    print("| method | epoch | validation accuracy | selection entropy | batch entropy | test accuracy |\n|---|---|---|---|---|---|")
    for number, (name, (configuration, training)) in enumerate(METHODS.items()):
        runs = []
        for seed in given.seeds:
            recipe = json.loads((ROOT / "deploy/recipes/mnist-modular.json").read_text())
            recipe["configuration"] |= configuration
            recipe["training"] |= training
            recipe["seed"] = seed
            recipe["epochs"] = given.epochs or recipe["epochs"]
            if given.limit:
                recipe["validation"] = min(recipe["validation"], given.limit // 6)
            runs.append(train(os.path.abspath(given.posterior), recipe, work / f"{number}-{seed}", given.limit))
        last = max(runs[0][0])
        for epoch in sorted({1, 2, 5, 10, 20, last} & set(runs[0][0])):
            cells = [spread([values[epoch][column] for values, _ in runs]) for column in COLUMNS]
            test = spread([accuracy for _, accuracy in runs]) if epoch == last else ""
            print("|", " | ".join([name, str(epoch), *cells, test]), "|", flush=True)


main()
