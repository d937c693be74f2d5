"""Arrays that know where they came from."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
import numpy.typing as npt

from .receipt import Receipt


class Array(np.ndarray):
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
        if "out" in options:
            options["out"] = tuple(np.asarray(array) if isinstance(array, Array) else array for array in options["out"])
        plain = [np.asarray(value) if isinstance(value, Array) else value for value in inputs]
        return getattr(ufunc, method)(*plain, **options)

    def __reduce__(self) -> Any:
        return (_restored, (np.asarray(self), self.receipt))


def _restored(array: npt.NDArray[Any], receipt: Optional[Receipt]) -> Array:
    result = array.view(Array)
    result.receipt = receipt
    return result
