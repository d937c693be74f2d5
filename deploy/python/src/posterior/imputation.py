"""Completed tables, and what is believed of every cell that was missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Optional, Sequence

import numpy as np

from .arrays import Array
from .receipt import Receipt


@dataclass(frozen=True, eq=False)
class Imputation(Sequence[Any]):
    """What `Model.impute` answers: completed tables of the kind that was sent (DataFrames, arrays or lists of dicts).

    A sequence of them: `for table in imputation`. Observed cells are what they were.
    """

    #: One in mode point, `draws` in mode draws.
    tables: Sequence[Any]
    #: point or draws.
    mode: str
    #: Every missing cell, row by row: its row (from 0) and column with mean, sd, q05 and q95, or the probabilities of its categories.
    #: A DataFrame, indexed like the table's rows, where one was sent, else a list of dicts; None where it was not asked for.
    cells: Optional[Any]
    receipt: Receipt
    #: Of images of which a mask hid some: 1 where a number was hidden, in the shape of the items.
    hidden: Optional[Any] = None

    @property
    def table(self) -> Any:
        """The completed table, of one alone. Of several there is none that stands for all: analyse each, then pool the estimates."""
        if len(self.tables) != 1:
            raise ValueError(f'there are {len(self.tables)} completed tables: take .tables, or ask with mode="point"')
        return self.tables[0]

    def __len__(self) -> int:
        return len(self.tables)

    def __getitem__(self, place: Any) -> Any:
        return self.tables[place]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tables)

    @classmethod
    def of(cls, answers: Sequence[Mapping[str, Any]], receipts: Sequence[Receipt], like_array: bool, with_cells: bool) -> Imputation:
        """The whole of which `answers` are the parts, one after the other."""
        mode = answers[0]["mode"]
        parts = [[answer["completed"]] if mode == "point" else answer["completed"] for answer in answers]
        tables: list[Any] = [[row for part in draw for row in part] for draw in zip(*parts)]
        receipt = Receipt.joined(receipts)
        if like_array:
            tables = [Array.of(np.array(table, dtype=np.float32), receipt) for table in tables]
        cells = [cell for answer in answers for cell in answer.get("cells", [])] if with_cells else None
        hidden = answers[0].get("hidden")
        return cls(tables, mode, cells, receipt, None if hidden is None else np.array(hidden, dtype=np.uint8))
