"""Server-sent events (HTML Living Standard, 9.2), as far as runs have them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Optional, Protocol


@dataclass(frozen=True)
class Event:
    """Something that happened in a run: a metric, or its end."""

    #: metric or end.
    kind: str
    #: The number to go on behind.
    id: Optional[str]
    #: The metric, or the run when it has ended.
    data: Mapping[str, Any]

    @property
    def is_end(self) -> bool:
        return self.kind == "end"

    @property
    def name(self) -> Optional[str]:
        """Of a metric, such as progress (0 to 1), seconds_left or train.elbo_nats."""
        return self.data.get("name") if self.kind == "metric" else None

    @property
    def value(self) -> Optional[float]:
        return self.data.get("value") if self.kind == "metric" else None

    @property
    def epoch(self) -> Optional[int]:
        return self.data.get("epoch") if self.kind == "metric" else None


class Lines(Protocol):
    def readline(self) -> bytes: ...


def read_events(lines: Lines) -> Iterator[Event]:
    """The events of a stream up to its end; one that is cut in the middle is dropped."""
    kind: str = "message"
    identifier: Optional[str] = None
    data: list[str] = []
    while line := lines.readline():
        text = line.decode().rstrip("\r\n")
        if not text:
            if data:
                yield Event(kind, identifier, json.loads("\n".join(data)))
            kind, data = "message", []
            continue
        name, _, value = text.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if name == "event":
            kind = value
        elif name == "id":
            identifier = value
        elif name == "data":
            data.append(value)
