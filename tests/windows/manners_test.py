"""The tools in a console of Windows, under Wine: names outside ASCII, hooks, a reload.

THROTTLE_WINDOWS_BIN is the folder of the .exe files. Run it by scripts/wine --keep-alive.
"""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

BIN = Path(os.environ["THROTTLE_WINDOWS_BIN"])
WINE = Path(__file__).resolve().parents[2] / "scripts/wine"
SYSTEM = Path(os.environ["WINEPREFIX"]) / "drive_c/windows/system32"
LIMIT_S = 120
SURROUNDINGS = os.environ | {"LC_ALL": "C.UTF-8"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {LIMIT_S} s: {what()}"
        time.sleep(0.05)


def windows_path(path: Path) -> str:
    return "Z:" + str(path).replace("/", "\\")


class Manners(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="throttle-")
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name) / "Jürgen 信号"
        self.folder.mkdir()
        self.file = self.folder / "ä.toml"

    def run_tool(self, tool: str, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([WINE, BIN / f"{tool}.exe", *arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, cwd=self.folder, env=SURROUNDINGS,
                              timeout=LIMIT_S)

    def start(self, tool: str, *arguments: str) -> subprocess.Popen:
        """Its log is in self.log."""
        with open(self.folder / "log", "wb") as log:
            process = subprocess.Popen(
                [WINE, BIN / f"{tool}.exe", *arguments], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, cwd=self.folder, env=SURROUNDINGS | {"THROTTLE_LOG": "info"})
        self.addCleanup(process.wait, LIMIT_S)
        self.addCleanup(process.kill)
        return process

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def wait_for(self, text: str) -> None:
        wait_until(lambda: text in self.log, lambda: f"{text}, but:\n{self.log}")

    def test_arguments_may_have_any_letter(self):
        self.file.write_text("[semaphores]\nA = 1\n")
        for tool, check in (("throttle-server", ["--check"]), ("throttle-service", ["check"])):
            for path in (windows_path(self.file), self.file.name):
                done = self.run_tool(tool, *check, "-c", path)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(f"{path} is valid: 1 semaphore, 0 proxies", done.stdout.decode())

    def test_a_mistake_names_its_file_whatever_its_letters(self):
        done = self.run_tool("throttle-proxy", "--check", "-c", windows_path(self.file))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(windows_path(self.file), done.stderr.decode())

    def test_a_file_of_powershell_is_named_as_utf_16(self):
        self.file.write_bytes("[semaphores]\r\nA = 1\r\n".encode("utf-16"))
        done = self.run_tool("throttle-server", "--check", "-c", windows_path(self.file))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(":1:1: the file is UTF-16", done.stderr.decode())

    def proxy_with_hook(self, command: str) -> tuple[subprocess.Popen, int]:
        port = free_port()
        upstream = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(upstream.close)
        self.file.write_text(
            f"[proxy.office]\nlisten = '127.0.0.1:{port}'\n"
            f"upstream = '127.0.0.1:{upstream.getsockname()[1]}'\n"
            f"max_connections = 1\nbefore_activate = '{command}'\n")
        proxy = self.start("throttle-proxy", "-c", windows_path(self.file))
        self.wait_for("ready")
        return proxy, port

    def test_a_planted_shell_is_not_run(self):
        shutil.copy(BIN / "throttle-proxy.exe", self.folder / "cmd.exe")
        _, port = self.proxy_with_hook("echo the shell of Windows")
        with socket.create_connection(("127.0.0.1", port), LIMIT_S) as client:
            client.sendall(b"x")
            self.wait_for("the shell of Windows")

    def test_what_a_hook_leaves_running_outlives_the_proxy(self):
        done = self.folder / "done"
        proxy, port = self.proxy_with_hook(
            'start /b cmd /c "ping -n 6 127.0.0.1 >nul & echo left > done" & echo begun')
        with socket.create_connection(("127.0.0.1", port), LIMIT_S) as client:
            client.sendall(b"x")
            self.wait_for("begun")
            wait_until(lambda: "before_activate" in self.log or "upstream" in self.log,
                       lambda: self.log)
        self.assertFalse(done.exists())
        proxy.kill()
        proxy.wait(LIMIT_S)
        wait_until(done.exists, lambda: "what the hook left running")

    def test_a_console_program_reloads_by_its_number(self):
        port = free_port()
        self.file.write_text("[semaphores]\nA = 1\n")
        self.start("throttle-server", "--port", str(port), "-c", windows_path(self.file))
        self.wait_for("ready")
        with tempfile.TemporaryFile() as output:  # a service that it starts keeps it open
            subprocess.run([WINE, "wmic", "process", "get", "Name,ProcessId"], check=True,
                           stdin=subprocess.DEVNULL, stdout=output, timeout=LIMIT_S)
            output.seek(0)
            listed = output.read().decode("utf-16")
        pid = re.search(r"throttle-server\.exe\s+(\d+)", listed).group(1)
        self.file.write_text("[semaphores]\nA = 1\nB = 2\n")
        done = self.run_tool("throttle-service", "reload", "--pid", pid)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.wait_for("reloaded")
        done = self.run_tool("throttle-service", "reload", "--pid", "4")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn(b"no throttle-server or throttle-proxy", done.stderr)


if __name__ == "__main__":
    unittest.main()
