"""The commands that ask the journal of a real server, while it runs and after it."""

import csv
import io

import pytest

from harness.server import wait_until

pytestmark = pytest.mark.ours

CONFIG = """
[semaphores]
database = 2
[journal]
path = "journal.db"
commit_every = "20ms"
"""


@pytest.fixture
def server(serve):
    return serve(CONFIG)


@pytest.fixture
def ask(server, inspect):
    """ask(word, …) asks the journal of the server."""
    return lambda *words: inspect(server, "-j", server.folder / "journal.db", *words)


def acquire(server, count, label) -> int:
    peer = server.request("POST", "/new_peer", {"expires_in": "5min", "label": label}).json
    assert server.request("PUT", f"/peers/{peer}/database", count).status in (200, 202)
    return peer


@pytest.fixture
def peers(server, ask):
    """Two that hold and wait, one that has gone; all of it is in the file."""
    gone, holder = acquire(server, 1, "gone"), acquire(server, 2, "load crm")
    assert server.request("DELETE", f"/peers/{gone}").status == 200
    waiter = acquire(server, 1, "nightly import")
    wait_until(lambda: {row["peer"] for row in ask("holders", "--json").rows()}
               == {holder, waiter}, lambda: "not committed")
    return gone, holder, waiter


def test_history_has_every_event_of_a_peer(ask, peers):
    gone, _, waiter = peers
    kinds = [row["event"] for row in ask("history", gone, "--json").rows()]
    assert kinds == ["granted", "lease_ended"]
    assert [row["event"] for row in ask("history", "label:nightly*", "--json").rows()] == ["queued"]
    rows = list(csv.DictReader(io.StringIO(ask("history", "--csv").out)))
    assert [int(row["seq"]) for row in rows] == list(range(1, len(rows) + 1))


def test_holders_agree_with_the_server(ask, peers):
    _, holder, waiter = peers
    rows = ask("holders", "--json").rows()
    assert {(row["peer"], row["state"]) for row in rows} == {(holder, "holds"), (waiter, "waits")}
    assert ask("diff", "--live", "--json").rows() == []
    assert ask("holders", "--at", "yesterday", "--json").rows() == []


def test_a_running_file_and_its_copy_are_proven(server, ask, peers, inspect):
    proven = ask("verify")
    assert proven.code == 0 and proven.out.endswith("\nProven.\n"), proven.out
    copy = server.folder / "copy.db"
    assert ask("export", "--to", copy).code == 0
    assert inspect(None, "-j", copy, "verify").code == 0
    assert ask("export", "--to", copy).code == 2


def test_the_heads_of_the_log_are_in_the_file(make_server, inspect):
    server = make_server(CONFIG, environment={"THROTTLE_LOG": "info"}).start()
    acquire(server, 1, "x")
    assert server.stop() == 0
    done = inspect(None, "-j", server.folder / "journal.db", "verify", "--log",
                   server.folder / "stderr")
    assert done.code == 0 and "kept head" in done.out, done.out + done.error


def test_a_killed_run_is_an_incident_and_a_reservation(server, ask, peers):
    server.kill()
    server.start()
    assert [row["ended"] for row in ask("runs", "--json").rows()] == ["lost", "open"]
    assert "lost run" in [row["what"] for row in ask("incidents", "--json").rows()]
    assert ask("verify").code == 0
    assert ask("verify", "--strict").code == 1


def test_usage_and_sql_show_numbers(ask, peers):
    rows = ask("usage", "--by", "label", "--json").rows()
    assert {row["label"] for row in rows} == {"gone", "load crm", "nightly import"}
    assert ask("usage", "--by", "weekday-hour").code == 0
    assert ask("sql", "SELECT count(*) AS n FROM event", "--json").rows()[0]["n"] > 4
    assert ask("sql", "DELETE FROM event").code == 2
    assert ask("info").code == 0


def test_the_configuration_file_names_the_journal(server, inspect, peers):
    assert inspect(None, "-c", server.config_file, "runs").code == 0


def test_the_journal_has_what_its_server_counted(server, ask, peers):
    _, holder, waiter = peers
    body = {"expires_in": "1min", "peer_id": 7, "acquired": {"database": 1}}
    assert server.request("POST", "/restore", body).status == 200
    server.request("DELETE", f"/peers/{holder}?reason=test")
    server.request("DELETE", f"/peers/{waiter}")
    proven = ask("verify", "--against", server.url)
    assert proven.code == 0, proven.out
    assert "counters  ok  14 counters of the server" in proven.out


def test_another_servers_journal_cannot_be_compared(serve, ask, peers):
    other = serve(CONFIG)
    refused = ask("verify", "--against", other.url)
    assert refused.code == 2 and "which is not" in refused.error
    plain = serve("[semaphores]\n")
    assert "writes no journal" in ask("verify", "--against", plain.url).error
