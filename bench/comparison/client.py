"""A bare HTTP client over one connection: no more than the comparison needs, and little time."""

import re
import socket

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Client:
    def __init__(self, port: int):
        self._socket = socket.create_connection(("127.0.0.1", port), 120)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def close(self) -> None:
        self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def answer(self) -> tuple[int, bytes]:
        """Status and body of the next answer."""
        while (end := self._received.find(b"\r\n\r\n")) < 0:
            self._receive()
        head, body = self._received[:end], end + 4
        length = int(_LENGTH.search(head)[1])
        while len(self._received) < body + length:
            self._receive()
        answer = self._received[body:body + length]
        self._received = self._received[body + length:]
        return int(head[9:12]), answer

    def _receive(self) -> None:
        piece = self._socket.recv(65536)
        if not piece:
            raise RuntimeError(f"the server hung up after {self._received!r}")
        self._received += piece


def request(method: str, target: str, body: str = "") -> bytes:
    kind = "Content-Type: application/json\r\n" if body else ""
    return (f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{kind}"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()
