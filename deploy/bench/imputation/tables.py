"""The tables of the comparison, read from a folder with files of the UCI repository."""

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Column:
    name: str
    # The names of the categories, which cells are numbers of; None where the column is real.
    categories: tuple | None = None

    @property
    def is_real(self):
        return self.categories is None


@dataclass(frozen=True)
class Table:
    name: str
    columns: tuple
    # [rows, columns]; a category by its number; NaN where a cell is missing.
    values: np.ndarray

    @property
    def reals(self):
        return [j for j, column in enumerate(self.columns) if column.is_real]

    @property
    def missing(self):
        return np.isnan(self.values)

    def hidden(self, mask):
        """The table as an imputer sees it: without the cells of the mask, and without categories that no visible cell has."""
        values = np.where(mask, np.nan, self.values)
        columns = list(self.columns)
        for j, column in enumerate(columns):
            if column.is_real:
                continue
            seen = np.unique(values[~np.isnan(values[:, j]), j]).astype(int)
            number = np.full(len(column.categories), -1)
            number[seen] = np.arange(len(seen))
            present = ~np.isnan(values[:, j])
            values[present, j] = number[values[present, j].astype(int)]
            columns[j] = replace(column, categories=tuple(column.categories[k] for k in seen))
        return Table(self.name, tuple(columns), values)

    def codes(self, other, values):
        """Cells of `other`, which has fewer categories, in this table's numbers."""
        values = values.copy()
        for j, (column, fewer) in enumerate(zip(self.columns, other.columns)):
            if not column.is_real:
                number = np.array([column.categories.index(name) for name in fewer.categories])
                values[..., j] = number[values[..., j].astype(int)]
        return values


def _table(name, header, rows, categorical, marks=("", "?")):
    columns, values = [], np.full((len(rows), len(header)), np.nan)
    for j, title in enumerate(header):
        cells = [row[j] for row in rows]
        present = [i for i, cell in enumerate(cells) if cell not in marks]
        if title in categorical:
            names = tuple(sorted({cells[i] for i in present}))
            columns.append(Column(title, names))
            for i in present:
                values[i, j] = names.index(cells[i])
        else:
            columns.append(Column(title))
            values[present, j] = [float(cells[i]) for i in present]
    return Table(name, tuple(columns), values)


def _wine(path):
    with open(path) as file:
        rows = list(csv.reader(file, delimiter=";"))
    return _table("white wine", [title.replace(" ", "_") for title in rows[0]], rows[1:], set())


def _yeast(path):
    rows = [line.split()[1:] for line in path.read_text().splitlines() if line.strip()]
    header = ["mcg", "gvh", "alm", "mit", "erl", "pox", "vac", "nuc", "class"]
    return _table("yeast", header, rows, {"class"})


def _mushroom(path):
    """The edibility last and without the one constant column, as in the released reproduction."""
    with open(path) as file:
        rows = [row for row in csv.reader(file) if row]
    order = [j for j in range(1, 23) if j != 16] + [0]
    header = [f"a{j}" for j in range(1, 23) if j != 16] + ["edible"]
    return _table("mushroom", header, [[row[j] for j in order] for row in rows], set(header))


def _csv(name):
    def read(path):
        with open(path) as file:
            rows = list(csv.reader(file))
        return _table(name, rows[0], rows[1:], set())

    return read


def _arff(name):
    def read(path):
        header, categorical, rows, in_data = [], set(), [], False
        for line in path.read_text(encoding="latin-1").splitlines():
            line = line.strip()
            if not line or line.startswith("%"):
                continue
            if in_data:
                rows.append([cell.strip() for cell in next(csv.reader([line], quotechar="'", skipinitialspace=True))])
            elif line.lower().startswith("@data"):
                in_data = True
            elif line.lower().startswith("@attribute"):
                rest = line[len("@attribute") :].strip()
                if rest[0] == "'":
                    title, kind = rest[1:].split("'", 1)
                else:
                    title, kind = rest.split(None, 1)
                title = title.strip().replace(" ", "_")
                header.append(title)
                if kind.strip().startswith("{"):
                    categorical.add(title)
        return _table(name, header, rows, categorical)

    return read


# In the order of the report: the three of the released reproduction of VAEAC, then by name.
READERS = {
    "white wine": ("winequality-white.csv", _wine),
    "yeast": ("yeast.data", _yeast),
    "mushroom": ("mushroom_agaricus-lepiota.data", _mushroom),
    "breast": ("breast.w.arff", _arff("breast")),
    "concrete": ("concrete.csv", _csv("concrete")),
    "credit": ("credit.a.arff", _arff("credit")),
    "diabetes": ("diabetes.arff", _arff("diabetes")),
    "glass": ("glass.arff", _arff("glass")),
    "iris": ("iris.arff", _arff("iris")),
    "orthopedic": ("column3C.arff", _arff("orthopedic")),
    "vehicle": ("vehicle.arff", _arff("vehicle")),
    "zoo": ("zoo.arff", _arff("zoo")),
}

def read(name, folder):
    file, reader = READERS[name]
    table = reader(Path(folder) / file)
    if name == "zoo":  # The animals' names are all different.
        return Table(name, table.columns[1:], table.values[:, 1:])
    return table

