"""Data sets that a server keeps, to learn from them in the background; needs a key with the scope admin."""

from __future__ import annotations

import io
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence, Union

import numpy as np

from .transport import Body, Buffer, FileBody, Memory, Request, Response, Transport, in_path

PathLike = Union[str, "os.PathLike[str]"]
Document = Any


class Datasets:
    """The data sets of a server; `Posterior.datasets` is one."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def upload(self, data: Union[PathLike, Sequence[PathLike], Any], name: str) -> Document:
        """Registers data under a name; the same bytes again change nothing, others under the same name are a Conflict.

        - Parameter data: a path of a file (CSV, NPY, IDX, text), or of a folder of PNGs; several paths, such as images and their labels; an
          array; or a DataFrame, whose index stays behind.
        - Returns: name, digest, files, and as `description` what the server found in them.
        """
        if hasattr(data, "to_csv"):
            return self._send(name, {"file": f"{name}.csv"}, "text/csv", Memory((data.to_csv(index=False).encode(),)))
        if isinstance(data, np.ndarray):
            file = io.BytesIO()
            np.save(file, data, allow_pickle=False)
            return self._send(name, {"file": f"{name}.npy"}, "application/x-npy", Memory((file.getbuffer(),)))
        if isinstance(data, (str, os.PathLike)):
            path = Path(data)
            if not path.is_dir():
                return self._send(name, {"file": path.name}, "application/octet-stream", FileBody(path))
            parts = {file.name: file for file in sorted(path.iterdir()) if file.suffix.lower() == ".png"}
            if not parts:
                raise ValueError(f"{path} has no PNG files")
        else:
            parts = {Path(file).name: Path(file) for file in data}
        form = _Form(parts, secrets.token_hex(16))
        return self._send(name, {}, f"multipart/form-data; boundary={form.boundary}", form)

    def list(self) -> list[Document]:
        """All data sets, with what the server found in them."""
        datasets: list[Document] = self._transport.send(Request("GET", "/v1/admin/datasets"), Response.json)["datasets"]
        return datasets

    def describe(self, name: str) -> Document:
        """What the server found in a data set."""
        return self._transport.send(Request("GET", f"/v1/admin/datasets/{in_path(name)}"), Response.json)

    def delete(self, name: str) -> None:
        """Deletes a data set; runs that have begun keep what they learn from."""
        request = Request("DELETE", f"/v1/admin/datasets/{in_path(name)}", is_safe=False)
        self._transport.send(request, lambda response: None)

    def _send(self, name: str, query: Mapping[str, str], media_type: str, body: Body) -> Document:
        # Safe to send twice: the same bytes again are the same data set.
        request = Request("POST", f"/v1/admin/datasets/{in_path(name)}", query, {"Content-Type": media_type}, body)
        return self._transport.send(request, Response.json)


@dataclass(frozen=True)
class _Form:
    """Files as a form (RFC 7578), read block by block."""

    parts: Mapping[str, Path]
    boundary: str

    def _head(self, name: str) -> bytes:
        quoted = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        return f'--{self.boundary}\r\nContent-Disposition: form-data; name="file"; filename="{quoted}"\r\n\r\n'.encode()

    @property
    def _tail(self) -> bytes:
        return f"--{self.boundary}--\r\n".encode()

    @property
    def length(self) -> int:
        return sum(len(self._head(name)) + FileBody(path).length + 2 for name, path in self.parts.items()) + len(self._tail)

    def pieces(self) -> Iterator[Buffer]:
        for name, path in self.parts.items():
            yield self._head(name)
            yield from FileBody(path).pieces()
            yield b"\r\n"
        yield self._tail
