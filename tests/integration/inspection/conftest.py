"""Fixtures of throttle-inspect's suite: the real binary, beside the server under test."""

import json
import subprocess
from dataclasses import dataclass

import pytest

from harness.tcp import LIMIT_S


@dataclass
class Ran:
    """One run of the tool."""

    code: int
    out: str
    error: str

    def rows(self) -> list:
        assert self.code in (0, 1), self.error
        return json.loads(self.out)


@pytest.fixture
def inspect(binary, tmp_path):
    """inspect(server, word, …) asks that server; without one it has no place to ask."""
    tool = binary.with_name("throttle-inspect")

    def ask(server, *words, **environment) -> Ran:
        where = ["-S", server.url] if server else []
        done = subprocess.run([tool, *where, *map(str, words)], capture_output=True, text=True,
                              timeout=LIMIT_S, stdin=subprocess.DEVNULL, cwd=tmp_path,
                              env=environment, check=False)
        return Ran(done.returncode, done.stdout, done.stderr)

    return ask
