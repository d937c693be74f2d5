"""HTTP over connections that stay open, one a thread: what is sent, tried again, and read."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import threading
import urllib.parse
import weakref
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, Optional, Protocol, Sequence, TypeVar, Union

from .address import Address
from .errors import ConnectionFailed, PosteriorError, TimedOut, error_of
from .retries import Attempts, Retries, seconds_until
from .version import __version__

Answer = TypeVar("Answer")
Buffer = Union[bytes, memoryview]
BLOCK = 1 << 18


class Body(Protocol):
    """What is sent; it can be told again from its beginning, for another try."""

    @property
    def length(self) -> int: ...

    def pieces(self) -> Iterator[Buffer]: ...


@dataclass(frozen=True)
class Memory:
    """A body that is held in memory, in pieces that need not be joined."""

    buffers: Sequence[Buffer]

    @property
    def length(self) -> int:
        return sum(len(buffer) for buffer in self.buffers)

    def pieces(self) -> Iterator[Buffer]:
        return iter(self.buffers)


@dataclass(frozen=True)
class FileBody:
    """A body that is read from a file block by block."""

    path: Path

    @property
    def length(self) -> int:
        return self.path.stat().st_size

    def pieces(self) -> Iterator[Buffer]:
        with open(self.path, "rb") as file:
            while block := file.read(BLOCK):
                yield block


EMPTY = Memory(())


@dataclass(frozen=True)
class Request:
    method: str
    #: Below the address, percent-encoded where it has to be.
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = EMPTY
    #: Whether it may be sent twice: it has the same answer then, and changes nothing more.
    is_safe: bool = True


def in_path(name: str) -> str:
    """A name as a segment of a path; @ stands for itself there (RFC 3986, 3.3)."""
    return urllib.parse.quote(name, safe="@")


def json_body(document: Any) -> Memory:
    return Memory((json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(),))


class Response:
    """The answer to a request, while its body is on its way."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self._response = response
        self.status: int = response.status
        self.headers: Message = response.headers

    def read(self, size: Optional[int] = None) -> bytes:
        data = self._response.read(size)
        # http.client is silent about a body that ends before its Content-Length when it is read in parts.
        if size and not data and self._response.length:
            raise EOFError
        return data

    def readinto(self, buffer: memoryview) -> int:
        return self._response.readinto(buffer)

    def readline(self) -> bytes:
        return self._response.readline()

    def json(self) -> Any:
        return json.loads(self.read())


