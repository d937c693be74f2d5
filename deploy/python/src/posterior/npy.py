"""Arrays as application/x-npy, written and read without a copy."""

from __future__ import annotations

import io
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

# Not all versions of numpy say the types of these functions.
_format: Any = np.lib.format
MEDIA_TYPE = "application/x-npy"


class Source(Protocol):
    def read(self, size: int) -> bytes: ...

    def readinto(self, buffer: memoryview) -> int: ...


def pieces(array: npt.NDArray[Any]) -> list[bytes | memoryview]:
    """The header and the numbers of a file that holds `array`."""
    array = np.asarray(array, order="C")
    header = io.BytesIO()
    _format.write_array_header_1_0(header, _format.header_data_from_array_1_0(array))
    numbers = array.reshape(-1).view(np.uint8).data if array.size else b""
    return [header.getvalue(), numbers]


def read(source: Source) -> npt.NDArray[Any]:
    """The array of a file, read straight into its place.

    - Raises EOFError where the numbers end early.
    """
    file: Any = source
    try:
        version = _format.read_magic(file)
        reader = _format.read_array_header_1_0 if version == (1, 0) else _format.read_array_header_2_0
        shape, is_fortran, dtype = reader(file)
    except ValueError as error:
        raise EOFError(f"no array: {error}") from error
    array = np.empty(shape, dtype, order="F" if is_fortran else "C")
    rest = array.reshape(-1, order="A").view(np.uint8).data if array.size else memoryview(b"")
    while rest:
        count = source.readinto(rest)
        if not count:
            raise EOFError("the numbers of an array ended early")
        rest = rest[count:]
    return array
