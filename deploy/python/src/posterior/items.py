"""Items as a request carries them: arrays as NPY, rows and texts as JSON, files as they are."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence, Union

import numpy as np
import numpy.typing as npt

from . import npy
from .transport import EMPTY, Body, FileBody, Memory, json_body

#: What operations take: an array, nested lists of numbers (None is missing), a DataFrame, a list of dicts by column, a list of texts,
#: or the path of a CSV, Arrow (a stream), PNG or NPY file.
Items = Any

MEDIA_TYPES = {
    ".arrow": "application/vnd.apache.arrow.stream",
    ".arrows": "application/vnd.apache.arrow.stream",
    ".bits": "application/vnd.posterior.bits",
    ".csv": "text/csv",
    ".tsv": "text/csv",
    ".png": "image/png",
    ".npy": npy.MEDIA_TYPE,
    ".f32": "application/octet-stream",
    ".txt": "text/plain",
}


@dataclass(frozen=True)
class Sent:
    """A body with what has to be said beside it."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: Body


def is_frame(items: Items) -> bool:
    """Whether this is a DataFrame; pandas is not imported to find out."""
    kind = type(items)
    return kind.__module__.partition(".")[0] == "pandas" and hasattr(items, "columns")


def is_path(items: Items) -> bool:
    return isinstance(items, (str, os.PathLike))


def _are(items: Items, kind: type) -> bool:
    return isinstance(items, Sequence) and not isinstance(items, str) and len(items) > 0 and isinstance(items[0], kind)


def are_rows(items: Items) -> bool:
    """Whether these are dicts by column name."""
    return _are(items, Mapping)


def are_texts(items: Items) -> bool:
    return _are(items, str)


def array(items: Items) -> npt.NDArray[Any]:
    """Numbers of any kind as an array; None and what is masked are NaN."""
    if isinstance(items, np.ma.MaskedArray):
        masked: Any = items
        return np.asarray(masked.astype(np.result_type(masked.dtype, np.float32)).filled(np.nan))
    numbers = np.asarray(items)
    if numbers.dtype == object:
        numbers = numbers.astype(np.float64)
    # Half, single and double precision are what the format has everywhere.
    return numbers.astype(np.float64) if numbers.dtype == np.longdouble and numbers.dtype.itemsize > 8 else numbers


def sent(items: Items, options: Mapping[str, Any]) -> Sent:
    """The request of items that are no DataFrame. Options that are None are left to the server."""
    if items is None:
        return Sent({"Content-Type": "application/json"}, {}, json_body(_given(options)))
    if are_rows(items):
        return document({"rows": items}, options)
    if are_texts(items):
        return document({"texts": items}, options)
    if is_path(items):
        return file(Path(items), options)
    return Sent({"Content-Type": npy.MEDIA_TYPE}, query(options), Memory(npy.pieces(array(items))))


def document(members: Mapping[str, Any], options: Mapping[str, Any]) -> Sent:
    return Sent({"Content-Type": "application/json"}, {}, json_body({**members, **_given(options)}))


def file(path: Path, options: Mapping[str, Any]) -> Sent:
    """A file as it is; one packed by gzip says so."""
    headers = {"Content-Type": media_type(path)}
    if path.suffix == ".gz":
        headers["Content-Encoding"] = "gzip"
    return Sent(headers, query(options), FileBody(path))


def text(table: str, options: Mapping[str, Any]) -> Sent:
    """The text of a CSV file."""
    return Sent({"Content-Type": "text/csv"}, query(options), Memory((table.encode(),)))


def media_type(path: Path) -> str:
    suffix = (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()
    try:
        return MEDIA_TYPES[suffix]
    except KeyError:
        raise ValueError(f"{path.name}: nothing is known of files *{suffix}, expected one of {', '.join(MEDIA_TYPES)}") from None


def query(options: Mapping[str, Any]) -> dict[str, str]:
    """Options beside a body that is not JSON: what is structured is JSON text."""
    return {name: _text(value) for name, value in _given(options).items()}


def nothing(options: Mapping[str, Any]) -> Sent:
    """A request without a body."""
    return Sent({}, query(options), EMPTY)


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def checked_seed(seed: Optional[Union[int, np.integer[Any]]]) -> int:
    """The seed of a request, drawn here where none is given: a request that is sent again then has the same answer."""
    return secrets.randbelow(1 << 53) if seed is None else int(seed)
