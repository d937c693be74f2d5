"""Does disentangling make an autoencoder harder to attack? VAE, beta-VAE, beta-TCVAE and Seatbelt-VAE of one size, every depth and weight, several seeds each.

Usage: study.py POSTERIOR FOLDER [--data fashion-mnist] [--seeds 2 3 4] [--epochs 12] [--items 100] [--threads 2] [--plot curves.png]

Every model is trained from a recipe written into FOLDER (784-400-200 or 4096-400-200) and attacked with `posterior attack` towards the latent code of another
item (APGD on the KL summed over layers, and of 20 items L-BFGS with a penalty, `auddc_penalty`) and for the largest shift of the reconstruction. Models are compared by what can be compared: ln p(target | z*) and the distance to the target's own
reconstruction (1 untouched, 0 reached) at the middle budget, the area under the damage curve beside that of uniform noise, and the ELBO at beta 1 of 2 000 test images. `less_vae` is
the first less that of the VAE of the same seed, whose items and targets are the same; `below` the share of items whose margin estimate is below the measured margin; `top` KL(q || N(0, I)) of
the layer furthest from the data in nats, the mean over 500 test items. Depth 1 of Seatbelt is beta-TCVAE, and at beta 1 the VAE. Every model has the same free bits: without them the
upper layers of deep hierarchies carry nothing, and there is nothing to penalise. Finished parts are not done again.
"""
import argparse
import gzip
import json
import math
import pathlib
import re
import statistics
import struct
import subprocess
import sys

BETAS = [1, 4, 10]
DATA = {
    # Latent dimensions a layer and the l2 budgets of the attacks.
    "fashion-mnist": {"latent": 16, "budgets": [1, 2, 3], "source": {"source": "fashion-mnist"}},
    "sprites": {"latent": 10, "budgets": [2, 4, 6], "source": {"source": "sprites", "limit": 50000}},
}


def models(latent):
    """Family, configuration and options of training by name."""
    found = {"vae": ("vae", {"latent": latent}, {})}
    for beta in BETAS[1:]:
        found[f"beta-vae {beta}"] = ("vae", {"latent": latent}, {"beta": beta})
    for beta in BETAS[1:]:
        found[f"beta-tcvae {beta}"] = ("beta_tcvae", {"latent": latent}, {"beta": beta, "estimator": "stratified"})
    for depth in range(2, 6):
        for beta in BETAS:
            found[f"seatbelt L={depth} {beta}"] = ("seatbelt", {"latents": [latent] * depth}, {"beta": beta, "estimator": "stratified"})
    return found


def recipe(model, data, seed, options):
    family, configuration, training = model
    shared = {"hidden": [400, 200], "scale": "softplus", "scale_floor": 1e-4, "likelihood": "bernoulli", "binarisation": "dynamic"}
    layers = {"layer_hidden": [128], "inference": "data"} if family == "seatbelt" else {}
    return {
        "family": family, "name": "study", "data": data["source"], "configuration": {**shared, **layers, **configuration},
        "training": {"kl_warm_up_epochs": 2, "free_bits": options.free_bits, **training}, "optimiser": {"kind": "adam", "rate": 0.001},
        "schedule": {"kind": "cosine", "warm_up_epochs": 1, "final": 0.02}, "clip": {"norm": 100}, "epochs": options.epochs, "batch_size": 256,
        "seed": seed,
    }


def call(*words):
    return subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True).stdout


def test_items(options):
    """The first 500 test items as a file that `posterior encode` reads."""
    path = options.folder / options.data / "items.npy"
    if path.exists():
        return path
    if options.data == "sprites":
        call(options.posterior, "data", "sprites", "--split", "test", "--n", 500, "-o", path)
    else:
        # Where the Debian package dataset-fashion-mnist has them.
        pixels = gzip.decompress(pathlib.Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz").read_bytes())[16:16 + 500 * 784]
        header = "{'descr': '<f4', 'fortran_order': False, 'shape': (500, 28, 28), }"
        header = (header + " " * (117 - len(header)) + "\n").encode()
        path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + struct.pack(f"<{len(pixels)}f", *pixels))
    return path


