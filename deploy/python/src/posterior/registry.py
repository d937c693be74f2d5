"""Administration of models; needs a key with the scope admin. The names are those of the command `posterior models`."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from typing import Any, Mapping, Optional, Union

from .files import replaced, save
from .transport import BLOCK, EMPTY, Body, FileBody, Request, Response, Transport, in_path, json_body

PathLike = Union[str, "os.PathLike[str]"]
Document = Any


class Registry:
    """Models, versions and aliases of a server; `Posterior.registry` is one."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def upload(self, path: PathLike, name: str, *, alias: Optional[str] = "live", reason: Optional[str] = None) -> Document:
        """Registers a model file as the next version of a model; the same bytes again are the same version.

        - Parameter alias: what to point to it; None moves nothing.
        - Returns: model, version, digest, family, operations and whether it is `new`.
        """
        file = Path(path)
        digest = hashlib.sha256()
        with open(file, "rb") as stream:
            while block := stream.read(BLOCK):
                digest.update(block)
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Digest": f"sha-256=:{base64.b64encode(digest.digest()).decode()}:",
        }
        query = {key: value for key, value in {"alias": alias, "reason": reason}.items() if value is not None}
        # Safe to send twice: the digest says that these are the same bytes.
        return self._send("POST", name, "/versions", query, headers, FileBody(file), is_safe=True)

    def download(self, reference: str, path: PathLike) -> Path:
        """Writes the file of a version as it was uploaded."""
        target = Path(path)
        with replaced(target) as part:
            self._transport.send(Request("GET", f"/v1/models/{in_path(reference)}/file"), lambda response: save(response, part))
        return target

    def promote(
        self,
        name: str,
        version: int,
        *,
        alias: str = "live",
        reason: Optional[str] = None,
        moved_from: Optional[int] = None,
    ) -> Document:
        """Points an alias to a version. With `moved_from` only if it is there, so that nobody undoes another's move unseen."""
        members = {"version": version, "reason": reason, "from": moved_from}
        body = json_body({key: value for key, value in members.items() if value is not None})
        headers = {"Content-Type": "application/json"}
        return self._send("PUT", name, f"/aliases/{in_path(alias)}", {}, headers, body, is_safe=moved_from is None)

    def rollback(self, name: str, *, alias: str = "live", reason: Optional[str] = None) -> Document:
        """Points an alias back to where it was before its last move."""
        last = next(iter(self.history(name, alias)), None)
        if last is None or last["from"] is None or last["to"] is None:
            raise ValueError(f"{name}@{alias} was nowhere else before")
        return self.promote(name, last["from"], alias=alias, reason=reason, moved_from=last["to"])

    def aliases(self, name: str) -> dict[str, int]:
        """Where each alias of a model points."""
        document = self._transport.send(Request("GET", f"/v1/models/{in_path(name)}"), Response.json)
        return {alias["alias"]: alias["version"] for alias in document["aliases"]}

    def history(self, name: str, alias: str = "live") -> list[dict[str, Any]]:
        """Where an alias has pointed, newest first: from, to, reason, actor, time."""
        history: list[dict[str, Any]] = self._send("GET", name, f"/aliases/{in_path(alias)}/history")["history"]
        return history

    def delete_alias(self, name: str, alias: str, *, reason: Optional[str] = None) -> None:
        """Deletes an alias; its history stays."""
        self._send("DELETE", name, f"/aliases/{in_path(alias)}", {} if reason is None else {"reason": reason})

    def delete_version(self, name: str, version: int) -> None:
        """Deletes a version; Conflict says that an alias points to it."""
        self._send("DELETE", name, f"/versions/{version}")

    def delete(self, name: str) -> Document:
        """Deletes a model with all its versions; its runs stay."""
        return self._send("DELETE", name, "")

    def rename(self, name: str, to: str) -> Document:
        """Gives a model another name, with its versions, aliases and their history."""
        return self._send("POST", name, "/rename", {}, {"Content-Type": "application/json"}, json_body({"to": to}))

    def annotate(
        self,
        name: str,
        *,
        description: Optional[str] = None,
        tags: Optional[Mapping[str, Optional[str]]] = None,
        version: Optional[int] = None,
    ) -> Document:
        """Changes the description and tags of a model, or of one version; a tag of None goes."""
        members = {"description": description, "tags": tags}
        body = json_body({key: value for key, value in members.items() if value is not None})
        rest = "" if version is None else f"/versions/{version}"
        return self._send("PATCH", name, rest, {}, {"Content-Type": "application/json"}, body, is_safe=True)

    def _send(
        self,
        method: str,
        name: str,
        rest: str,
        query: Optional[Mapping[str, str]] = None,
        headers: Optional[Mapping[str, str]] = None,
        body: Optional[Body] = None,
        is_safe: Optional[bool] = None,
    ) -> Any:
        request = Request(
            method,
            f"/v1/admin/models/{in_path(name)}{rest}",
            query or {},
            headers or {},
            EMPTY if body is None else body,
            is_safe=method == "GET" if is_safe is None else is_safe,
        )
        return self._transport.send(request, lambda response: None if response.status == 204 else response.json())
