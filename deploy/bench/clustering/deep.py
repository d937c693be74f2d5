"""Two deep clusterings to set beside ours: DEC, and an IMSAT-type classifier under random affine maps, both in PyTorch.

Usage: deep.py dec|imsat TRAIN TRAIN_LABELS TEST TEST_LABELS --components 10 --seeds 3 4 5 [--rotation 15 --scale 0.15 --shear 0.2 --shift 2]

DEC (Xie et al. 2016) of an autoencoder 784-512-512-10, learnt for 30 epochs: k-means on the codes, then the encoder and the centres by KL(P || Q), P being the
squared and normalised memberships, refreshed every epoch for 20 epochs.
IMSAT-type (Hu et al. 2017): q(y|x) 784-512-512-K from a random start, by KL(q(y|x) || q(y|Tx)) + 0.1 (mean H(q(y|x)) + 4 KL(mean q || uniform)) for 50 epochs. It
is what our recipes learn after their start from a mixture, without that start and without a model of the images.
Labels take part in the numbers alone: the last epoch counts. Files and maps of clusters to classes as in baselines.py.
"""
import argparse
import math
import time

import numpy as np
import torch
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from torch import nn
from torch.nn import functional as F

from baselines import accuracies, read

BATCH = 256


def layers(*sizes):
    """Linear layers with ReLU between them."""
    parts = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        parts += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*parts[:-1])


def batches(n, generator):
    return torch.randperm(n, generator=generator).split(BATCH)


def memberships(codes, centres):
    """Student t with one degree of freedom: [n, K]."""
    q = 1 / (1 + torch.cdist(codes, centres).square())
    return q / q.sum(1, keepdim=True)


def dec(train, test, options, seed):
    generator = torch.Generator().manual_seed(seed)
    encoder, decoder = layers(train.shape[1], 512, 512, 10), layers(10, 512, 512, train.shape[1])
    adam = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 1e-3)
    for _ in range(30):
        for rows in batches(len(train), generator):
            x = train[rows]
            loss = F.binary_cross_entropy_with_logits(decoder(encoder(x)), x)
            adam.zero_grad()
            loss.backward()
            adam.step()
    with torch.no_grad():
        means = KMeans(options.components, n_init=4, random_state=seed).fit(encoder(train).numpy()).cluster_centers_
    centres = nn.Parameter(torch.from_numpy(means))
    adam = torch.optim.Adam([*encoder.parameters(), centres], 1e-4)
    for _ in range(20):
        with torch.no_grad():
            q = memberships(encoder(train), centres)
            p = q.square() / q.sum(0)
            p = p / p.sum(1, keepdim=True)
        for rows in batches(len(train), generator):
            loss = F.kl_div(memberships(encoder(train[rows]), centres).log(), p[rows], reduction="batchmean")
            adam.zero_grad()
            loss.backward()
            adam.step()
    with torch.no_grad():
        return [memberships(encoder(x), centres).argmax(1).numpy() for x in (train, test)]


def mapped(x, options, generator):
    """Images under random affine maps, each its own."""
    n, side = len(x), math.isqrt(x.shape[1])

    def draw(most):
        return (2 * torch.rand(n, generator=generator) - 1) * most

    turn, grow, slant = draw(math.radians(options.rotation)), 1 + draw(options.scale), draw(options.shear)
    cosine, sine = turn.cos() / grow, turn.sin() / grow
    right, down = draw(2 * options.shift / side), draw(2 * options.shift / side)
    theta = torch.stack([cosine, cosine * slant - sine, right, sine, sine * slant + cosine, down], 1).reshape(n, 2, 3)
    grid = F.affine_grid(theta, [n, 1, side, side], align_corners=False)
    return F.grid_sample(x.reshape(n, 1, side, side), grid, align_corners=False).reshape(n, -1)


def imsat(train, test, options, seed):
    generator = torch.Generator().manual_seed(seed)
    classifier = layers(train.shape[1], 512, 512, options.components)
    adam = torch.optim.Adam(classifier.parameters(), 1e-3)
    for epoch in range(50):
        adam.param_groups[0]["lr"] = 1e-3 if epoch < 40 else 3e-4
        for rows in batches(len(train), generator):
            x = train[rows]
            logq = classifier(x).log_softmax(1)
            q = logq.exp()
            change = (q.detach() * (logq.detach() - classifier(mapped(x, options, generator)).log_softmax(1))).sum(1).mean()
            mean = q.mean(0)
            imbalance = (mean * ((mean + 1e-20).log() + math.log(options.components))).sum()
            loss = change + 0.1 * (-(q * logq).sum(1).mean() + 4 * imbalance)
            adam.zero_grad()
            loss.backward()
            adam.step()
    with torch.no_grad():
        return [classifier(x).argmax(1).numpy() for x in (train, test)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("method", choices=["dec", "imsat"])
    parser.add_argument("files", nargs=4)
    parser.add_argument("--components", type=int, default=10)
    parser.add_argument("--seeds", type=int, nargs="+", default=[3, 4, 5])
    parser.add_argument("--limit", type=int, help="training images, from the first")
    parser.add_argument("--threads", type=int, default=2)
    for name, most in [("rotation", 15.0), ("scale", 0.15), ("shear", 0.2), ("shift", 2.0)]:
        parser.add_argument(f"--{name}", type=float, default=most)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    x, y, test, test_labels = map(read, options.files)
    x, y, test_labels = x[: options.limit], y[: options.limit].astype(int), test_labels.astype(int)
    rows = []
    for seed in options.seeds:
        start = time.time()
        torch.manual_seed(seed)
        found, asked = {"dec": dec, "imsat": imsat}[options.method](torch.from_numpy(x), torch.from_numpy(test), options, seed)
        rows.append(
            accuracies(found, y, asked, test_labels, options.components)
            + (normalized_mutual_info_score(test_labels, asked), adjusted_rand_score(test_labels, asked))
        )
        print(f"seed {seed}:", " ".join(f"{value:.4f}" for value in rows[-1]), f"({time.time() - start:.0f} s)", flush=True)
    mean, deviation = np.mean(rows, 0), np.std(rows, 0, ddof=1) if len(rows) > 1 else np.zeros(4)
    cells = [f"{label} {m:.4f} +- {d:.4f}" for label, m, d in zip(("majority", "hungarian", "NMI", "ARI"), mean, deviation)]
    print(f"{options.method}, K = {options.components}, {len(x)} training items, {len(rows)} seeds: {', '.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
