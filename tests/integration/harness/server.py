"""The server under test as a process: start, readiness, signals, restart on the same port."""

import json
import os
import resource
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from harness.http import Connection, Response
from harness.tcp import LIMIT_S, free_port


@dataclass
class Server:
    """One server on a port of its own. Its log is in `stderr`, over restarts too."""

    binary: Path
    folder: Path
    config: str = ""
    arguments: list[str] = field(default_factory=list)
    wrapper: list = field(default_factory=list)  # a command that becomes the server
    environment: dict[str, str] = field(default_factory=dict)
    open_files: int | None = None  # the limit of its descriptors
    port: int = field(default_factory=free_port)
    process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def config_file(self) -> Path:
        return self.folder / "throttle.toml"

    @property
    def stderr(self) -> str:
        log = self.folder / "stderr"
        return log.read_text(errors="replace") if log.exists() else ""

    @property
    def log_lines(self) -> list[str]:
        """The lines of the log, without one that is still being written."""
        return self.stderr.split("\n")[:-1]

    def write_config(self, config: str) -> None:
        self.config = config
        self.config_file.write_text(config)

    def command(self) -> list:
        return [*self.wrapper, self.binary, "--port", str(self.port), "-c", self.config_file,
                *self.arguments]

    def spawn(self) -> None:
        """Starts the process and does not wait for it."""
        self.write_config(self.config)
        surroundings = {k: v for k, v in os.environ.items() if k != "THROTTLE_LOG"}
        with open(self.folder / "stderr", "ab") as log:
            self.process = subprocess.Popen(
                self._limited(self.command()), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder, env=surroundings | self.environment)

    def _limited(self, command: list) -> list:
        """The limit stands before the process looks at it."""
        if self.open_files is None:
            return command
        return ["sh", "-c", f'ulimit -n {self.open_files} && exec "$@"', "sh", *command]

    def start(self) -> "Server":
        self.spawn()
        wait_until(self._is_ready, lambda: f"not ready:\n{self.stderr}")
        return self

    def _is_ready(self) -> bool:
        assert self.is_running(), f"ended with {self.process.returncode}:\n{self.stderr}"
        try:
            return self.request("GET", "/health").status == 200
        except OSError:
            return False

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        """The exit status; fails where the process outlives the limit."""
        return self.process.wait(LIMIT_S)

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def allow_descriptors(self, number: int) -> None:
        """While it runs; what it counted at its start stays as it is. See `open_files`."""
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (number, number))

    def allow_more_memory(self, size: int) -> None:
        """`size` bytes of addresses more than it has now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        kib = next(int(line.split()[1]) for line in status.splitlines() if "VmSize" in line)
        limit = kib * 1024 + size
        resource.prlimit(self.process.pid, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # What the server says, over a connection of its own each time.

    def connect(self) -> Connection:
        return Connection(self.port)

    def request(self, method: str, target: str, body: object = None, **headers: str) -> Response:
        """One request; `body` is sent as JSON."""
        with self.connect() as connection:
            return connection.request(method, target, body, **headers)

    def remainder(self, semaphore: str) -> int:
        return int(self.request("GET", f"/remainder?semaphore={semaphore}").body)

    def new_peer(self, expires_in: str = "5min") -> int:
        answer = self.request("POST", "/new_peer", {"expires_in": expires_in})
        assert answer.status == 200, answer
        return int(answer.body)

    def acquire(self, peer: int, semaphore: str, count: int = 1, query: str = "") -> Response:
        return self.request("PUT", f"/peers/{peer}/{semaphore}{query}", count)

    def peers(self) -> set[int]:
        return {peer["id"] for peer in json.loads(self.request("GET", "/peers/").body)}

    def metrics(self) -> dict[str, float]:
        """Every sample by its name with its labels, as printed."""
        lines = self.request("GET", "/metrics").text.splitlines()
        samples = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, value in samples}


def wait_until(condition, complaint=lambda: "not in time") -> None:
    """Polls until the condition holds; fails with the complaint when the limit is over."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, complaint()
        time.sleep(0.005)


def lives(pid: int) -> bool:
    """Whether there is such a process that has not ended, though nobody has collected it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def run(binary, *arguments, folder=None, **environment) -> subprocess.CompletedProcess:
    """Runs the server to its end, which is expected soon."""
    return subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True,
                          timeout=LIMIT_S, cwd=folder, stdin=subprocess.DEVNULL,
                          env=os.environ | environment)
