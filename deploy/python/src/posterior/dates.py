"""Days and times as the texts of a model's column: yyyy-MM-dd, dd.MM.yyyy HH:mm and others, in the letters of Unicode's patterns."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from typing import Optional

_MONTHS = "January February March April May June July August September October November December".split()
_NUMBERS = {
    "yyyy": r"\d{4}",
    "yy": r"\d{2}",
    "MM": r"\d{2}",
    "dd": r"\d{2}",
    "HH": r"\d{2}",
    "hh": r"\d{2}",
    "mm": r"\d{2}",
    "ss": r"\d{2}",
}
_NUMBERS.update({letter: r"\d{1,2}" for letter in "MdHh"})
_WORDS = {"MMM": r"[A-Za-z]{3}", "MMMM": r"[A-Za-z]+", "a": r"[AaPp][Mm]", "X": r"Z|[+-]\d{2}:?(?:\d{2})?"}


@dataclass(frozen=True)
class DateForm:
    """How the days or times of a column are written.

    - Parameter offset: of times that name their offset from UTC, the one to write.
    """

    pattern: str
    offset: Optional[str] = None
    _tokens: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        tokens = tuple(match.group() for match in re.finditer(r"([A-Za-z])\1*|[^A-Za-z]+", self.pattern))
        object.__setattr__(self, "_tokens", tokens)

    def text(self, time: datetime.datetime) -> str:
        """What stands for a time in rows of JSON: what a clock of its zone shows, or where the form names offsets, one of `offset`."""
        if "X" in self._tokens:
            offset = _offset(self.offset or "Z")
            aware = time if time.tzinfo else time.replace(tzinfo=datetime.timezone.utc)
            time = aware.astimezone(datetime.timezone(offset))
        return "".join(self._part(token, time) for token in self._tokens)

    def time(self, text: str) -> datetime.datetime:
        """The time that a text says; with a zone where the text names its offset.

        - Raises ValueError for a text of another form.
        """
        match = re.fullmatch("".join(self._expression(token) for token in self._tokens), text.strip())
        if not match:
            raise ValueError(f"{text!r} is no {self.pattern}")
        parts = dict(zip((token for token in self._tokens if _is_read(token)), match.groups()))

        def number(*names: str, default: int) -> int:
            return next((int(parts[name]) for name in names if name in parts), default)

        year = number("yyyy", default=-1)
        if year < 0:
            year = number("yy", default=1970)
            year += 0 if year > 99 else 2000 if year < 69 else 1900
        month = number("MM", "M", default=1)
        for name in ("MMM", "MMMM"):
            if name in parts:
                month = 1 + [full[:3].lower() for full in _MONTHS].index(parts[name][:3].lower())
        hour = number("HH", "H", default=-1)
        if hour < 0:
            hour = number("hh", "h", default=0)
            if "a" in parts:
                hour = hour % 12 + (12 if parts["a"][0] in "Pp" else 0)
        fraction = next((parts[token] for token in self._tokens if token.startswith("S")), "0")
        zone = datetime.timezone(_offset(parts["X"])) if "X" in parts else None
        day = number("dd", "d", default=1)
        microsecond = int(fraction.ljust(6, "0")[:6])
        return datetime.datetime(year, month, day, hour, number("mm", default=0), number("ss", default=0), microsecond, zone)

    def _part(self, token: str, time: datetime.datetime) -> str:
        if token.startswith("S"):
            return f"{time.microsecond:06d}".ljust(9, "0")[: len(token)]
        values = {
            "y": time.year % 100 if token == "yy" else time.year,
            "M": time.month,
            "d": time.day,
            "H": time.hour,
            "h": (time.hour + 11) % 12 + 1,
            "m": time.minute,
            "s": time.second,
        }
        if token in _NUMBERS:
            return f"{values[token[0]]:0{len(token)}d}"
        if token in ("MMM", "MMMM"):
            name = _MONTHS[time.month - 1]
            return name[:3] if token == "MMM" else name
        if token == "a":
            return "AM" if time.hour < 12 else "PM"
        if token == "X":
            return self.offset or "Z"
        return token

    @staticmethod
    def _expression(token: str) -> str:
        if token.startswith("S"):
            return rf"(\d{{{len(token)}}})"
        expression = _NUMBERS.get(token) or _WORDS.get(token)
        return f"({expression})" if expression else re.escape(token)


def _is_read(token: str) -> bool:
    return token.startswith("S") or token in _NUMBERS or token in _WORDS


def _offset(text: str) -> datetime.timedelta:
    """Z, +01:00, +0100 or +01."""
    if text == "Z":
        return datetime.timedelta()
    digits = text[1:].replace(":", "").ljust(4, "0")
    size = datetime.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -size if text[0] == "-" else size
