"""examples/libreoffice/office with a stand-in for the office: starts and stops that meet. The suite
libreoffice has the real one."""

import os
import re
import signal
import subprocess

import pytest

from harness.pages import TOP
from harness.server import wait_until
from harness.tcp import LIMIT_S, free_port

OFFICE = TOP / "examples/libreoffice/office"
# As the real one, a launcher beside a worker. With SLOW it listens only when that file exists.
SOFFICE = """#!/usr/bin/env bash
python3 -c '
import os, re, socket, sys, time
while os.environ.get("SLOW") and not os.path.exists(os.environ["SLOW"]):
    time.sleep(0.01)
port = int(re.search("port=([0-9]+)", " ".join(sys.argv))[1])
listener = socket.create_server(("127.0.0.1", port))
while True:
    listener.accept()
' "$@" &
wait
"""


class Script:
    def __init__(self, folder, **environment):
        self.folder = folder / "office"
        self.slow = folder / "go on"
        tools = folder / "bin"
        tools.mkdir()
        (tools / "soffice").write_text(SOFFICE)
        (tools / "soffice").chmod(0o755)
        self.environment = os.environ | {
            "PATH": f"{tools}:{os.environ['PATH']}", "OFFICE_FOLDER": str(self.folder),
            "OFFICE_PORT": str(free_port())} | environment

    def start(self, command: str, **environment: str) -> subprocess.Popen:
        return subprocess.Popen([OFFICE, command], env=self.environment | environment, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)

    def run(self, command: str, **environment: str) -> tuple[int, str]:
        process = self.start(command, **environment)
        output, _ = process.communicate(timeout=LIMIT_S)
        return process.returncode, output

    def groups(self) -> set[str]:
        """The process groups of all offices with this profile."""
        listed = subprocess.run(["ps", "-e", "-ww", "-o", "pgid=,args="], capture_output=True,
                                text=True).stdout
        return {line.split()[0] for line in listed.splitlines()
                if f"file://{self.folder}/profile " in line} - {str(os.getpgrp())}


@pytest.fixture
def script(tmp_path):
    script = Script(tmp_path)
    yield script
    script.slow.touch()
    for group in script.groups():
        os.killpg(int(group), signal.SIGKILL)


def waits_for_the_lock(process: subprocess.Popen) -> bool:
    children = subprocess.run(["ps", "-o", "comm=", "--ppid", str(process.pid)],
                              capture_output=True, text=True).stdout
    return "flock" in children.split()


def test_it_starts_once_and_stops(script):
    code, said = script.run("start")
    assert code == 0 and "listens on port" in said
    assert len(script.groups()) == 1
    code, said = script.run("start")
    assert code == 1 and "runs already" in said
    code, said = script.run("stop")
    assert code == 0 and re.search(r"^office \d+ ended$", said, re.MULTILINE)
    assert script.groups() == set()


def test_a_stop_that_finds_none_says_so(script):
    assert script.run("stop") == (0, f"no office runs with the profile of {script.folder}\n")


def test_of_many_that_ensure_an_office_one_starts_it(script):
    running = [script.start("ensure") for _ in range(6)]
    said = [each.communicate(timeout=LIMIT_S)[0] for each in running]
    assert [each.returncode for each in running] == [0] * 6
    assert sum("listens on port" in each for each in said) == 1
    assert len(script.groups()) == 1


def test_a_stop_during_a_start_leaves_no_office(script):
    starting = script.start("start", SLOW=str(script.slow))
    wait_until(lambda: len(script.groups()) == 1)
    stopping = script.start("stop")
    wait_until(lambda: waits_for_the_lock(stopping))
    script.slow.touch()
    assert starting.wait(LIMIT_S) == 0
    assert stopping.wait(LIMIT_S) == 0
    assert script.groups() == set()
    starting.communicate(), stopping.communicate()


def test_an_office_whose_start_was_killed_is_found(script):
    starting = script.start("start", SLOW=str(script.slow))
    wait_until(lambda: len(script.groups()) == 1)
    starting.kill()
    starting.communicate(timeout=LIMIT_S)
    (script.folder / "office.pid").unlink(missing_ok=True)
    code, said = script.run("stop")
    assert code == 0 and "ended" in said
    assert script.groups() == set()


def test_a_start_that_fails_leaves_nothing(script):
    code, said = script.run("start", SLOW=str(script.slow), OFFICE_START_LIMIT="1")
    assert code == 1 and "silent after 1 s" in said
    assert script.groups() == set()
