"""A way to a server that a test can cut and mend."""

import contextlib
import socket
import threading

from harness.tcp import Client, Service, Stream, free_port


class Relay:
    """Carries connections to `target`; its own port stays the same while it is cut."""

    def __init__(self, target: int):
        self._target = target
        self.port = free_port()
        self._service = None
        self.mend()

    def mend(self) -> None:
        self._service = Service(self._carry, port=self.port)

    def cut(self) -> None:
        """Ends what it carries; connecting is refused."""
        self._service.stop()

    def _carry(self, near: Stream) -> None:
        with Client(self._target) as far:
            back = threading.Thread(target=self._pump, args=[far, near], daemon=True)
            back.start()
            self._pump(near, far)
            back.join()

    @staticmethod
    def _pump(source: Stream, target: Stream) -> None:
        """Ends both when one ends."""
        try:
            source.socket.settimeout(None)
            while piece := source.socket.recv(65536):
                target.send(piece)
        except OSError:
            pass
        for stream in (source, target):
            with contextlib.suppress(OSError):
                stream.socket.shutdown(socket.SHUT_RDWR)  # wakes the pump of the other direction
            stream.close()
