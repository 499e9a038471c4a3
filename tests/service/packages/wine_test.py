"""The Windows service under Wine's Service Control Manager: installed, driven, removed by its own
verbs. What Wine has not (ACLs, failure actions, the Event Log) is for the unit tests.

THROTTLE_SERVICE_EXE is throttle-service.exe. Run it by scripts/wine --keep-alive.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

BINARY = Path(os.environ["THROTTLE_SERVICE_EXE"])
WINE = Path(__file__).resolve().parents[3] / "scripts/wine"
LIMIT_S = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serves(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), LIMIT_S) as client:
            client.sendall(b"GET /health HTTP/1.0\r\n\r\n")
            return b"200 OK" in client.recv(100)
    except OSError:
        return False


def wait_until(condition, what: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {LIMIT_S} s: {what}"
        time.sleep(0.1)


class Service(unittest.TestCase):
    """One service with a name of its own, in a folder with a blank."""

    def setUp(self):
        self.name = f"Throttle-{os.getpid()}-{self._testMethodName[-12:]}".replace("_", "-")
        scratch = tempfile.TemporaryDirectory(prefix="throttle service ")
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.binary = Path(shutil.copy(BINARY, self.folder))
        self.port = free_port()
        self.file = self.folder / "a file.toml"
        self.write("A = 1")
        self.addCleanup(self.call, "uninstall")

    def write(self, semaphores: str) -> None:
        self.file.write_text(f"[semaphores]\n{semaphores}\n[http]\n"
                             f'listen = "127.0.0.1:{self.port}"\n'
                             "[logging.file]\npath = 'a.log'\n")

    def call(self, verb: str, *options: str) -> tuple[int, str]:
        """The exit code of a verb, and what it prints on both outputs."""
        command = [WINE, self.binary, verb, "--name", self.name, *options]
        with tempfile.TemporaryFile("w+") as output:
            code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                  timeout=LIMIT_S).returncode
            output.seek(0)
            return code, output.read()

    def do(self, verb: str, *options: str) -> str:
        code, text = self.call(verb, *options)
        self.assertEqual(code, 0, f"{verb}: {text}")
        return text

    def install(self) -> str:
        return self.do("install", "--configuration", f"Z:{self.file}", "--start", "demand")

    def state(self) -> dict:
        return json.loads(self.call("status", "--json")[1])

    @property
    def log(self) -> str:
        log = self.folder / "a.log"
        return log.read_text() if log.exists() else ""

    def test_it_lives_by_its_verbs(self):
        self.assertEqual(self.call("status")[0], 4)
        self.assertIn(f"service {self.name} installed: NT SERVICE\\{self.name}", self.install())
        self.assertIn("is installed already", self.install())
        self.assertEqual(self.call("status")[0], 3)
        self.do("start")
        self.assertTrue(serves(self.port))
        self.do("start")
        self.assertEqual(self.state()["state"], "running")
        self.assertIn("a file.toml", self.state()["configuration"])
        self.do("pause")
        self.assertEqual(self.call("status")[0], 5)
        self.assertTrue(serves(self.port))
        self.do("continue")
        self.do("stop")
        self.assertFalse(serves(self.port))
        self.do("stop")
        self.assertIn("stopped", self.log)
        self.do("uninstall")
        self.assertEqual(self.call("status")[0], 4)

    def test_a_reload_takes_a_good_file_and_names_the_mistakes_of_a_broken_one(self):
        self.install()
        self.do("start")
        self.write("A = 1\nB = 2")
        self.do("reload")
        wait_until(lambda: "reloaded" in self.log, "the reload")
        self.write("A = 'one'")
        code, text = self.call("reload")
        self.assertEqual(code, 78, text)
        self.assertIn(":2:5: ", text)
        self.assertTrue(serves(self.port))

    def test_a_broken_file_is_found_before_the_start(self):
        self.write("A = 'one'")
        self.install()
        code, text = self.call("start")
        self.assertEqual(code, 78, text)
        self.assertIn(":2:5: ", text)

    def test_a_port_in_use_is_the_exit_code_of_the_service(self):
        self.install()
        with socket.create_server(("127.0.0.1", self.port)):
            code, text = self.call("start")
        self.assertEqual(code, 1, text)
        self.assertIn("it cannot listen", text)

    def test_wrong_arguments_are_the_exit_code_of_the_service_and_in_its_usual_log(self):
        self.install()  # which makes the folder of the log
        self.do("uninstall")
        self.control("create", self.name, "start=", "demand", "binPath=",
                     f'"Z:{self.binary}" run --scm --name {self.name} --no-such-option '
                     f'--configuration "Z:{self.file}"')
        code, text = self.call("start")
        self.assertEqual(code, 1, text)
        self.assertIn("it cannot start", text)
        self.assertIn("no-such-option", self.usual_log.read_text())

    @staticmethod
    def control(*arguments: str) -> None:
        """Has Windows' own program for services do something."""
        subprocess.run([WINE, "sc", *arguments], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, timeout=LIMIT_S)

    @property
    def usual_log(self) -> Path:
        return self.data / "logs" / f"{self.name}.log"

    @property
    def data(self) -> Path:
        return Path(os.environ["WINEPREFIX"]) / "drive_c/ProgramData/Throttle"

    def test_a_purge_keeps_what_another_service_uses(self):
        self.install()
        first = self.name
        self.name += "-2"
        self.addCleanup(setattr, self, "name", first)
        self.addCleanup(self.call, "uninstall")
        self.addCleanup(setattr, self, "name", self.name)
        self.install()
        for name in (first, self.name):
            (self.data / "logs" / f"{name}.log").write_text("lines")
        self.assertIn(f"{first} is installed and may use it", self.do("uninstall", "--purge"))
        self.assertFalse(self.usual_log.exists())
        self.name = first
        self.assertTrue(self.usual_log.exists())
        runner = f"{first}-runner"
        self.control("create", runner, "start=", "demand", "binPath=",
                     '"C:\\runner\\gitlab-runner.exe" run --service runner')
        self.addCleanup(self.control, "delete", runner)
        self.do("uninstall", "--purge")
        self.assertFalse(self.data.exists())

    def test_a_stop_at_once_does_not_wait_for_a_client(self):
        self.install()
        self.do("start")
        with socket.create_connection(("127.0.0.1", self.port)) as client:
            client.sendall(b"GET /health HTTP/1.1\r\n")
            self.do("stop", "--now")
        self.assertEqual(self.state()["last_exit"], "as asked")

    def test_the_option_of_the_manager_is_refused_outside_it(self):
        code, text = self.call("run", "--scm")
        self.assertEqual(code, 2, text)
        self.assertIn("leave it out", text)


if __name__ == "__main__":
    unittest.main()
