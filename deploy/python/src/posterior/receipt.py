"""Where an answer came from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from email.message import Message
from typing import Optional, Sequence


@dataclass(frozen=True)
class Receipt:
    """What repeats an answer: the same model, seed, first item and input give the same bytes."""

    model: str
    version: Optional[int]
    #: Of the model file, sha256:HEX.
    digest: str
    seed: Optional[int]
    #: The number of the first item in the whole that it was cut from.
    first_item: int = 0
    #: The identifiers of the runs that recorded it: one, or one a request where a table was sent in pieces.
    runs: tuple[str, ...] = ()
    #: What is doubtful about the items, a sentence each.
    warnings: tuple[str, ...] = ()

    @property
    def run(self) -> Optional[str]:
        """The run that recorded the answer, for `Posterior.run`; None where none was recorded."""
        return self.runs[0] if self.runs else None

    @property
    def reference(self) -> str:
        """The model's name with the version that answered, name@3."""
        return self.model if self.version is None else f"{self.model}@{self.version}"

    @classmethod
    def of(cls, headers: Message) -> Receipt:
        """The receipt in the headers of an answer."""
        model, _, version = headers.get("Posterior-Model", "").partition("@")
        seed, run = headers.get("Posterior-Seed"), headers.get("Posterior-Run")
        return cls(
            model=model,
            version=int(version) if version else None,
            digest=headers.get("Posterior-Digest", ""),
            seed=None if seed is None else int(seed),
            first_item=int(headers.get("Posterior-First-Item", "0")),
            runs=(run,) if run else (),
            warnings=tuple(headers.get_all("Posterior-Warning", [])),
        )

    @classmethod
    def joined(cls, parts: Sequence[Receipt]) -> Receipt:
        """The receipt of a whole that was asked for in pieces."""
        return replace(
            parts[0],
            runs=tuple(run for part in parts for run in part.runs),
            warnings=tuple(dict.fromkeys(text for part in parts for text in part.warnings)),
        )
