"""HTTP/1.1 spoken by hand over one socket: a test says the bytes, and sees each answer as sent."""

import json
import socket
import struct
from dataclasses import dataclass

from harness.tcp import LIMIT_S


@dataclass
class Response:
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> object:
        return json.loads(self.body)


class Connection:
    """A client's connection. Every read ends after LIMIT_S with TimeoutError."""

    def __init__(self, port: int):
        self._socket = socket.create_connection(("127.0.0.1", port), LIMIT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._unread = b""

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def hang_up(self, how: str) -> None:
        if how == "by a reset":
            linger = struct.pack("ii", 1, 0)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close()

    def finish_sending(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def send_request(self, method: str, target: str, body: object = None, **headers: str) -> None:
        self.send(encode(method, target, body, **headers))

    def request(self, method: str, target: str, body: object = None, **headers: str) -> Response:
        self.send_request(method, target, body, **headers)
        return self.response(has_body=method != "HEAD")

    def response(self, *, has_body: bool = True) -> Response:
        """The next answer; raises ConnectionError where the server hangs up instead."""
        head = self._read_until(b"\r\n\r\n")
        status_line, *lines = head[:-4].decode("latin-1").split("\r\n")
        version, status, *_ = status_line.split(" ", 2)
        assert version in ("HTTP/1.1", "HTTP/1.0"), status_line
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        body = self._read_body(headers) if has_body and status not in ("100", "204") else b""
        return Response(int(status), headers, body)

    def is_silent(self, seconds: float) -> bool:
        """Whether no byte and no end comes for this time."""
        if self._unread:
            return False
        self._socket.settimeout(seconds)
        try:
            self._unread = self._socket.recv(1)
            return False
        except TimeoutError:
            return True
        finally:
            self._socket.settimeout(LIMIT_S)

    def hangs_up(self) -> bool:
        """Whether the server does; what it still sends is dropped."""
        try:
            while self._socket.recv(65536):
                pass
            return True
        except TimeoutError:
            return False
        except ConnectionError:
            return True

    def _read_body(self, headers: dict[str, str]) -> bytes:
        if "content-length" in headers:
            return self._read_exactly(int(headers["content-length"]))
        if headers.get("transfer-encoding") == "chunked":
            return self._read_chunks()
        body, self._unread = self._unread, b""
        while piece := self._socket.recv(65536):
            body += piece
        return body

    def _read_chunks(self) -> bytes:
        body = b""
        while length := int(self._read_until(b"\r\n"), 16):
            body += self._read_exactly(length)
            assert self._read_exactly(2) == b"\r\n"
        assert self._read_until(b"\r\n") == b"\r\n"
        return body

    def _read_until(self, mark: bytes) -> bytes:
        while mark not in self._unread:
            self._receive()
        end = self._unread.index(mark) + len(mark)
        piece, self._unread = self._unread[:end], self._unread[end:]
        return piece

    def _read_exactly(self, length: int) -> bytes:
        while len(self._unread) < length:
            self._receive()
        piece, self._unread = self._unread[:length], self._unread[length:]
        return piece

    def _receive(self) -> None:
        piece = self._socket.recv(65536)
        if not piece:
            raise ConnectionError(f"hung up after {self._unread!r}")
        self._unread += piece


def encode(method: str, target: str, body: object = None, **headers: str) -> bytes:
    """The bytes of a request. A body that is not bytes is sent as JSON; a header's `_` is a `-`,
    and an empty value leaves the header out."""
    fields = {"Host": "localhost"}
    payload = b""
    if body is not None:
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        fields["Content-Type"] = "application/json"
    if body is not None or method in ("POST", "PUT", "DELETE"):
        fields["Content-Length"] = str(len(payload))
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in fields.items() if value]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode() + payload
