"""What a user would pick instead: scikit-learn's KMeans and GaussianMixture, on pixels and on the codes of a VAE.

Usage: baselines.py TRAIN TRAIN_LABELS TEST TEST_LABELS --components 10 30 --seeds 1 2 3 [--pca D] [--limit N]

TRAIN and TEST are IDX images or NPY rows (such as `posterior encode --output codes.npy` writes), labels IDX or NPY. Every cluster takes the label that most of
its training items have (majority) or its partner of the best one-to-one matching on the training items (Hungarian); the accuracy is that on the test items.
"""
import argparse
import gzip
import struct

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.mixture import GaussianMixture


def read(path):
    """Rows of an NPY or IDX file as float32, labels as integers."""
    if path.endswith(".npy"):
        return np.load(path)
    data = (gzip.open if path.endswith(".gz") else open)(path, "rb").read()
    rank = data[3]
    shape = struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank])
    values = np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)
    return values if rank == 1 else values.reshape(shape[0], -1).astype(np.float32) / 255


def counts(clusters, labels, components):
    table = np.zeros((components, int(labels.max()) + 1), int)
    np.add.at(table, (clusters, labels), 1)
    return table


def accuracies(train, train_labels, test, test_labels, components):
    """Test accuracy under both maps, each fitted on the training items."""
    table = counts(train, train_labels, components)
    majority = table.argmax(1)
    rows, columns = linear_sum_assignment(-table)
    hungarian = np.full(components, -1)
    hungarian[rows] = columns
    return (majority[test] == test_labels).mean(), (hungarian[test] == test_labels).mean()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs=4)
    parser.add_argument("--components", type=int, nargs="+", default=[10, 30])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--pca", type=int, help="principal components for the mixture, whose diagonal covariances pixels do not suit")
    parser.add_argument("--limit", type=int, help="training items, from the first")
    parser.add_argument("--columns", type=int, help="of the rows, from the first: the means of what encode writes, without the scales")
    options = parser.parse_args()
    x, y, test, test_labels = map(read, options.files)
    x, y = x[: options.limit, : options.columns], y[: options.limit].astype(int)
    test = test[:, : options.columns]
    test_labels = test_labels.astype(int)
    reduced = (x, test)
    if options.pca:
        pca = PCA(options.pca, random_state=0).fit(x)
        reduced = (pca.transform(x), pca.transform(test))
    for components in options.components:
        methods = [
            ("KMeans", lambda seed: KMeans(components, n_init=4, random_state=seed), (x, test)),
            ("GaussianMixture", lambda seed: GaussianMixture(components, covariance_type="diag", reg_covar=1e-3, random_state=seed), reduced),
        ]
        for name, make, (fit, ask) in methods:
            rows = []
            for seed in options.seeds:
                model = make(seed).fit(fit)
                train, found = model.predict(fit), model.predict(ask)
                rows.append(
                    accuracies(train, y, found, test_labels, components)
                    + (normalized_mutual_info_score(test_labels, found), adjusted_rand_score(test_labels, found))
                )
            mean, deviation = np.mean(rows, 0), np.std(rows, 0, ddof=1) if len(rows) > 1 else np.zeros(4)
            cells = [f"{label} {m:.4f} +- {d:.4f}" for label, m, d in zip(("majority", "hungarian", "NMI", "ARI"), mean, deviation)]
            print(f"{name}, K = {components}, {len(x)} training items, {len(rows)} seeds: {', '.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
