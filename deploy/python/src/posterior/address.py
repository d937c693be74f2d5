"""Where a server is: http://host:port/prefix, https://..., or unix:/path/of/socket."""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass


@dataclass(frozen=True)
class Address:
    scheme: str
    host: str
    port: int
    #: The path below which the server stands, without a slash at its end.
    prefix: str
    #: The socket file of a `unix:` address.
    socket: str

    @classmethod
    def of(cls, text: str) -> Address:
        """Reads an address; ValueError says what is wrong with one."""
        if text.startswith("unix:"):
            path = text[len("unix:") :]
            if not path:
                raise ValueError(f"{text!r} names no socket file, expected unix:/path")
            return cls("unix", "localhost", 0, "", path)
        parts = urllib.parse.urlsplit(text)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise ValueError(f"{text!r} is no address, expected http://host:port, https://host:port or unix:/path")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return cls(parts.scheme, parts.hostname, port, parts.path.rstrip("/"), "")
