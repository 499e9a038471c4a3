"""Ports, clients and services of plain TCP. Every read ends after LIMIT_S with TimeoutError."""

import queue
import select
import socket
import struct
import threading

LIMIT_S = 30  # for what takes milliseconds where nothing else runs; only a failure reaches it
HUNG_UP = select.POLLRDHUP | select.POLLHUP | select.POLLERR

_reserved: list[socket.socket] = []


def free_port() -> int:
    """A port that the system gives to nobody else before release_ports(): it is bound already. A
    server listens there all the same, for it sets SO_REUSEADDR too; until then, connections are
    refused."""
    keeper = socket.socket()
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind(("", 0))
    _reserved.append(keeper)
    return keeper.getsockname()[1]


def release_ports() -> None:
    while _reserved:
        _reserved.pop().close()


class Stream:
    """One end of a connection. It may be closed by one thread while another looks at it."""

    def __init__(self, connected: socket.socket):
        self._closing = threading.Lock()
        self.socket = connected
        self.socket.settimeout(LIMIT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send_what_fits(self, data: bytes) -> int:
        """As much as the system takes while nobody reads."""
        sent = 0
        self.socket.settimeout(0.2)
        try:
            while sent < len(data):
                sent += self.socket.send(data[sent:sent + 65536])
        except TimeoutError:
            pass
        self.socket.settimeout(LIMIT_S)
        return sent

    def read(self, length: int) -> bytes:
        """`length` bytes; raises ConnectionError if the end comes first."""
        data = bytearray()
        while len(data) < length:
            piece = self.socket.recv(min(length - len(data), 1 << 20))
            if not piece:
                raise ConnectionError(f"hung up after {bytes(data[:100])!r}")
            data += piece
        return bytes(data)

    def read_all(self) -> bytes:
        """What comes up to the end."""
        return b"".join(iter(lambda: self.socket.recv(1 << 20), b""))

    def finish_sending(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        with self._closing:
            self.socket.close()

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def is_open(self) -> bool:
        """Whether neither side has hung up in any way yet, even where bytes are unread."""
        with self._closing:
            if self.socket.fileno() < 0:
                return False
            poll = select.poll()
            poll.register(self.socket, HUNG_UP)
            return not poll.poll(0)

    def ending(self) -> str:
        """Reads until the end, and says how it came: "closed" or "reset"."""
        try:
            self.read_all()
            return "closed"
        except ConnectionResetError:
            return "reset"

    def has_bytes(self) -> bool:
        return bool(select.select([self.socket], [], [], 0)[0])


class Client(Stream):
    def __init__(self, port: int, source: str = "127.0.0.1", source_port: int = 0,
                 receive_buffer: int | None = None):
        own = socket.socket()
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_buffer:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        own.settimeout(LIMIT_S)
        own.bind((source, source_port))
        own.connect(("127.0.0.1", port))
        super().__init__(own)
        self.address = "{}:{}".format(*own.getsockname())

    def ask(self, line: bytes) -> bytes:
        """Sends it, and reads as much as an answer."""
        self.send(line)
        return self.read(len(line))


def echo(stream: Stream) -> None:
    """Gives everything back."""
    while piece := stream.socket.recv(65536):
        stream.send(piece)


class Service:
    """A service behind the proxy. It counts how many were connected to it at once.

    With a `talk` each connection has it on a thread of its own and ends with it; without one, the
    test takes the connections by next() in the order in which they came."""

    def __init__(self, talk=None, port: int | None = None):
        self._talk = talk
        self._live: list[Stream] = []
        self._arrived: queue.SimpleQueue[Stream] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.most = 0  # at once; one that the proxy shut down does not count any more
        self.accepted = 0
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.port = port or free_port()  # which stays its own while it is away
        self._listener.bind(("127.0.0.1", self.port))
        self._listener.listen(512)
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def next(self) -> Stream:
        """The next connection that came."""
        return self._arrived.get(timeout=LIMIT_S)

    def has_next(self) -> bool:
        return not self._arrived.empty()

    def stop(self) -> None:
        """Listens no more, and closes what is left."""
        if self._listener.fileno() < 0:
            return
        self._listener.shutdown(socket.SHUT_RD)
        self._accepting.join(LIMIT_S)
        self._listener.close()
        for stream in self._live:
            self._end(stream)
        for thread in self._threads:
            thread.join(LIMIT_S)

    def _accept(self) -> None:
        while True:
            try:
                connected, _ = self._listener.accept()
            except OSError:
                return
            # The proxy ends one connection before it makes the next.
            self._live = [each for each in self._live if each.is_open()]
            stream = Stream(connected)
            self._live.append(stream)
            self.accepted += 1
            self.most = max(self.most, len(self._live))
            if self._talk is None:
                self._arrived.put(stream)
            else:
                self._threads.append(threading.Thread(target=self._converse, args=[stream],
                                                      daemon=True))
                self._threads[-1].start()

    def _converse(self, stream: Stream) -> None:
        try:
            self._talk(stream)
            stream.close()
        except OSError:
            stream.close()

    @staticmethod
    def _end(stream: Stream) -> None:
        try:
            stream.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
