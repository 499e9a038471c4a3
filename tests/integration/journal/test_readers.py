"""Programs that others wrote read the file while the server writes it, and do not get into its way:
Datasette and sqlite-utils."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from threading import Event

import pytest

from harness.server import wait_until
from harness.tcp import LIMIT_S, free_port
from journal.conftest import keep_busy

pytestmark = pytest.mark.ours

TABLES = ["journal", "run", "semaphore", "proxy", "kind", "cause", "peer", "event", "detail",
          "connection", "refusal", "live", "batch"]
VIEWS = ["lease", "wait", "holder", "waiter", "event_text", "run_text", "overcommit"]
WAL_BYTES = 24 << 20  # it is checkpointed from 16 MiB on


@pytest.fixture
def busy(journaled, background):
    """A server that is at work until the test ends, and its journal."""
    server, journal = journaled()
    stop = Event()
    load = [background(keep_busy, server, stop) for _ in range(2)]
    wait_until(lambda: journal.count("lease_ended") > 0)
    yield server, journal
    stop.set()
    for each in load:
        each.result()


@pytest.fixture
def datasette(busy):
    """The URL of the journal's database in Datasette."""
    _, journal = busy
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "datasette", "serve", "--port", str(port), journal.path],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/journal"

    def is_up() -> bool:
        assert process.poll() is None
        try:
            return get(f"{url}.json") is not None
        except urllib.error.URLError:
            return False

    wait_until(is_up)
    yield url
    process.terminate()
    process.wait(LIMIT_S)


def get(url: str) -> object:
    with urllib.request.urlopen(url, timeout=LIMIT_S) as answer:
        return json.load(answer)


def assert_undisturbed(server, journal, verify) -> None:
    """The writer goes on, keeps its log short, and saw nobody else write."""
    state = server.request("GET", "/journal").json
    assert (state["last_error"], state["lost_events"]) == (None, 0)
    assert state["wal_bytes"] < WAL_BYTES
    wait_until(lambda: server.request("GET", "/journal").json["head"]["seq"]
               > state["head"]["seq"])
    assert journal.count("note") == 0
    verify(journal)


def test_datasette_shows_every_table_and_view_of_a_live_file(busy, datasette, verify):
    server, journal = busy
    for _ in range(3):
        for name in TABLES + VIEWS:
            assert get(f"{datasette}/{name}.json?_size=20")["rows"] is not None
    assert_undisturbed(server, journal, verify)


def test_datasette_shows_names_instead_of_numbers(datasette):
    page = get(f"{datasette}/event.json?_labels=on&_shape=objects&kind_no=2&_size=1")
    event = page["rows"][0]
    assert event["kind_no"]["label"] == "granted"
    assert event["semaphore_no"]["label"] == "A"


def test_sqlite_utils_reads_a_live_file(busy, verify):
    server, journal = busy

    def ask(*words) -> list:
        done = subprocess.run([sys.executable, "-m", "sqlite_utils", *words], timeout=LIMIT_S,
                              capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    for _ in range(3):
        counts = {row["table"]: row["count"] for row in ask("tables", journal.path, "--counts")}
        assert set(counts) == set(TABLES) and counts["event"] > 0
        granted = ask("query", journal.path,
                      "SELECT count(*) AS n FROM event_text WHERE kind = 'granted'")
        assert granted[0]["n"] > 0
        assert ask("rows", journal.path, "lease", "--limit", "3")[0]["semaphore"] == "A"
    assert_undisturbed(server, journal, verify)
