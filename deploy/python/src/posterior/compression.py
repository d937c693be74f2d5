"""Streams of items without loss, as `compress` writes them."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import Any, Mapping, Optional, Union

import numpy as np

from .arrays import Array
from .receipt import Receipt
from .transport import Response

MEDIA_TYPE = "application/vnd.posterior.bits"


@dataclass(frozen=True)
class Rate:
    """What items come to, in bits per dimension: a number of an item, or a cell of a table that is not missing; NaN of a table without any."""

    #: Of the whole stream.
    gross: float
    #: Of the items alone, without the random bits that chunks begin with, header and index.
    net: float
    #: The model's bound, -ELBO of the same items; bits back coding comes to it on average.
    bound: float

    @classmethod
    def of(cls, document: Optional[Mapping[str, Any]]) -> Rate:
        return cls(*(float(document[name]) if document else nan for name in ("gross", "net", "bound")))


class Bits(bytes):
    """A stream of compressed items: bytes to keep, with its `rate` and the `receipt` of the answer."""

    rate: Rate
    receipt: Receipt

    @classmethod
    def of(cls, response: Response) -> Bits:
        bits = cls(response.read())
        bits.receipt = Receipt.of(response.headers)
        fields = ("Posterior-Rate", "Posterior-Rate-Net", "Posterior-Rate-Bound")
        bits.rate = Rate(*(float(response.headers.get(field, nan)) for field in fields))
        return bits


class Rows(list[dict[str, Any]]):
    """The rows of a table, dicts by column name, with the `receipt` of the answer."""

    def __init__(self, rows: list[dict[str, Any]], receipt: Receipt) -> None:
        super().__init__(rows)
        self.receipt = receipt


#: Numbers of images and vectors as they are, and the rows of tables, which have no such form, as documents.
ACCEPT = "application/octet-stream, application/json;q=0.5"


def restored(response: Response) -> Union[Array, Rows]:
    """The items of an answer to `ACCEPT`."""
    receipt = Receipt.of(response.headers)
    if response.headers["Content-Type"].startswith("application/json"):
        return Rows(response.json()["rows"], receipt)
    shape = [int(extent) for extent in response.headers["Posterior-Shape"].split(",")]
    return Array.of(np.frombuffer(bytearray(response.read()), "<f4").reshape(shape), receipt)


def places(items: Optional[Union[range, int]]) -> Optional[str]:
    """Which items of a stream are wanted, as the server reads it.

    - Raises ValueError for a range with gaps or without items.
    """
    if items is None or isinstance(items, int):
        return None if items is None else str(items)
    if items.step != 1 or not items:
        raise ValueError(f"items is {items}, expected a number or a range of some, one after the other")
    return f"{items.start}-{items.stop - 1}"
