"""Answers that go to a file, which is there when all of it is."""

from __future__ import annotations

import gzip
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

from .transport import BLOCK, Response


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A new file beside `path`, which takes its place at the end, or is gone after an error."""
    handle, name = tempfile.mkstemp(prefix=path.name, suffix=".part", dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        mask = os.umask(0o077)
        os.umask(mask)
        part.chmod(0o666 & ~mask)
        part.replace(path)
    except BaseException:
        part.unlink()
        raise


def save(response: Response, path: Path, is_packed: bool = False) -> None:
    """Writes a body block by block, packed by gzip if wanted."""
    file: Any = gzip.open(path, "wb") if is_packed else open(path, "wb")
    with file:
        while block := response.read(BLOCK):
            file.write(block)
