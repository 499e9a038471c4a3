"""Programs of the documentation as processes, beside a server."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from harness.pages import programs_of
from harness.server import Server, wait_until
from harness.tcp import LIMIT_S


@dataclass
class Desk:
    """A folder with the programs of docs/python.md, which use the server."""

    folder: Path
    server: Server
    started: list[subprocess.Popen] = field(default_factory=list)

    def __post_init__(self):
        for program in programs_of("docs/python.md"):
            self.write(program.name, program.code)

    def write(self, name: str, code: str) -> Path:
        path = self.folder / name
        path.write_text(code.replace("http://localhost:8000", self.server.url))
        return path

    def start(self, code: str, name: str = "program.py") -> subprocess.Popen:
        """It runs in a session of its own, which ends with the test at the latest."""
        command = [sys.executable, self.write(name, code)]
        process = subprocess.Popen(
            command, cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True)
        self.started.append(process)
        return process

    def start_holder(self, code: str) -> subprocess.Popen:
        """One that says when it is in. Then a signal finds it asleep, and not in a destructor,
        where Python ignores the exception of a handler."""
        process = self.start(code)
        assert process.stdout.readline() == "in\n"
        return process

    def run(self, code: str, name: str = "program.py") -> str:
        """What it prints; it has to succeed."""
        process = self.start(code, name)
        output, _ = process.communicate(timeout=LIMIT_S)
        assert process.returncode == 0, output
        return output

    def wait_for(self, **metrics: int) -> None:
        """Waits until these metrics of `office` have these values."""
        wait_until(lambda: all(
            self.server.metrics()[f'throttle_{name}{{semaphore="office"}}'] == value
            for name, value in metrics.items()), lambda: self.leases())

    def leases(self) -> dict:
        return self.server.request("GET", "/leases?semaphore=office").json["semaphores"][0]

    def clear(self) -> None:
        """Ends what was started, with all its children."""
        for process in self.started:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.communicate()