def top_layer(file, options):
    answer = json.loads(call(options.posterior, "encode", file, "--input", test_items(options), "--format", "json"))
    layer = answer["layers"][-1]
    return statistics.mean(
        sum((s * s + m * m - 1) / 2 - math.log(s) for m, s in zip(mean, scale)) for mean, scale in zip(layer["mean"], layer["scale"]))


def measure(name, model, seed, options):
    """Trains a model unless its file is there, and does the audits whose results are not there."""
    stem = options.folder / options.data / f"{name.replace(' ', '-').replace('=', '')}-{seed}"
    result, file = stem.with_suffix(".result.json"), stem.with_suffix(".safetensors")
    found = json.loads(result.read_text()) if result.exists() else {}
    threads = ["--threads", options.threads] if options.threads else []
    for part, key in [(in_a_ball, "curves"), (by_penalty, "auddc_penalty")]:
        if key not in found:
            found |= part(stem, file, model, seed, options, threads)
            result.write_text(json.dumps(found))
    return found


def by_penalty(stem, file, model, seed, options, threads):
    """The published form of the attack: L-BFGS on the latent KL plus a penalty on the l2 norm, over a sweep of its weight."""
    report = json.loads(call(options.posterior, "attack", file, "--data", options.data, "--kind", "lbfgs", "--objective", "latent", "--items", 20, "--steps", 100,
                             "--restarts", 1, "--no-margins", "--seed", seed, "--no-record", "--json", *threads))
    return {"auddc_penalty": report["distortion_curve"]["auddc"]["mean"], "sane_penalty": report["sane"]}


def in_a_ball(stem, file, model, seed, options, threads):
    data, plan = DATA[options.data], stem.with_suffix(".json")
    plan.write_text(json.dumps(recipe(model, data, seed, options)))
    if not file.exists():
        # A checkpoint that an interrupted study left is gone on with.
        resume = ["--resume"] if pathlib.Path(f"{file}.checkpoint").exists() else []
        call(options.posterior, "train", plan, "--no-record", "-o", file, *threads, *resume)

    def attack(*words):
        return json.loads(call(options.posterior, "attack", file, "--data", options.data, "--items", options.items,
                               "--budgets", ",".join(map(str, data["budgets"])), "--steps", 50, "--restarts", 2, "--seed", seed, "--no-record", "--json",
                               *threads, *words))

    latent = attack("--objective", "latent", "--no-margins")
    damage = attack("--objective", "damage")
    lines = call(options.posterior, "evaluate", file, "--data", options.data, "--limit", 2000, "--k", 1, "--seed", 1, "--no-record", "--no-fit-data", *threads)

    def over_budgets(measure):
        return [entry[measure]["mean"] for entry in latent["aggregates"]]

    middle = next(entry for entry in latent["aggregates"] if entry["budget"] == data["budgets"][1])
    found = {
        "elbo": float(next(line for line in lines.splitlines() if line.startswith("ELBO")).split()[1]), "top": top_layer(file, options),
        "log_p_target": middle["log_p_target_given_adv"]["mean"], "target_distance": middle["target_distance_norm"]["mean"],
        "auddc": latent["distortion_curve"]["auddc"]["mean"], "raw_latent_loss": middle["attack_loss"]["mean"],
        "damage": damage["damage_curve"]["area"], "noise": damage["noise_curve"]["uniform"]["mean"]["area"],
        "below": damage["margins"]["bound_below_measured"], "margin_bound": damage["margins"]["margin_bound"]["mean"],
        "margin_measured": damage["margins"]["measured"]["mean"], "sane": latent["sane"] and damage["sane"],
        "insane": sorted({check["name"] for report in (latent, damage) for check in report["sanity"] if not check["passed"]}),
        "curves": {
            "budgets": latent["budgets"], "log_p_target": over_budgets("log_p_target_given_adv"), "target_distance": over_budgets("target_distance_norm"),
            "damage": damage["damage_curve"]["mean"], "noise": damage["noise_curve"]["uniform"]["mean"]["mean"],
        },
    }
    return found


