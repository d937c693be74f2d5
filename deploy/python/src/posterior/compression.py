"""Streams of items without loss, as `compress` writes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional, Union

from .receipt import Receipt
from .transport import Response

MEDIA_TYPE = "application/vnd.posterior.bits"


@dataclass(frozen=True)
class Rate:
    """What items come to, in bits per dimension."""

    #: Of the whole stream.
    gross: float
    #: Of the items alone, without the random bits that chunks begin with, header and index.
    net: float
    #: The model's bound, -ELBO of the same items; bits back coding comes to it on average.
    bound: float

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Rate:
        return cls(float(document["gross"]), float(document["net"]), float(document["bound"]))


class Bits(bytes):
    """A stream of compressed items: bytes to keep, with its `rate` and the `receipt` of the answer."""

    rate: Rate
    receipt: Receipt

    @classmethod
    def of(cls, response: Response) -> Bits:
        bits = cls(response.read())
        bits.receipt = Receipt.of(response.headers)
        fields = ("Posterior-Rate", "Posterior-Rate-Net", "Posterior-Rate-Bound")
        bits.rate = Rate(*(float(response.headers[field]) for field in fields))
        return bits


def places(items: Optional[Union[range, int]]) -> Optional[str]:
    """Which items of a stream are wanted, as the server reads it.

    - Raises ValueError for a range with gaps or without items.
    """
    if items is None or isinstance(items, int):
        return None if items is None else str(items)
    if items.step != 1 or not items:
        raise ValueError(f"items is {items}, expected a number or a range of some, one after the other")
    return f"{items.start}-{items.stop - 1}"
