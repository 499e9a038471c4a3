"""A program in a terminal of its own: what is on the screen, what is typed, the size."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
from pathlib import Path

import pyte

from harness.server import wait_until
from harness.tcp import LIMIT_S


class Terminal:
    """A terminal in which one program runs."""

    def __init__(self, command: list, folder: Path, columns: int = 80, rows: int = 24):
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._guard = threading.Lock()
        self.written = b""
        self._master, self._slave = pty.openpty()
        self._set_size(columns, rows)
        self.before = self.settings()
        self.process = subprocess.Popen(
            list(map(str, command)), stdin=self._slave, stdout=self._slave, stderr=self._slave,
            cwd=folder, start_new_session=True, env={"TERM": "xterm-256color", "LANG": "C.UTF-8"})
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def settings(self) -> list:
        """Of the line: echo, signals and so on."""
        return termios.tcgetattr(self._slave)

    def lines(self) -> list[str]:
        with self._guard:
            return [line.rstrip() for line in self.screen.display]

    def text(self) -> str:
        return "\n".join(self.lines())

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def wait_for(self, text: str) -> None:
        wait_until(lambda: text in self.text(),
                   lambda: f"no {text!r} in:\n{self.text()}\n{self.process.poll()}")

    def resize(self, columns: int, rows: int) -> None:
        with self._guard:
            self.screen.resize(rows, columns)
        self._set_size(columns, rows)
        self.process.send_signal(signal.SIGWINCH)

    def wait(self) -> int:
        """The exit status."""
        return self.process.wait(LIMIT_S)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._slave)
        self._reading.join(LIMIT_S)
        os.close(self._master)

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self) -> None:
        while True:
            try:
                piece = os.read(self._master, 65536)
            except OSError:
                return
            if not piece:
                return
            with self._guard:
                self.written += piece
                self._stream.feed(piece)
