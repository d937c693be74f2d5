"""What is doubtful about the items of a request, as warnings of Python."""

from __future__ import annotations

import sys
import warnings
from typing import Iterable

from .errors import PosteriorWarning


def warn(texts: Iterable[str]) -> None:
    """Warns with the line that called this package."""
    for text in texts:
        depth, frame = 1, sys._getframe()
        while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == __package__:
            depth, frame = depth + 1, frame.f_back
        warnings.warn(text, PosteriorWarning, stacklevel=depth)