class _SocketFile(http.client.HTTPConnection):
    """HTTP over a socket file."""

    def __init__(self, path: str, timeout: Optional[float]) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Transport:
    """Sends requests to one server; may be used by any number of threads at once."""

    def __init__(
        self,
        address: Address,
        key: Optional[str],
        context: Optional[ssl.SSLContext],
        timeout: Optional[float],
        retries: Retries,
    ) -> None:
        self.address = address
        self.timeout = timeout
        self.retries = retries
        self.context = context
        self._headers = {"User-Agent": f"posterior-python/{__version__}"}
        if key is not None:
            self._headers["Authorization"] = f"Bearer {key}"
        self._local = threading.local()
        self._open: weakref.WeakSet[http.client.HTTPConnection] = weakref.WeakSet()

    def send(self, request: Request, read: Callable[[Response], Answer]) -> Answer:
        """Sends a request and reads its answer, again where that is safe and worth while.

        - Parameter read: makes the result of an answer; called once more where the connection broke while it read.
        - Raises a kind of PosteriorError.
        """
        attempts = Attempts(self.retries)
        while True:
            try:
                return self._once(request, read)
            except PosteriorError as error:
                if not request.is_safe:
                    raise
                attempts.wait(error)

    def connect(self) -> http.client.HTTPConnection:
        """A connection that nobody else has."""
        address, timeout = self.address, self.timeout
        connection: http.client.HTTPConnection
        if address.scheme == "unix":
            connection = _SocketFile(address.socket, timeout)
        elif address.scheme == "https":
            connection = http.client.HTTPSConnection(address.host, address.port, timeout=timeout, context=self.context)
        else:
            connection = http.client.HTTPConnection(address.host, address.port, timeout=timeout)
        self._open.add(connection)
        return connection

    def start(self, connection: http.client.HTTPConnection, request: Request) -> Response:
        """Sends a request and waits for the head of its answer. Raises the error of an answer that is none of success."""
        target = self.address.prefix + request.path
        if request.query:
            target += "?" + urllib.parse.urlencode(request.query)
        connection.putrequest(request.method, target, skip_accept_encoding=True)
        for name, value in {**self._headers, **request.headers}.items():
            connection.putheader(name, value)
        if request.method not in ("GET", "DELETE") or request.body.length:
            connection.putheader("Content-Length", str(request.body.length))
        try:
            connection.endheaders()
            for piece in request.body.pieces():
                connection.send(piece)
        except (BrokenPipeError, ConnectionResetError):
            # A server that does not want the body may have answered before its end (RFC 9112, 9.5).
            try:
                return _checked(connection.getresponse())
            except (OSError, http.client.HTTPException):
                pass
            raise
        return _checked(connection.getresponse())

    def close(self) -> None:
        """Closes all connections; the next request opens a new one."""
        for connection in list(self._open):
            connection.close()

    # One try. A connection that was kept may have been closed by the server meanwhile, which says nothing about the request: then it is
    # sent on a new one at once. What is not safe to send twice has a new connection from the beginning.
    def _once(self, request: Request, read: Callable[[Response], Answer]) -> Answer:
        connection = self._kept()
        is_fresh = connection.sock is None
        if not is_fresh and not request.is_safe:
            connection.close()
            is_fresh = True
        try:
            try:
                response = self.start(connection, request)
            except (
                http.client.RemoteDisconnected,
                BrokenPipeError,
                ConnectionResetError,
                http.client.CannotSendRequest,
            ):
                if is_fresh:
                    raise
                connection.close()
                response = self.start(connection, request)
            result = read(response)
            # The connection is free for the next request when the body has been read to its end.
            response.read()
            return result
        except PosteriorError:
            raise
        except (TimeoutError, socket.timeout) as error:
            connection.close()
            raise TimedOut(f"{self._name} did not answer within {self.timeout} s; `timeout` is the client's patience.") from error
        except (OSError, EOFError, http.client.HTTPException) as error:
            connection.close()
            raise ConnectionFailed(f"{self._name}: {_words(error)}") from error
        except BaseException:
            connection.close()
            raise

    @property
    def _name(self) -> str:
        address = self.address
        if address.scheme == "unix":
            return f"unix:{address.socket}"
        return f"{address.scheme}://{address.host}:{address.port}{address.prefix}"

    # A child process that was forked must not speak on its parent's connection.
    def _kept(self) -> http.client.HTTPConnection:
        kept: Optional[_Kept] = getattr(self._local, "kept", None)
        if kept is None or kept.process != os.getpid():
            kept = self._local.kept = _Kept(self.connect(), os.getpid())
        return kept.connection


class _Kept:
    """A thread's connection, which is closed when its thread or its client is gone."""

    def __init__(self, connection: http.client.HTTPConnection, process: int) -> None:
        self.connection, self.process = connection, process

    def __del__(self) -> None:
        self.connection.close()


def _checked(response: http.client.HTTPResponse) -> Response:
    if response.status < 400:
        return Response(response)
    retry_after = seconds_until(response.headers.get("Retry-After"))
    raise error_of(response.status, response.read(), retry_after)


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message}); `ca` names a file of authorities"
    if isinstance(error, (http.client.IncompleteRead, EOFError)):
        return "the answer was cut before its end"
    if isinstance(error, http.client.RemoteDisconnected):
        return "the connection was closed without an answer"
    return str(error) or type(error).__name__
