#!/usr/bin/env python3
"""Runs `posterior impute` over a folder of NAME.csv and NAME.truth.csv, and prints what became of each as a table in Markdown. Standard library alone.

    python3 deploy/bench/cases/run.py FOLDER --posterior .build/release/posterior [--only NAME ...] [--jobs N]

A cell is a hole where the table has not what the truth has. NRMSE is the error over the holes of a column, divided by the column's standard deviation in the
truth: 1 is filling in the mean. In brackets the same over the holes whose row lacks nothing else. Of texts it is the share of wrong ones. Tables of more than six columns have the mean over the columns. A table that is
refused is read again with the option that the table below names for it. Where two columns of numbers lack a fifth of the rows together, five draws say how
they hang together: within the drawn rows the correlation, the slope of the second on the first, and the distance correlation (Szekely et al. 2007), which is 0
for independent columns alone; beside the truth's.
"""
import argparse
import concurrent.futures
import csv
import datetime
import io
import itertools
import math
import pathlib
import re
import statistics
import subprocess
import tempfile

# What reads a table that can't be read without being told, by the beginning of its name.
OPTIONS = {
    "no-header": ["--no-header"],
    "one-cell-below-limit": ["--lenient"],
    "one-cell-stray-word": ["--lenient"],
    "one-cell-infinite": ["--lenient"],
    "three-decimals": ["--decimal=,"],
}
# What nothing in a table tells: -999 is a number.
ALWAYS = {"sentinel": ["--missing=-999"]}

DAYS = ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y-%m-%dT%H:%M:%S", "%m/%d/%Y %I:%M %p"]


def moment(text):
    for form in DAYS:
        try:
            return (datetime.datetime.strptime(text, form) - datetime.datetime(1970, 1, 1)).total_seconds() / 86_400
        except ValueError:
            pass
    return None


def readings(text):
    """What a cell may be as a number: with a decimal point, with a decimal comma, as a day."""
    bare = re.sub(r"[^0-9.,eE+-]", "", text)

    def number(digits):
        try:
            return float(digits) if digits and math.isfinite(float(digits)) else None
        except ValueError:
            return None

    if not re.search(r"[0-9]", text) or re.search(r"[a-df-zA-DF-Z<>]", re.sub(r"(AM|PM)$", "", text)):
        return (None, None, moment(text))
    return number(bare.replace(",", "")), number(bare.replace(".", "").replace(",", ".")), moment(text)


def rows(path, count, names):
    """The last `count` records of a table, each as the cells of these columns."""
    text = pathlib.Path(path).read_text(encoding="utf-8-sig")
    if text.startswith("sep="):
        text = text.split("\n", 1)[1]
    first = text.split("\n", 1)[0]
    delimiter = max(",;|\t", key=first.count)
    records = [record for record in csv.reader(io.StringIO(text), delimiter=delimiter) if record]
    header, body = records[0], records[-count:]
    shift = len(body[0]) - len(header) if all(name in header for name in names) else 0
    places = [header.index(name) + shift if name in header else place for place, name in enumerate(names)]
    return [[record[place] for place in places] for record in body]


class Case:
    def __init__(self, folder, name):
        self.name, self.table = name, folder / f"{name}.csv"
        with open(folder / f"{name}.truth.csv", newline="", encoding="utf-8") as file:
            self.names, *self.truth = csv.reader(file)
        self.given = rows(self.table, len(self.truth), self.names)
        self.columns = [Column([row[place] for row in self.truth], [row[place] for row in self.given]) for place in range(len(self.names))]

    def together(self):
        """Pairs of columns of numbers that lack a fifth of the rows together, with those rows."""
        numeric = [place for place, column in enumerate(self.columns) if column.numbers and any(column.holes)]
        pairs = itertools.combinations(numeric, 2) if len(self.names) <= 6 else []
        found = [(first, second, [row for row in range(len(self.truth)) if self.columns[first].holes[row] and self.columns[second].holes[row]])
                 for first, second in pairs]
        return [pair for pair in found if len(pair[2]) >= len(self.truth) / 5]


class Column:
    def __init__(self, truth, given):
        self.texts, found = truth, [readings(text) for text in truth]
        # 0 stands for a truth that is written plainly, 2 for one of days.
        kind = next((kind for kind in (0, 2) if all(reading[kind] is not None for reading in found)), None)
        self.numbers = None if kind is None else [reading[kind] for reading in found]
        if self.numbers is None:
            self.holes = [one != other for one, other in zip(given, truth)]
            return
        # Of the ways to read the table the one that has most cells as they are in truth.
        self.kind = max((0, 1, 2), key=lambda kind: sum(self.matches(readings(text)[kind], row) for row, text in enumerate(given)))
        self.holes = [not self.matches(readings(text)[self.kind], row) for row, text in enumerate(given)]

    def matches(self, value, row):
        return value is not None and math.isclose(value, self.numbers[row], rel_tol=1e-9, abs_tol=1e-320)

    def values(self, cells):
        return [readings(text)[self.kind] for text in cells]

    def scores(self, filled, rows=None):
        """Squares of errors over the holes, of these rows alone, in variances of the truth; of texts 1 for a wrong one."""
        holes = [row for row, hole in enumerate(self.holes) if hole and (rows is None or row in rows)]
        if self.numbers is None:
            return [float(filled[row] != self.texts[row]) for row in holes]
        values = self.values(filled)
        # Scaled first: squares of 1e-300 are 0.
        size = max(map(abs, self.numbers)) or 1
        deviation = statistics.pstdev(value / size for value in self.numbers)
        if deviation == 0:
            return [0.0 if self.matches(values[row], row) else math.inf for row in holes]
        return [math.inf if values[row] is None else ((values[row] - self.numbers[row]) / size / deviation) ** 2 for row in holes]


