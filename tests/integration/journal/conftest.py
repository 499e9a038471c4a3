"""Fixtures of the journal's suite: servers that write one, and what others read in it."""

import sqlite3
from pathlib import Path

import pytest

CONFIG = """[semaphores]
A = 2
B = { max = 1, level = 1 }
[journal]
path = "journal.db"
commit_every = "20ms"
"""


class Journal:
    """The file as any other program sees it: read-only, also while it is written."""

    def __init__(self, path: Path):
        self.path = path

    def rows(self, sql: str, *values) -> list[tuple]:
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


@pytest.fixture
def journaled(make_server):
    """A server with a journal that is ready, and its journal."""

    def make(config: str = CONFIG, **options):
        server = make_server(config, **options).start()
        return server, Journal(server.folder / "journal.db")

    return make
