"""Compares Posterior's imputer of tables with others on the same hidden cells, and writes the tables of the README.

    pip install -r deploy/bench/requirements-imputation.txt
    python deploy/bench/imputation --data FOLDER --posterior .build/release/posterior --results results.jsonl
    python deploy/bench/imputation --results results.jsonl --report

FOLDER holds files of the UCI repository under the names of tables.py. Half of the cells are hidden completely at random (MCAR), five times; white
wine and yeast also at 10, 30 and 70 %, and at random given a third of the columns (MAR; masks.py). Every method sees the table with holes alone,
fills that table, and is judged on the hidden cells. Results are kept by table, mask, method and settings, so that a run that was stopped goes on
where it was.
"""

import argparse
import json
import multiprocessing
import os
import resource
import sys

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402  The number of threads is read when it is loaded.

import downstream  # noqa: E402
import masks  # noqa: E402
import methods  # noqa: E402
import metrics  # noqa: E402
import report  # noqa: E402
import tables  # noqa: E402
import vaeac  # noqa: E402

MORE_MASKS = ("white wine", "yeast")
# The regression of this column on all others is the downstream check.
TARGETS = {"white wine": "quality"}


def experiments(count):
    """(table, mechanism, rate, mask's number), the main ones first."""
    for number in range(1, count + 1):
        for name in tables.READERS:
            yield name, "mcar", 0.5, number
    for name in MORE_MASKS:
        for mechanism, rate in (("mcar", 0.1), ("mcar", 0.3), ("mcar", 0.7), ("mar", 0.5)):
            for number in range(1, count + 1):
                yield name, mechanism, rate, number


def processor_seconds():
    """Of this process and its children that have ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def measure(method, table, mechanism, rate, number):
    """One result."""
    mask = masks.make(table, mechanism, rate, number)
    holes = table.hidden(mask)
    seed = methods.seed(table, number)
    start = processor_seconds()
    point, draws, note = method.impute(holes, seed, method.draws)
    result = {
        "set": table.name, "mechanism": mechanism, "rate": rate, "mask": number, "method": method.name, "digest": method.digest(holes),
        "settings": method.settings(holes), "seed": seed, "seconds": round(processor_seconds() - start, 2), "note": note,
        **metrics.point_errors(table, mask, table.codes(holes, point)),
    }
    if draws is not None:
        draws = table.codes(holes, draws)
        result.update(metrics.calibration(table, mask, draws))
        names = [column.name for column in table.columns]
        if table.name in TARGETS and (mechanism, rate) == ("mcar", 0.5):
            result["regression"] = downstream.check(table, draws[:20], names.index(TARGETS[table.name]))
    return result


def within(limit, experiment):
    """`measure` in a process of its own, which may take so many processor seconds; one that takes more has no figures."""
    method, table, mechanism, rate, number = experiment
    ours, theirs = multiprocessing.Pipe(duplex=False)

    def work():
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        theirs.send(measure(*experiment))

    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    theirs.close()
    try:
        result = ours.recv()
    except EOFError:
        result = None
    child.join()
    if result is None and child.exitcode > 0:
        raise RuntimeError(f"{method.name} failed on {table.name}, mask {number}")
    return result or {
        "set": table.name, "mechanism": mechanism, "rate": rate, "mask": number, "method": method.name,
        "digest": method.digest(table.hidden(masks.make(table, mechanism, rate, number))), "seconds": limit, "stopped": limit,
    }


def load(path):
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [json.loads(line) for line in file]


def key(result):
    return tuple(result[name] for name in ("set", "mechanism", "rate", "mask", "method", "digest"))


def run(arguments):
    known = {key(result) for result in load(arguments.results)}
    # Too slow for one mask of a table is taken for too slow for the others.
    slow = {(result["set"], result["method"]) for result in load(arguments.results) if "stopped" in result}
    chosen = methods.every(vaeac.Posterior(arguments.posterior, arguments.threads))
    if arguments.methods:
        chosen = [method for method in chosen if method.name in arguments.methods.split(",")]
    loaded = {}
    for name, mechanism, rate, number in experiments(arguments.masks):
        if arguments.sets and name not in arguments.sets.split(","):
            continue
        table = loaded.setdefault(name, tables.read(name, arguments.data))
        for method in chosen:
            holes = table.hidden(masks.make(table, mechanism, rate, number))
            if not method.fits(table, mechanism, rate) or (name, mechanism, rate, number, method.name, method.digest(holes)) in known:
                continue
            if (name, method.name) in slow:
                continue
            experiment = (method, table, mechanism, rate, number)
            result = within(arguments.limit, experiment) if method.is_peer else measure(*experiment)
            if "stopped" in result:
                slow.add((name, method.name))
            with open(arguments.results, "a") as file:
                file.write(json.dumps(result) + "\n")
            shown = {name: result.get(name) for name in ("nrmse", "pfc", "crps", "coverage50", "coverage90") if result.get(name) is not None}
            print(name, mechanism, rate, number, method.name, {k: round(v, 4) for k, v in shown.items()}, f"{result['seconds']} s", flush=True)


def versions():
    from importlib.metadata import version

    packages = [f"{name} {version(name)}" for name in ("numpy", "scipy", "scikit-learn", "lightgbm", "miceforest", "pandas")]
    return f"Python {sys.version.split()[0]}, " + ", ".join(packages)


def main():
    parser = argparse.ArgumentParser(prog="imputation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="the folder with the tables")
    parser.add_argument("--posterior", default=".build/release/posterior", help="the program (default: %(default)s)")
    parser.add_argument("--results", default="imputation.jsonl", help="where results are kept, one a line (default: %(default)s)")
    parser.add_argument("--masks", type=int, default=5, help="masks of every table (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="threads of Posterior (default: %(default)s); the others take one")
    parser.add_argument("--limit", type=int, default=600, help="processor seconds that a peer may take for one mask (default: %(default)s)")
    parser.add_argument("--sets", help="some of the tables, by commas: " + ", ".join(tables.READERS))
    parser.add_argument("--methods", help="some of the methods, by commas: mean, gaussian, iterative, miceforest, missforest, vaeac, vaeac-learned, stacking")
    parser.add_argument("--report", action="store_true", help="only write the tables of the results that there are")
    arguments = parser.parse_args()
    print(versions(), file=sys.stderr)
    if not arguments.report:
        if not arguments.data:
            parser.error("--data names the folder with the tables")
        run(arguments)
    print(report.markdown(load(arguments.results)))


if __name__ == "__main__":
    main()
