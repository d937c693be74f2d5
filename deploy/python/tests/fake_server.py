"""A server that does what a test says, answer by answer, and remembers what it was asked."""

import json
import socket
import threading
from dataclasses import dataclass, field


@dataclass
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class FakeServer:
    """Each of `answers` is what is sent for one request: bytes, or None to close the connection without a word.

    A tuple (bytes, "cut") closes the connection behind the bytes.
    """

    answers: list
    asked: list = field(default_factory=list)

    def __enter__(self) -> "FakeServer":
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=[connection], daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            while line := lines.readline():
                method, target, _ = line.decode().split(" ", 2)
                headers = {}
                while line := lines.readline().strip():
                    name, _, value = line.decode().partition(":")
                    headers[name.lower()] = value.strip()
                rest = int(headers.get("content-length", 0))
                kept = b""
                while rest:
                    block = lines.read(min(rest, 1 << 16))
                    rest -= len(block)
                    kept = (kept + block)[: 1 << 20]
                self.asked.append(Asked(method, target, headers, kept))
                answer = self.answers.pop(0) if self.answers else answered(500, {"detail": "nothing is left to say"})
                if answer is None:
                    return
                if callable(answer):
                    answer(connection)
                    continue
                if isinstance(answer, tuple):
                    connection.sendall(answer[0])
                    return
                connection.sendall(answer)


def answered(status: int = 200, document: object = None, *fields: str, body: bytes = b"", media_type: str = "application/json") -> bytes:
    """An answer with its length."""
    content = body or json.dumps(document if document is not None else {}).encode()
    head = [f"HTTP/1.1 {status} Words", f"Content-Type: {media_type}", f"Content-Length: {len(content)}", *fields]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + content
