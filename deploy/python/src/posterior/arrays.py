"""Arrays that know where they came from."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
import numpy.typing as npt

from .receipt import Receipt


class Array(np.ndarray[Any, np.dtype[Any]]):
    """A numpy array with the `receipt` of the answer that it holds.

    Slices keep the receipt. What is computed from it has none: that is a plain array.
    """

    receipt: Optional[Receipt]

    @classmethod
    def of(cls, array: npt.NDArray[Any], receipt: Receipt) -> Array:
        """The same numbers, not copied, with a receipt."""
        result = array.view(cls)
        result.receipt = receipt
        return result

    def __array_finalize__(self, source: Any) -> None:
        self.receipt = getattr(source, "receipt", None)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        out = options.get("out")
        if out is not None:
            options["out"] = tuple(_plain(array) for array in out)
        result = getattr(ufunc, method)(*(_plain(value) for value in inputs), **options)
        # What was written in place stays what it is.
        return out[0] if out is not None and len(out) == 1 else result

    def __reduce__(self) -> Any:
        return (_restored, (np.asarray(self), self.receipt))


def _restored(array: npt.NDArray[Any], receipt: Optional[Receipt]) -> Array:
    result = array.view(Array)
    result.receipt = receipt
    return result


def _plain(value: Any) -> Any:
    return np.asarray(value) if isinstance(value, Array) else value