def run(posterior, case, options, mode):
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "out.csv"
        command = [posterior, "impute", str(case.table), "-o", str(output), "--mode", mode, "--seed", "1", *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        text = output.read_text(encoding="utf-8-sig") if done.returncode == 0 else None
        filled = rows(output, len(case.truth) * (5 if mode == "draws" else 1), case.names) if text else None
    message = done.stderr.strip().replace(str(case.table), case.table.name).split("\n")[-1]
    return done.returncode, message, filled


def short(value):
    return "-" if math.isnan(value) else f"{value:.2f}".lstrip("0") or "0"


def accuracy(case, filled):
    scores = {name: column.scores([row[place] for row in filled])
              for place, (name, column) in enumerate(zip(case.names, case.columns)) if any(column.holes)}
    if len(scores) > 6:
        return f"mean of {len(scores)} columns {short(statistics.mean(math.sqrt(statistics.mean(column)) for column in scores.values()))}"
    filled_columns = [column for column in case.columns if any(column.texts)]
    lonely = {row for row in range(len(case.truth)) if sum(column.holes[row] for column in filled_columns) == 1}
    parts = []
    for place, name in enumerate(case.names):
        # Of an empty column nothing can be filled in.
        if name not in scores or not any(case.columns[place].texts):
            continue
        def error(scores, of_texts=case.columns[place].numbers is None):
            mean = statistics.mean(scores)
            return short(mean if of_texts else math.sqrt(mean))

        alone = case.columns[place].scores([row[place] for row in filled], lonely)
        parts.append(f"{name} {error(scores[name])}" + (f" ({error(alone)})" if alone and len(alone) < len(scores[name]) else ""))
    return ", ".join(parts) or "no hole"


def relation(x, y):
    n, mean_x, mean_y = len(x), statistics.mean(x), statistics.mean(y)
    xx = sum((value - mean_x) ** 2 for value in x)
    yy = sum((value - mean_y) ** 2 for value in y)
    xy = sum((one - mean_x) * (other - mean_y) for one, other in zip(x, y))
    return (xy / math.sqrt(xx * yy), xy / xx, distance_correlation(x, y)) if n > 1 and xx > 0 and yy > 0 else (math.nan,) * 3


def distance_correlation(x, y):
    def centred(values):
        distances = [[abs(one - other) for other in values] for one in values]
        means = [statistics.fmean(row) for row in distances]
        mean = statistics.fmean(means)
        return [distance - means[row] - means[column] + mean for row, line in enumerate(distances) for column, distance in enumerate(line)]

    def dot(left, right):
        return sum(one * other for one, other in zip(left, right))

    a, b = centred(x), centred(y)
    return math.sqrt(dot(a, b) / math.sqrt(dot(a, a) * dot(b, b)))


def joint(posterior, case, options):
    pairs = case.together()
    if not pairs:
        return ""
    code, message, filled = run(posterior, case, options, "draws")
    if code != 0:
        return message
    parts = []
    for first, second, both in pairs:
        # Every row's draws stand one below the other.
        drawn = [[case.columns[place].values([filled[5 * row + draw][place] for row in both]) for place in (first, second)] for draw in range(5)]
        mean = [statistics.fmean(values) for values in zip(*(relation(*draw) for draw in drawn))]
        truth = relation(*([case.columns[place].numbers[row] for row in both] for place in (first, second)))
        words = [", ".join(f"{value:.2f}" for value in values) for values in (mean, truth)]
        parts.append(f"{case.names[first]}, {case.names[second]}: {words[0]} (truth {words[1]})")
    return "; ".join(parts)


def answer(posterior, case):
    options = ALWAYS.get(case.name, [])
    code, message, filled = run(posterior, case, options, "point")
    happened = "read" + (f" with `{' '.join(options)}`" if options else "")
    if code != 0:
        happened = f"refused ({code}): {message.removeprefix('Error: ')}"
        options = OPTIONS.get(case.name, [])
        if options:
            code, message, filled = run(posterior, case, options, "point")
            happened += f"; `{' '.join(options)}` " + ("reads it" if code == 0 else f"is refused: {message}")
    if code != 0:
        return [happened, "", "", ""]
    kept = all(
        filled[row][place] == case.given[row][place]
        for row in range(len(case.truth)) for place, column in enumerate(case.columns) if not column.holes[row])
    return [happened, accuracy(case, filled), "yes" if kept else "**no**", joint(posterior, case, options)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--posterior", default=".build/release/posterior")
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    names = sorted(path.name.removesuffix(".truth.csv") for path in arguments.folder.glob("*.truth.csv"))
    cases = [Case(arguments.folder, name) for name in names if not arguments.only or name in arguments.only]
    print("| case | what happened | NRMSE over the holes | observed cells kept | draws: correlation, slope, distance correlation |\n|---|---|---|---|---|")
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for case, cells in zip(cases, pool.map(lambda case: answer(arguments.posterior, case), cases)):
            print("| " + " | ".join([case.name, *(cell.replace("|", "\\|") for cell in cells)]) + " |", flush=True)


if __name__ == "__main__":
    main()
