"""Does disentangling make an autoencoder harder to attack? VAE, beta-VAE, beta-TCVAE and Seatbelt-VAE of one size on Fashion-MNIST, several seeds each.

Usage: study.py POSTERIOR FOLDER [--seeds 1 2 3] [--epochs 12] [--items 100]

Every model is trained from a recipe written into FOLDER (784-400-200, 16 latent dimensions a layer) and attacked twice with `posterior attack`: towards the latent
code of another item (APGD on the KL summed over layers, l2 budgets 1, 2, 3) and for the largest shift of the reconstruction. Models are compared by what can be compared:
ln p(target | z*) and the distance to the target's own reconstruction (1 untouched, 0 reached) at budget 2, the area under the damage curve beside that of uniform noise, and the ELBO
at beta 1 of 2 000 test images. `below` is the share of items whose margin estimate is below the measured margin. Finished parts are not done again.
"""
import argparse
import json
import pathlib
import statistics
import subprocess

MODELS = {
    "vae": ("vae", {"latent": 16}, {}),
    "beta-vae 4": ("vae", {"latent": 16}, {"beta": 4}),
    "beta-vae 10": ("vae", {"latent": 16}, {"beta": 10}),
    "beta-tcvae 4": ("beta_tcvae", {"latent": 16}, {"beta": 4, "estimator": "stratified"}),
    "beta-tcvae 10": ("beta_tcvae", {"latent": 16}, {"beta": 10, "estimator": "stratified"}),
    "seatbelt L=2 1": ("seatbelt", {"latents": [16, 16]}, {"beta": 1, "estimator": "stratified"}),
    "seatbelt L=2 4": ("seatbelt", {"latents": [16, 16]}, {"beta": 4, "estimator": "stratified"}),
    "seatbelt L=2 10": ("seatbelt", {"latents": [16, 16]}, {"beta": 10, "estimator": "stratified"}),
    "seatbelt L=4 4": ("seatbelt", {"latents": [16, 16, 16, 16]}, {"beta": 4, "estimator": "stratified"}),
    "seatbelt L=4 10": ("seatbelt", {"latents": [16, 16, 16, 16]}, {"beta": 10, "estimator": "stratified"}),
}


def recipe(name, seed, epochs):
    family, configuration, training = MODELS[name]
    shared = {"hidden": [400, 200], "scale": "softplus", "scale_floor": 1e-4, "likelihood": "bernoulli", "binarisation": "dynamic"}
    layers = {"layer_hidden": [128], "inference": "data"} if family == "seatbelt" else {}
    return {
        "family": family, "name": "study", "data": {"source": "fashion-mnist"}, "configuration": {**shared, **layers, **configuration},
        "training": {"kl_warm_up_epochs": 2, **training}, "optimiser": {"kind": "adam", "rate": 0.001},
        "schedule": {"kind": "cosine", "warm_up_epochs": 1, "final": 0.02}, "clip": {"norm": 100}, "epochs": epochs, "batch_size": 256, "seed": seed,
    }


def call(*words):
    return subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True).stdout


def measure(posterior, folder, name, seed, options):
    stem = folder / f"{name.replace(' ', '-').replace('=', '')}-{seed}"
    result = stem.with_suffix(".result.json")
    if result.exists():
        return json.loads(result.read_text())
    plan, model = stem.with_suffix(".json"), stem.with_suffix(".safetensors")
    plan.write_text(json.dumps(recipe(name, seed, options.epochs)))
    resume = ["--resume"] if pathlib.Path(f"{model}.checkpoint").exists() else []
    call(posterior, "train", plan, "--no-record", "-o", model, *resume)

    def attack(*words):
        return json.loads(call(posterior, "attack", model, "--data", "fashion-mnist", "--items", options.items, "--budgets", "1,2,3", "--steps", 50,
                               "--restarts", 2, "--seed", seed, "--no-record", "--json", *words))

    latent = attack("--objective", "latent", "--no-margins")
    damage = attack("--objective", "damage")
    lines = call(posterior, "evaluate", model, "--data", "fashion-mnist", "--limit", 2000, "--k", 1, "--seed", 1, "--no-record", "--no-fit-data")
    at = {entry["budget"]: entry for entry in latent["aggregates"]}
    found = {
        "elbo": float(next(line for line in lines.splitlines() if line.startswith("ELBO")).split()[1]),
        "log_p_target": at[2.0]["log_p_target_given_adv"]["mean"], "target_distance": at[2.0]["target_distance_norm"]["mean"],
        "auddc": latent["distortion_curve"]["auddc"]["mean"], "raw_latent_loss": at[2.0]["attack_loss"]["mean"],
        "damage": damage["damage_curve"]["area"], "noise": damage["noise_curve"]["uniform"]["mean"]["area"],
        "sane": latent["sane"] and damage["sane"],
    }
    found["below"] = damage["margins"]["bound_below_measured"]
    result.write_text(json.dumps(found))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("posterior")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--items", type=int, default=100)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    rows = {name: [] for name in MODELS}
    # Seed by seed, so that an interrupted study has whole comparisons.
    for seed in options.seeds:
        for name in MODELS:
            rows[name].append(measure(options.posterior, options.folder, name, seed, options))
    columns = ["elbo", "log_p_target", "target_distance", "auddc", "damage", "noise", "below"]
    print("| model | " + " | ".join(columns) + " | sane |")
    print("|---" * (len(columns) + 2) + "|")
    for name, found in rows.items():
        cells = []
        for column in columns:
            values = [entry[column] for entry in found if entry[column] is not None]
            spread = statistics.stdev(values) if len(values) > 1 else 0
            cells.append(f"{statistics.mean(values):.3f} +- {spread:.3f}" if values else "")
        print(f"| {name} | " + " | ".join(cells) + f" | {sum(entry['sane'] for entry in found)} of {len(found)} |")


main()
