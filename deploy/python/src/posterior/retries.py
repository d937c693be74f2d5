"""When a request is sent again: after failures that say nothing about it, for a bounded time."""

from __future__ import annotations

import email.utils
import random
import ssl
import time
from dataclasses import dataclass
from typing import Callable, Optional

from .errors import ConnectionFailed, PosteriorError, TimedOut, TooBusy


@dataclass(frozen=True)
class Retries:
    """Waits grow from `first` to `most` seconds, with chance in them; a server's Retry-After is kept to.

    A request waits for a server that is busy for `total` seconds at most, and for one that can't be reached for `unreachable`; where the
    server wants more it is given up at once. Retries(0) never tries again. Answers don't depend on it: every request has its seed before
    it is sent for the first time.
    """

    total: float = 60.0
    unreachable: float = 5.0
    first: float = 0.2
    most: float = 10.0

    def after(self, error: PosteriorError, attempt: int, waited: float) -> Optional[float]:
        """Seconds to wait after the failure number `attempt`, from 0; None gives up."""
        if isinstance(error, TooBusy):
            most = self.total
        elif isinstance(error, ConnectionFailed) and not isinstance(error, TimedOut):
            # A certificate is not trusted the next time either.
            is_trusted = not isinstance(error.__cause__, ssl.SSLCertVerificationError)
            most = min(self.total, self.unreachable) if is_trusted else 0.0
        else:
            return None
        wait = min(self.most, self.first * 2.0**attempt) * random.uniform(0.5, 1.0)
        if error.retry_after is not None:
            wait = max(error.retry_after, 0.0)
        return wait if waited + wait <= most else None


class Attempts:
    """The tries of one request, counted."""

    def __init__(self, retries: Retries, sleep: Callable[[float], None] = time.sleep) -> None:
        self._retries = retries
        self._sleep = sleep
        self._attempt = 0
        self._began = time.monotonic()

    def wait(self, error: PosteriorError) -> None:
        """Returns when it is time to try again; raises `error` where there is no point."""
        pause = self._retries.after(error, self._attempt, time.monotonic() - self._began)
        if pause is None:
            raise error
        self._attempt += 1
        self._sleep(pause)


def seconds_until(field: Optional[str]) -> Optional[float]:
    """Retry-After in seconds (RFC 9110, 10.2.3): a number or a date."""
    if field is None:
        return None
    try:
        return float(field)
    except ValueError:
        pass
    try:
        return email.utils.parsedate_to_datetime(field).timestamp() - time.time()
    except (TypeError, ValueError):
        return None
