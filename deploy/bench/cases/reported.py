#!/usr/bin/env python3
"""Writes tables after public reports about programs that fill in tables, NAME.csv with holes and NAME.truth.csv without, for run.py; needs numpy.

    python3 deploy/bench/cases/reported.py FOLDER

Each is a situation in which some program gave a wrong or unhelpful answer, with data made anew; deterministic.
"""
import datetime
import pathlib
import sys

import numpy as np

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


def plain(value):
    return value if isinstance(value, str) else str(value.item() if hasattr(value, "item") else value)


def text(names, rows, separator=","):
    """A table as pandas writes it."""
    def quoted(cell):
        return '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in (separator, '"', "\n")) else cell

    # A line with nothing on it would be no record.
    lines = [separator.join(map(quoted, row)) for row in rows]
    return "\n".join([separator.join(names)] + ['""' if line == "" else line for line in lines]) + "\n"


def write(name, columns, holes, body=None):
    """columns: name to values; holes: [rows, columns]; body: from the names and the rows of texts to what the file holds."""
    names, truth = list(columns), [[plain(cell) for cell in row] for row in zip(*columns.values())]
    rows = [["" if holed else cell for cell, holed in zip(*pair)] for pair in zip(truth, holes)]
    (folder / f"{name}.truth.csv").write_text(text(names, truth), newline="")
    (folder / f"{name}.csv").write_text((body or text)(names, rows), newline="")


def each(change, separator=","):
    return lambda names, rows: text(names, [[cell if cell == "" else change(float(cell)) for cell in row] for row in rows], separator)


def cell(odd):
    def body(names, rows):
        return text(names, rows[:7] + [[rows[7][0], odd]] + rows[8:])

    return body


random = np.random.default_rng(101)
n = 240
x = random.normal(50, 10, n).round(2)
y = (2 * x + random.normal(0, 3, n)).round(2)
base = dict(x=x, y=y)
holes = random.random((n, 2)) < 0.15
write("base", base, holes)
odd = {"na-slash": "N/A", "null-word": "NULL", "none-word": "None", "angle-na": "<NA>", "backslash-n": "\\N", "dash": "-", "hash-na": "#N/A",
       "below-limit": "<0.5", "stray-word": "broken", "infinite": "inf"}
for name, mark in odd.items():
    write(f"one-cell-{name}", base, holes | ((np.arange(n) == 7)[:, None] & np.array([False, True])), cell(mark))
write("all-holes-na-slash", base, holes, lambda names, rows: text(names, [[value or "N/A" for value in row] for row in rows]))

# Numbers as spreadsheets write them.
comma = each(lambda value: f"{value:.2f}".replace(".", ","))
write("decimal-comma", base, holes, each(lambda value: f"{value:.2f}".replace(".", ","), ";"))
write("decimal-comma-quoted", base, holes, comma)
write("thousands", dict(x=x * 1000, y=y * 1000), holes, each(lambda value: f"{value:,.2f}"))
write("percent", base, holes, each(lambda value: f"{value:.2f}%"))
write("currency", base, holes, each(lambda value: f"${value:.2f}"))
write("padded", base, holes, each(lambda value: f"  {value:.2f} "))
write("units-row", base, holes, lambda names, rows: text(names, [["kg", "m/s"]] + rows))

# What programs write around a table.
write("pandas-index", base, holes, lambda names, rows: text([""] + names, [[str(index)] + row for index, row in enumerate(rows)]))
write("trailing-comma", base, holes, lambda names, rows: "".join(line + ",\n" for line in text(names, rows).splitlines()))
write("r-row-names", base, holes, lambda names, rows: '"x","y"\n' + "".join(f'"{index + 1}",{",".join(row)}\n' for index, row in enumerate(rows)))
write("sep-line", base, holes, lambda names, rows: "sep=,\n" + text(names, rows))
write("pipe", base, holes, lambda names, rows: text(names, rows, "|"))
write("no-header", base, holes, lambda names, rows: text(names, rows).split("\n", 1)[1])

# Columns that name rows, or say nothing.
none = np.zeros(n, bool)
write("text-id", dict(id=[f"P{index:04d}" for index in range(n)], **base), np.c_[none, holes])
write("many-levels", dict(site=[f"s{value:03d}" for value in random.permutation(np.arange(n) % 120)], **base), np.c_[none, holes])
long = dict(id=[f"case {index}" for index in range(400)], x=np.tile(x, 2)[:400], y=np.tile(y, 2)[:400], empty=[""] * 400)
write("id-of-400-and-empty-column", long, np.c_[np.zeros(400, bool), random.random((400, 2)) < 0.15, np.zeros(400, bool)])

# Large offsets, whole numbers, days.
z = random.normal(size=n)
near = (z + random.normal(0, 0.1, n)).round(3)
stamps = (1_704_067_200_000 + 60_000 * (z - z.min())).round().astype(np.int64)
write("unix-milliseconds", dict(ms=stamps, y=near), random.random((n, 2)) < 0.15)
days = [datetime.date(2023, 3, 1) + datetime.timedelta(days=int(value)) for value in np.clip((60 + 25 * z).round(), 0, 400)]
write("dates", dict(day=[day.isoformat() for day in days], yyyymmdd=[day.strftime("%Y%m%d") for day in days],
                    y=(z + random.normal(0, 0.1, n)).round(3)), random.random((n, 3)) < 0.12)
write("year", dict(year=(1980 + 11 * z).round().astype(int), y=(z + random.normal(0, 0.2, n)).round(3)), random.random((n, 2)) < 0.15)
write("tiny", dict(v=1e-300 * (1 + 0.1 * z), y=(z + random.normal(0, 0.1, n)).round(3)), random.random((n, 2)) < 0.15)
write("constant", dict(c=[5] * n, **base), random.random((n, 3)) < 0.15)
write("sentinel", base, holes, lambda names, rows: text(names, [[value or "-999" for value in row] for row in rows]))

# Columns that are missing together, and tables wider than long.
m = 500
f = random.normal(size=m)
a = 0.5 * f + random.normal(size=m) * 0.87
b = a + random.normal(size=m) * 0.3
both = random.random(m) < 0.4
write("block", dict(z=f.round(4), x=a.round(4), y=b.round(4)), np.c_[np.zeros(m, bool), both, both])
factors, loadings = random.normal(size=(50, 3)), random.normal(size=(3, 300))
wide = (factors @ loadings + random.normal(size=(50, 300)) * 0.8).round(3)
write("wide", {f"g{index}": wide[:, index] for index in range(300)}, random.random(wide.shape) < 0.2)
few = np.zeros((5, 3), bool)
few[1, 1] = few[3, 0] = True
write("five", dict(x=[1.0, 2.0, 3.0, 4.0, 5.0], y=[2.1, 3.9, 6.2, 8.1, 9.8], k=list("ababa")), few)