def draw(rows, options):
    """Curves by depth and weight: the distance to the target's reconstruction and the damage, over the budgets."""
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(2, len(rows_by_depth(rows)), figsize=(14, 6), sharex=True, sharey="row", layout="constrained")
    for column, (title, names) in enumerate(rows_by_depth(rows).items()):
        for shade, name in zip(["tab:blue", "tab:orange", "tab:red"], names):
            curves = [found["curves"] for found in rows[name]]
            budgets = curves[0]["budgets"]

            def line(panel, xs, key, **style):
                values = list(zip(*(curve[key] for curve in curves)))
                panel.plot(xs, [statistics.mean(value) for value in values], color=shade, **style)

            line(panels[0, column], budgets, "log_p_target", marker="o", label=f"beta {name.split()[-1] if ' ' in name else 1}")
            line(panels[1, column], [0] + budgets, "damage", marker="o")
            line(panels[1, column], [0] + budgets, "noise", linestyle=":")
        panels[0, column].set_title(title)
        panels[0, column].legend(fontsize="small")
        panels[1, column].set_xlabel("budget, l2")
    panels[0, 0].set_ylabel("ln p(target | attack)")
    panels[1, 0].set_ylabel("shift of the reconstruction\n(dotted: noise)")
    figure.suptitle(f"{options.data}, mean of {len(options.seeds)} seeds; lower is more robust")
    figure.savefig(options.plot, dpi=110)


def rows_by_depth(rows):
    columns = {"beta-VAE": ["vae"] + [name for name in rows if name.startswith("beta-vae")]}
    columns["beta-TCVAE (L = 1)"] = ["vae"] + [name for name in rows if name.startswith("beta-tcvae")]
    for depth in range(2, 6):
        columns[f"Seatbelt, L = {depth}"] = [name for name in rows if f"L={depth} " in name]
    return columns


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("posterior")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--data", choices=DATA, default="fashion-mnist")
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3, 4])
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--free-bits", type=float, default=0.25, help="nats a latent dimension")
    parser.add_argument("--only", default="", help="a regular expression for the models' names, such as L=5")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--plot", help="a PNG of the curves; needs matplotlib")
    options = parser.parse_args()
    (options.folder / options.data).mkdir(parents=True, exist_ok=True)
    chosen = {name: model for name, model in models(DATA[options.data]["latent"]).items() if re.search(options.only, name)}
    rows = {name: [] for name in chosen}
    # Seed by seed, so that an interrupted study has whole comparisons.
    for seed in options.seeds:
        for name, model in chosen.items():
            rows[name].append(measure(name, model, seed, options))
            print(f"{name}, seed {seed}: {rows[name][-1]}", file=sys.stderr)
    # Items and targets change with the seed, so models are compared seed by seed.
    for found in rows.values():
        for own, vae in zip(found, rows.get("vae", [])):
            own["less_vae"] = own["log_p_target"] - vae["log_p_target"]
    columns = ["elbo", "top", "log_p_target", "less_vae", "target_distance", "auddc", "auddc_penalty", "damage", "noise", "below"]
    print("| model | " + " | ".join(columns) + " | sane |")
    print("|---" * (len(columns) + 2) + "|")
    for name, found in rows.items():
        cells = []
        for column in columns:
            values = [entry[column] for entry in found if entry.get(column) is not None]
            spread = statistics.stdev(values) if len(values) > 1 else 0
            cells.append(f"{statistics.mean(values):.3f} +- {spread:.3f}" if values else "")
        print(f"| {name} | " + " | ".join(cells) + f" | {sum(entry['sane'] for entry in found)} of {len(found)} |")
    if options.plot:
        draw(rows, options)


main()
