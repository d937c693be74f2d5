"""Whether intervals pooled over multiple imputations hold what the complete table says: Posterior with and without --proper, R's mice and Amelia.

    apt-get install r-base-core r-cran-mice r-cran-amelia && pip install numpy scipy
    python deploy/bench/proper/run.py --posterior .build/release/posterior --data FOLDER --results results.jsonl
    python deploy/bench/proper/run.py --results results.jsonl --report

Half of the cells are hidden completely at random. Every method makes 20 completed tables; the last column's linear regression on the others is
estimated on each and pooled by Rubin's rules (degrees of freedom of Barnard and Rubin), beside the same regression on the table without holes:

- gaussian: 1000 rows of five standard normal columns whose correlations are .6 to the power of their distance;
- wine-500: 500 rows of white wine, drawn anew for every mask; wine: all 4898. FOLDER has winequality-white.csv of the UCI repository.

Reported are the share of pooled 95 % intervals that hold the estimate of the complete table, the same for the parameters that the Gaussian tables were
made with, their mean width over that of the complete table's, and seconds a table, each with the standard error over tables. An imputation method that
is right holds the complete table's estimate more often than in 95 of 100 intervals: its own error is only part of what the intervals allow for.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import stats

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "imputation"))

import downstream  # noqa: E402
import masks  # noqa: E402
import tables  # noqa: E402

M = 20
COUNTS = {"gaussian": 20, "wine-500": 10, "wine": 5}
METHODS = ("posterior --proper", "posterior", "mice norm", "mice pmm", "amelia")


def correlations(width=5, base=0.6):
    place = np.arange(width)
    return base ** np.abs(place[:, None] - place)


def gaussian(number):
    """A table, its mask, and the true regression of the last column on the others, the intercept first."""
    random = np.random.default_rng([7, number])
    sigma = correlations()
    values = random.multivariate_normal(np.zeros(len(sigma)), sigma, size=1000)
    names = [f"x{j}" for j in range(1, len(sigma) + 1)]
    table = tables.Table("gaussian", tuple(tables.Column(name) for name in names), values)
    slopes = np.linalg.solve(sigma[:-1, :-1], sigma[:-1, -1])
    return table, masks.make(table, "mcar", 0.5, number), np.array([0, *slopes])


def wine(folder, number, rows=None):
    table = tables.read("white wine", folder)
    if rows is not None:
        chosen = np.random.default_rng([11, number]).choice(len(table.values), rows, replace=False)
        table = replace(table, name="white wine, some rows", values=table.values[np.sort(chosen)])
    return table, masks.make(table, "mcar", 0.5, number), None


def write(table, mask, path):
    with open(path, "w") as file:
        file.write(",".join(column.name for column in table.columns) + "\n")
        for row, hidden in zip(table.values, mask):
            file.write(",".join("" if h else repr(float(v)) for v, h in zip(row, hidden)) + "\n")


def read(path):
    """Completed tables: [m, rows, columns]."""
    numbered = np.genfromtxt(path, delimiter=",", skip_header=1)
    return np.array([numbered[numbered[:, 0] == k][:, 1:] for k in np.unique(numbered[:, 0])])


def impute(method, posterior, holes, out, seed):
    program, _, kind = method.partition(" ")
    if program == "posterior":
        flags = [kind] if kind else ["--mode", "draws"]
        command = [posterior, "impute", holes, "-o", out, *flags, "--draws", M, "--seed", seed]
    else:
        command = ["Rscript", HERE / "impute.R", kind or program, holes, out, M, seed]
    start = time.monotonic()
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{method}: {done.stderr.strip()}")
    return time.monotonic() - start


def measure(method, posterior, table, mask, truth, number):
    with tempfile.TemporaryDirectory() as folder:
        holes, out = Path(folder) / "holes.csv", Path(folder) / "completed.csv"
        write(table, mask, holes)
        seconds = impute(method, posterior, holes, out, number)
        # Amelia leaves rows without any value as they are; a regression leaves them out, as R's would.
        draws = [draw[~np.isnan(draw).any(axis=1)] for draw in read(out)]
    target = len(table.columns) - 1
    pooled = {name: np.array(values) for name, values in downstream.check(table, draws, target).items() if name != "names"}
    reach = stats.t.ppf(0.975, pooled["df"]) * np.sqrt(pooled["t"])
    complete = stats.t.ppf(0.975, len(table.values) - len(pooled["complete"])) * pooled["complete_se"]

    def held(values):
        return (np.abs(pooled["qbar"] - values) <= reach).astype(int).tolist()

    return {
        "m": len(draws), "seconds": seconds, "held": held(pooled["complete"]), "held_truth": None if truth is None else held(truth),
        "width": (reach / complete).tolist(), "lambda": pooled["lambda"].tolist(),
    }


def report(results):
    groups = defaultdict(list)
    for result in results:
        groups[result["table"], result["method"]].append(result)

    def told(values, digits=2):
        values = np.asarray(values, dtype=float)
        error = f" +- {values.std(ddof=1) / np.sqrt(len(values)):.{digits}f}" if len(values) > 1 else ""
        return f"{values.mean():.{digits}f}{error}"

    print("| table | method | tables | holds the complete estimate | holds the truth | width over the complete one | seconds |")
    print("|---|---|---|---|---|---|---|")
    for table in COUNTS:
        for method in METHODS:
            found = groups.get((table, method))
            if not found:
                continue
            truth = told([np.mean(r["held_truth"]) for r in found]) if found[0]["held_truth"] is not None else ""
            print(
                f"| {table} | {method} | {len(found)} | {told([np.mean(r['held']) for r in found])} | {truth} "
                f"| {told([np.mean(r['width']) for r in found])} | {told([r['seconds'] for r in found], 1)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posterior", default=".build/release/posterior")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--tables", default=",".join(COUNTS))
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--count", type=int, help="tables of each kind")
    parser.add_argument("--report", action="store_true")
    given = parser.parse_args()
    results = [json.loads(line) for line in given.results.read_text().splitlines()] if given.results.exists() else []
    if given.report:
        return report(results)
    known = {(r["table"], r["number"], r["method"]) for r in results}
    for name in given.tables.split(","):
        for number in range(1, (given.count or COUNTS[name]) + 1):
            for method in given.methods.split(","):
                if (name, number, method) in known:
                    continue
                table, mask, truth = gaussian(number) if name == "gaussian" else wine(given.data, number, 500 if name == "wine-500" else None)
                result = {"table": name, "number": number, "method": method, **measure(method, given.posterior, table, mask, truth, number)}
                with open(given.results, "a") as file:
                    file.write(json.dumps(result) + "\n")
                print(name, number, method, f"{np.mean(result['held']):.2f} {result['seconds']:.1f} s", flush=True)


if __name__ == "__main__":
    main()
