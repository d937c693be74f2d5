"""What can go wrong, one class a kind. The server's own words say what was given and what was expected."""

from __future__ import annotations

import json
from typing import Any, Mapping, Optional


class PosteriorWarning(UserWarning):
    """The answer rests on doubtful items, such as pixels in [0, 1] for a model of [0, 255]."""


class PosteriorError(Exception):
    """A request that was refused or failed; `problem` is all that the server said (RFC 9457)."""

    def __init__(
        self,
        detail: str,
        status: Optional[int] = None,
        problem: Optional[Mapping[str, Any]] = None,
        retry_after: Optional[float] = None,
    ) -> None:
        super().__init__(detail, status, problem, retry_after)
        self.detail = detail
        #: The HTTP status; None where no answer came.
        self.status = status
        self.problem: Mapping[str, Any] = problem or {}
        #: Seconds after which the server wants to be asked again.
        self.retry_after = retry_after

    def __str__(self) -> str:
        return self.detail

    def _member(self, name: str) -> Optional[str]:
        value = self.problem.get(name)
        return None if value is None else str(value)

    @property
    def type(self) -> Optional[str]:
        """The kind of problem as a URN, such as urn:posterior:problem:not-found."""
        return self._member("type")

    @property
    def title(self) -> Optional[str]:
        return self._member("title")

    @property
    def field(self) -> Optional[str]:
        """The field at fault: the path of a JSON member, an option or a column."""
        return self._member("field")

    @property
    def given(self) -> Optional[str]:
        return self._member("given")

    @property
    def expected(self) -> Optional[str]:
        return self._member("expected")


class ConnectionFailed(PosteriorError):
    """No server answered, or the connection broke before the end of the answer."""


class TimedOut(ConnectionFailed):
    """No answer within the client's `timeout`; not tried again, because the server may still be at work."""


class BadRequest(PosteriorError):
    """The request can't be read (400), or not in this form (405, 406, 408, 415 and others)."""


class Unauthorized(PosteriorError):
    """A key is needed, or the one sent is unknown, expired or revoked (401)."""


class Forbidden(PosteriorError):
    """The key does not allow this (403)."""


class NotFound(PosteriorError):
    """There is no such model, version, run or document (404); the text lists what there is."""


class Conflict(PosteriorError):
    """In conflict with the present state (409, 412)."""


class TooLarge(PosteriorError):
    """The body is larger than the server takes (413)."""


class Impossible(PosteriorError):
    """Understood, but impossible (422): `field`, `given` and `expected` say what is at fault."""


class Unsupported(Impossible):
    """The model can't do that; `operations` lists what it can."""

    @property
    def operations(self) -> list[str]:
        return [str(name) for name in self.problem.get("operations", [])]


class TooBusy(PosteriorError):
    """The server has too much to do, is starting or stopping, or limits this client (429, 503)."""


class ServerFailed(PosteriorError):
    """The server could not do it, through no fault of the request (500 and above)."""


class RunFailed(PosteriorError):
    """A run that was waited for failed or was cancelled; `problem` is the run."""


_KINDS: dict[int, type[PosteriorError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    413: TooLarge,
    422: Impossible,
    429: TooBusy,
    503: TooBusy,
}


def error_of(status: int, body: bytes, retry_after: Optional[float]) -> PosteriorError:
    """The exception of an answer that is no success. A proxy's page in HTML is an answer, too."""
    problem: dict[str, Any] = {}
    try:
        document = json.loads(body)
        if isinstance(document, dict):
            problem = document
    except ValueError:
        pass
    text = body[:300].decode("utf-8", "replace").strip()
    detail = str(problem.get("detail") or problem.get("error") or text or f"The server answered {status} without a word.")
    kind = _KINDS.get(status, BadRequest if status < 500 else ServerFailed)
    if kind is Impossible and "operations" in problem:
        kind = Unsupported
    return kind(detail, status, problem, retry_after)
