"""Tables as numbers alone."""

import numpy as np


class OneHot:
    """A real column standardised by its visible cells, a categorical one as one column a category; a missing cell is NaN in all of its columns.

    `reference` leaves out the column of the first category, which the others determine.
    """

    def __init__(self, table, without=None, reference=False):
        self.table, self.first = table, 1 if reference else 0
        self.columns = [j for j in range(len(table.columns)) if j != without]
        with np.errstate(invalid="ignore"):
            self.mean, deviation = np.nanmean(table.values, axis=0), np.nanstd(table.values, axis=0)
        self.scale = np.where(deviation > 0, deviation, 1)

    def encode(self, table):
        return self.encode_values(table.values)

    def encode_values(self, values):
        parts = []
        for j in self.columns:
            column, cells = self.table.columns[j], values[:, j]
            if column.is_real:
                parts.append(((cells - self.mean[j]) / self.scale[j])[:, None])
            else:
                part = (cells[:, None] == np.arange(self.first, len(column.categories))).astype(float)
                part[np.isnan(cells)] = np.nan
                parts.append(part)
        return np.hstack(parts)

    def decode(self, x):
        """Completed cells; those that were visible are the table's own."""
        values, at = self.table.values.copy(), 0
        for j, column in enumerate(self.table.columns):
            width = 1 if column.is_real else len(column.categories) - self.first
            part = x[:, at : at + width]
            if self.first and not column.is_real:
                part = np.column_stack([1 - part.sum(axis=1), part])
            cells = part[:, 0] * self.scale[j] + self.mean[j] if column.is_real else part.argmax(axis=1)
            hole = np.isnan(values[:, j])
            values[hole, j] = cells[hole]
            at += width
        return values
