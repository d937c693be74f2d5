#!/usr/bin/env python3
"""Writes tables as people have them, NAME.csv with holes and NAME.truth.csv without, for run.py; needs numpy, and is deterministic.

    python3 deploy/bench/cases/make.py FOLDER

Nothing in the program was chosen by looking at these: columns that are missing together and depend on each other otherwise than linearly, identifiers and
large offsets in forms other than milliseconds, and numbers and days as they are written in Europe and America.
"""
import csv
import datetime
import pathlib
import sys

import numpy as np


def write(folder, name, columns, holes, forms=None, delimiter=","):
    """columns: name to numbers or texts; holes: [rows, columns]; forms: name to a function that writes one value as the file has it."""
    forms = forms or {}
    truth = [[str(value) for value in values] for values in zip(*columns.values())]
    rows = [
        ["" if holed else forms.get(column, str)(value) for column, value, holed in zip(columns, values, hidden)]
        for values, hidden in zip(zip(*columns.values()), holes)
    ]
    for path, body, mark in [(f"{name}.truth.csv", truth, ","), (f"{name}.csv", rows, delimiter)]:
        with open(folder / path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=mark, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(body)


def european(value, decimals=2):
    """1.234.567,89"""
    return f"{value:,.{decimals}f}".translate(str.maketrans(",.", ".,"))


def day(number):
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=int(number))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(20261129)
    n = 500

    def normal(rows=n):
        return random.normal(size=rows)

    def together(shown, hidden, share=0.4):
        """The last `hidden` columns of some rows are missing together."""
        rows = random.random(n) < share
        return np.c_[np.zeros((n, shown), bool), np.repeat(rows[:, None], hidden, axis=1)]

    # Columns that are missing together.
    z = normal()
    x = 0.6 * z + 0.8 * normal()
    write(folder, "together-square", dict(z=z.round(4), x=x.round(4), y=(x**2 + 0.3 * normal()).round(4)), together(1, 2))
    u = normal()
    a, b = 0.5 * u + 0.8 * normal(), -0.4 * u + 0.9 * normal()
    write(folder, "together-sum", dict(u=u.round(4), a=a.round(4), b=b.round(4), c=(a + b + 0.2 * normal()).round(4)), together(1, 3, 0.3))
    sign = np.where(random.random(n) < 0.5, -1, 1)
    x = normal()
    write(folder, "together-cross", dict(z=(x + 0.7 * normal()).round(4), x=x.round(4), y=(sign * x + 0.15 * normal()).round(4)), together(1, 2))

    # Identifiers and large offsets.
    z = normal(300)
    y = (z + 0.1 * normal(300)).round(3)
    scattered = random.random((300, 2)) < 0.15
    micro = (1_760_000_000_000_000 + 45_000_000 * (z - z.min())).round().astype(np.int64)
    write(folder, "unix-microseconds", dict(us=micro, y=y), scattered)
    seconds = (1_760_000_000 + 400_000 * (z - z.min())).round().astype(np.int64)
    moment = [datetime.datetime.fromtimestamp(int(value), datetime.timezone.utc).replace(second=0, tzinfo=None) for value in seconds]
    write(folder, "american-moments", dict(when=[value.isoformat() for value in moment], y=y), scattered,
          dict(when=lambda text: datetime.datetime.fromisoformat(text).strftime("%m/%d/%Y %I:%M %p")))
    number = random.choice(np.arange(10**9, 10**10, 12_347), 300, replace=False)
    write(folder, "customer-numbers", dict(customer=number, x=(100 + 15 * z).round(1), y=y), np.c_[np.zeros(300, bool), scattered])
    days = (19_800 + 60 * z).round()
    amounts = (2_500_000 + 900_000 * z + 80_000 * normal(300)).round(2)
    write(folder, "european", dict(tag=[day(value).isoformat() for value in days], betrag=amounts), scattered,
          dict(tag=lambda text: datetime.date.fromisoformat(text).strftime("%d.%m.%Y"), betrag=lambda value: european(value) + " €"), ";")
    litres = (4_000 + 1_500 * z).round(3).clip(1)
    write(folder, "european-litres", dict(litres=litres, y=y), scattered, dict(litres=lambda value: european(value, 3), y=lambda value: european(value, 3)), ";")
    write(folder, "three-decimals", dict(litres=(4 + 1.2 * z).round(3).clip(1.001, 9.999), y=y), scattered,
          dict(litres=lambda value: european(value, 3), y=lambda value: f"{value:.1f}"), ";")
    write(folder, "below-float32", dict(v=[f"{value:.6e}" for value in 1e-42 * np.exp(0.5 * z)], y=y), scattered)


if __name__ == "__main__":
    main()
