"""A container of this very machine with a systemd of its own, and nothing else running in it.

Its tree is an overlay: what happens in it is gone afterwards. Needs root and systemd-nspawn.
"""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

LIMIT_S = 300


class Container:
    def __init__(self):
        self.scratch = Path(tempfile.mkdtemp(prefix="throttle-container-"))
        run(["mount", "-t", "tmpfs", "tmpfs", self.scratch])
        for name in ("upper", "work", "tree"):
            (self.scratch / name).mkdir()
        self.tree = self.scratch / "tree"
        run(["mount", "-t", "overlay", "overlay", "-o",
             f"lowerdir=/,upperdir={self.scratch}/upper,workdir={self.scratch}/work", self.tree])
        (self.tree / "usr/sbin/policy-rc.d").unlink(missing_ok=True)  # it forbids starting services
        self.process = subprocess.Popen(
            ["systemd-nspawn", "-D", self.tree, "--keep-unit", "--register=no", "--private-network",
             "--link-journal=no", "--console=pipe", "-b", "systemd.unit=basic.target"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.is_up, "systemd in the container")

    @property
    def init(self) -> str:
        """The process id of its systemd."""
        return subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True,
                              text=True).stdout.split("\n")[0]

    def is_up(self) -> bool:
        assert self.process.poll() is None, "systemd-nspawn has ended"
        return bool(self.init) and self.try_run("systemctl is-active basic.target") == 0

    def command(self, script: str) -> list[str]:
        return ["nsenter", "-t", self.init, "-a", "--", "bash", "-c", script]

    def try_run(self, script: str) -> int:
        return subprocess.run(self.command(script), capture_output=True,
                              timeout=LIMIT_S).returncode

    def run(self, script: str) -> str:
        """What it prints on both outputs; it has to succeed."""
        done = subprocess.run(self.command(script), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S)
        assert done.returncode == 0, f"{script}: {done.returncode}\n{done.stdout}"
        return done.stdout.strip()

    def fail(self, script: str) -> str:
        """What a command prints that has to fail."""
        done = subprocess.run(self.command(script), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S)
        assert done.returncode != 0, f"{script} did not fail:\n{done.stdout}"
        return done.stdout.strip()

    def put(self, file: Path, inside: str) -> None:
        shutil.copy(file, self.tree / inside.lstrip("/"))

    def end(self) -> None:
        if self.process.poll() is None:
            self.try_run("systemctl poweroff --force")
            try:
                self.process.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for mount in (self.tree, self.scratch):
            subprocess.run(["umount", "--lazy", mount], check=False)
        os.rmdir(self.scratch)


def run(command: list) -> None:
    subprocess.run(command, check=True)


def wait_until(condition, what: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {LIMIT_S} s: {what}"
        time.sleep(0.1)
