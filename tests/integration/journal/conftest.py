"""Fixtures of the journal's suite: servers that write one, and what others read in it."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest

from harness.tcp import LIMIT_S

CONFIG = """[semaphores]
A = 2
B = { max = 1, level = 1 }
[journal]
path = "journal.db"
commit_every = "20ms"
"""


ROWS = """
import json, sqlite3, sys
path, sql, values = sys.argv[1:]
print(json.dumps(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
                 .execute(sql, json.loads(values)).fetchall()))
"""


class Journal:
    """The file as any other program sees it: read-only, also while it is written. `enter` is a
    command before any that reads it, where the file is not in everybody's file system."""

    def __init__(self, path: Path, enter: tuple = ()):
        self.path = path
        self.enter = enter

    def rows(self, sql: str, *values) -> list[tuple]:
        if self.enter:
            done = subprocess.run(
                [*self.enter, sys.executable, "-c", ROWS, self.path, sql, json.dumps(values)],
                capture_output=True, text=True, timeout=LIMIT_S, check=True)
            return [tuple(row) for row in json.loads(done.stdout)]
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def value(self, sql: str, *values):
        return self.rows(sql, *values)[0][0]

    def is_made(self) -> bool:
        """Whether the file is there and has its tables and views."""
        try:
            return self.path.exists() and self.value("SELECT count(*) FROM holder") >= 0
        except sqlite3.OperationalError:
            return False

    def count(self, kind: str) -> int:
        return self.value("SELECT count(*) FROM event JOIN kind USING (kind_no) WHERE name = ?",
                          kind)

    def assert_whole(self) -> None:
        """What holds of every journal, however its writer ended."""
        assert self.value("PRAGMA quick_check") == "ok"
        first, last, events = self.rows("SELECT min(seq), max(seq), count(*) FROM event")[0]
        assert last - first + 1 == events, "a number is missing"
        assert self.value("SELECT max(last_seq) FROM batch") == last, "an event is in no batch"
        steps = self.value("SELECT count(*) FROM event AS a JOIN event AS b ON b.seq = a.seq + 1 "
                           "WHERE b.at_us < a.at_us")
        assert steps == 0, "time fell"


def keep_busy(server, stop: Event) -> None:
    """Peers that come, hold and go, until the server is killed."""
    try:
        with server.connect() as connection:
            while not stop.is_set():
                peer = connection.request("POST", "/new_peer", {"expires_in": "1min"}).json
                connection.request("PUT", f"/peers/{peer}/A?block_for=10ms", 1)
                connection.request("DELETE", f"/peers/{peer}")
    except OSError:
        pass


@pytest.fixture
def journaled(make_server):
    """A server with a journal that is ready, and its journal."""

    def make(config: str = CONFIG, **options):
        server = make_server(config, **options).start()
        return server, Journal(server.folder / "journal.db")

    return make


@pytest.fixture
def verify(binary):
    """verify(journal, option, …) proves the file, and is what `throttle-inspect verify` said."""

    def prove(journal: Journal, *options) -> str:
        done = subprocess.run(
            [*journal.enter, binary.with_name("throttle-inspect"), "-j", journal.path, "verify",
             *options],
            capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return prove
