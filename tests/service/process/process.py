"""throttle-service as a process, with the test in the place of systemd."""

import fcntl
import os
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

BINARY = Path(os.environ["THROTTLE_SERVICE"])
LIMIT_S = 30
SEMAPHORE = "[semaphores]\nA = 1\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {LIMIT_S} s: {what}"
        time.sleep(0.01)


def health(port: int) -> str:
    """The status line of /health."""
    with socket.create_connection(("127.0.0.1", port), LIMIT_S) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return client.makefile().readline().strip()


def serves(port: int) -> bool:
    try:
        return health(port) == "HTTP/1.1 200 OK"
    except OSError:
        return False


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class NotifySocket:
    """The socket that systemd listens on; `address` is the value of NOTIFY_SOCKET."""

    def __init__(self, address: str):
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.socket.settimeout(LIMIT_S)

    def until(self, line: str) -> dict[str, str]:
        """The first message with a line that begins so, as keys and values."""
        while True:
            message = self.socket.recv(8192).decode()
            if any(each.startswith(line) for each in message.split("\n")):
                return dict(each.split("=", 1) for each in message.split("\n") if each)

    def close(self) -> None:
        self.socket.close()


class ProcessTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.folder.chmod(0o755)
        self.port = free_port()
        self.file = self.folder / "throttle.toml"
        self.write(SEMAPHORE)

    def write(self, text: str) -> None:
        self.file.write_text(f'{text}\n[http]\nlisten = "127.0.0.1:{self.port}"\n')

    def start(self, *options, environment=None, sockets=(), verb="run",
              within=()) -> subprocess.Popen:
        """The process; `sockets` are (name, socket), handed over as systemd does it. `within` is a
        command that becomes its argument."""
        command = [*within, str(BINARY), verb, "-c", str(self.file), *map(str, options)]
        surroundings = {k: v for k, v in os.environ.items() if k != "THROTTLE_LOG"}
        surroundings |= environment or {}
        handed = [each.fileno() for _, each in sockets]
        if handed:
            surroundings |= {"LISTEN_FDS": str(len(handed)),
                             "LISTEN_FDNAMES": ":".join(name for name, _ in sockets)}
            handed = [self.high(descriptor) for descriptor in handed]
            moves = " ".join(f"{3 + i}<&{high}" for i, high in enumerate(handed))
            command = ["bash", "-c", f'export LISTEN_PID=$$; exec "$@" {moves}', "bash", *command]
        with open(self.folder / "output", "ab") as output:
            process = subprocess.Popen(command, env=surroundings, stdin=subprocess.DEVNULL,
                                       stdout=output, stderr=output, pass_fds=handed)
        self.addCleanup(self.end, process)
        return process

    def high(self, descriptor: int) -> int:
        """A duplicate that no number of systemd's can collide with."""
        high = fcntl.fcntl(descriptor, fcntl.F_DUPFD, 100)
        self.addCleanup(os.close, high)
        return high

    @staticmethod
    def end(process: subprocess.Popen) -> None:
        process.kill()
        process.wait()

    def code(self, process: subprocess.Popen) -> int:
        return process.wait(LIMIT_S)

    @property
    def output(self) -> str:
        return (self.folder / "output").read_text()

    def notify_socket(self, address: str) -> NotifySocket:
        made = NotifySocket(address)
        self.addCleanup(made.close)
        return made

    def stop(self, process: subprocess.Popen) -> int:
        process.send_signal(signal.SIGTERM)
        return self.code(process)
