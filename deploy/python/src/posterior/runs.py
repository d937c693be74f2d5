"""Runs: work that the server does on its own, or has recorded."""

from __future__ import annotations

import http.client
import json
import sys
import time
from dataclasses import dataclass, replace
from typing import Any, Callable, Iterator, Mapping, Optional, TextIO, Union

from .answers import Report
from .errors import ConnectionFailed, PosteriorError, RunFailed
from .events import Event, read_events
from .receipt import Receipt
from .retries import Attempts
from .transport import EMPTY, Body, Memory, Request, Response, Transport, in_path

__all__ = ["Event", "Run"]


@dataclass(frozen=True)
class Replay:
    """A recorded request, computed again."""

    #: Whether the bytes are the same.
    equal: bool
    document: Mapping[str, Any]


class Run:
    """A training, evaluation, audit, imputation or recorded request; what is known of it stands in `document`."""

    def __init__(self, transport: Transport, document: Mapping[str, Any]) -> None:
        self._transport = transport
        #: As the server last told it.
        self.document: Mapping[str, Any] = document

    def __repr__(self) -> str:
        return f"<Run {self.id}: {self.kind}, {self.status}>"

    @property
    def id(self) -> str:
        return str(self.document["id"])

    @property
    def kind(self) -> str:
        """train, evaluate, robustness, impute, replay, inference."""
        return str(self.document["kind"])

    @property
    def status(self) -> str:
        """running, finished, failed or cancelled, as last heard; `refresh` asks."""
        return str(self.document["status"])

    @property
    def is_running(self) -> bool:
        return self.status == "running"

    @property
    def failure(self) -> Optional[str]:
        failure = self.document.get("failure")
        return None if failure is None else str(failure)

    def refresh(self) -> Run:
        """Asks how it stands."""
        self.document = self._get("", Response.json)
        return self

    # MARK: As it goes on

    def events(self, after: int = 0) -> Iterator[Event]:
        """What happens, as it happens: metrics, then the end. Returns after the end; a broken connection is made anew where it was.

        - Parameter after: the sequence number to go on behind.
        """
        # The run goes on while its server is started again, which takes longer than a connection that broke.
        retries = replace(self._transport.retries, unreachable=self._transport.retries.total)
        attempts, last = Attempts(retries), None
        while True:
            # A connection of its own: requests may be sent between two events.
            connection = self._transport.connect()
            try:
                headers = {"Accept": "text/event-stream"}
                if last is not None:
                    headers["Last-Event-ID"] = last
                query = {"after": str(after)} if after else {}
                response = self._transport.start(connection, Request("GET", self._path("/events"), query, headers))
                if response.status == 204:
                    return
                for event in read_events(response):
                    attempts, last = Attempts(retries), event.id
                    if event.is_end:
                        self.document = event.data
                        yield event
                        return
                    yield event
                failure: PosteriorError = ConnectionFailed("The events of the run ended before the run did.")
            except (OSError, http.client.HTTPException) as error:
                failure = ConnectionFailed(f"The events of the run broke off: {error or type(error).__name__}.")
            except PosteriorError as error:
                failure = error
            finally:
                connection.close()
            attempts.wait(failure)

    def wait(self, progress: Union[bool, Callable[[Event], None]] = False, timeout: Optional[float] = None) -> Run:
        """Returns when the run has finished.

        - Parameter progress: called with every event; True writes a line to standard error.
        - Parameter timeout: seconds after which TimeoutError is raised; the run goes on.
        - Raises RunFailed where the run failed or was cancelled.
        """
        tell = _Line(self.kind, sys.stderr) if progress is True else progress or None
        until = None if timeout is None else time.monotonic() + timeout
        if self.is_running and until is not None:
            self._poll(tell, until)
        elif self.is_running:
            for event in self.events():
                if tell:
                    tell(event)
        if self.is_running:
            self.refresh()
        if self.status != "finished":
            raise RunFailed(f"The run {self.id} is {self.status}: {self.failure or 'no reason was given'}.", problem=self.document)
        return self

    def metrics(self, after: int = 0) -> Iterator[Event]:
        """All metrics up to now, oldest first."""
        while True:
            page = self._get("/metrics", Response.json, {"after": str(after)})
            for metric in page["metrics"]:
                yield Event("metric", str(metric["sequence"]), metric)
            if not page["metrics"]:
                return
            after = page["next_after"]

    def cancel(self) -> Run:
        """Ends a run that goes on without a client. Conflict says that it had ended."""
        request = Request("POST", self._path("/cancel"), is_safe=False)
        self.document = self._transport.send(request, Response.json)
        return self

    # MARK: What is left of it

    @property
    def documents(self) -> list[str]:
        """The names of the documents that it keeps."""
        return [str(document["name"]) for document in self.refresh().document.get("documents", [])]

    def read(self, name: str) -> bytes:
        """A document's bytes, such as curves.png."""
        content: bytes = self._get(f"/documents/{in_path(name)}", Response.read)
        return content

    def report(self) -> Report:
        """The report of an audit that has finished."""
        run = self.refresh().document
        receipt = Receipt(
            model=run["model"],
            version=run["version"],
            digest=run.get("model_digest") or "",
            seed=run["seed"],
            runs=(self.id,),
        )
        return Report(self.document_json("report.json"), receipt)

    def document_json(self, name: str) -> Any:
        """A document in JSON, such as report.json."""
        return json.loads(self.read(name))

    def replay(self, body: Optional[bytes] = None) -> Replay:
        """Computes a recorded request again and says whether its bytes are the same.

        - Parameter body: the bytes of the request, where the server did not keep them.
        """
        sent: Body = EMPTY if body is None else Memory((body,))
        request = Request("POST", self._path("/replay"), body=sent, is_safe=False)
        document = self._transport.send(request, Response.json)
        return Replay(document["equal"], document)

    # MARK: How it is asked

    def _path(self, rest: str) -> str:
        return f"/v1/runs/{in_path(self.id)}{rest}"

    def _get(self, rest: str, read: Callable[[Response], Any], query: Optional[Mapping[str, str]] = None) -> Any:
        return self._transport.send(Request("GET", self._path(rest), query or {}), read)

    # A stream of events can be quiet for long, so a deadline is kept to by asking.
    def _poll(self, tell: Optional[Callable[[Event], None]], until: float) -> None:
        last, pause = 0, 0.05
        while True:
            running = self.refresh().is_running
            for event in self.metrics(last):
                last = int(event.id or last)
                if tell:
                    tell(event)
            if not running:
                return
            if time.monotonic() >= until:
                raise TimeoutError(f"The run {self.id} is not over yet; it goes on.")
            time.sleep(min(pause, max(0.0, until - time.monotonic())))
            pause = min(1.0, pause * 1.5)


class _Line:
    """Progress as a line that is written over."""

    def __init__(self, kind: str, stream: TextIO) -> None:
        self._kind, self._stream = kind, stream
        self._shown: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        if event.is_end:
            self._stream.write(f"\r{self._kind}: {event.data.get('status')}{' ' * 40}\n")
        elif event.name in ("progress", "seconds_left") and event.value is not None:
            self._shown[event.name] = event.value
            text = f"{100 * self._shown.get('progress', 0):3.0f} %"
            if "seconds_left" in self._shown:
                text += f", {self._shown['seconds_left']:.0f} s left"
            self._stream.write(f"\r{self._kind}: {text}{' ' * 10}")
        self._stream.flush()
