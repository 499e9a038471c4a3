"""The commands that ask a running server."""

import pytest

from harness.server import wait_until

pytestmark = pytest.mark.ours

CONFIG = """
[semaphores]
database = 3
"a/b" = 1
"""


@pytest.fixture
def server(serve):
    return serve(CONFIG)


def new_peer(server, label=None) -> int:
    body = {"expires_in": "5min"} | ({"label": label} if label else {})
    return server.request("POST", "/new_peer", body).json


def acquire(server, peer, semaphore, count=1) -> int:
    return server.request("PUT", f"/peers/{peer}/{semaphore}", count).status


def test_status_leases_and_waiting_agree_with_the_ledger(server, inspect):
    holder, waiter = new_peer(server, "load\x1b[2J"), new_peer(server)
    assert acquire(server, holder, "database", 2) == 200
    assert acquire(server, waiter, "database", 2) == 202
    rows = {row["semaphore"]: row for row in inspect(server, "status", "--json").rows()}
    assert (rows["database"]["held"], rows["database"]["max"]) == (2, 3)
    assert rows["database"]["waiting"] == 1
    assert rows["a/b"]["state"] == "free"
    assert [row["peer"] for row in inspect(server, "leases", "--json").rows()] == [holder]
    assert [row["peer"] for row in inspect(server, "waiting", "database", "--json").rows()] \
        == [waiter]
    shown = inspect(server, "leases", "database").out
    assert "load\\x1b[2J" in shown and "\x1b" not in shown


def test_one_semaphore_is_found_by_its_name(server, inspect):
    assert inspect(server, "leases", "a/b", "--json").rows() == []
    assert inspect(server, "leases", "c").code == 1


def test_why_names_what_is_before_and_what_is_held(server, inspect):
    holder, waiter = new_peer(server), new_peer(server, "nightly import")
    acquire(server, holder, "database", 3)
    acquire(server, waiter, "database")
    shown = inspect(server, "why", "label:nightly*").out
    assert f'Peer {waiter} "nightly import" (127.0.0.1:' in shown
    assert "It is 1st of 1. Free 0 of 3, so 1 must come back" in shown
    assert inspect(server, "why", "17").code == 1


def test_kick_frees_what_a_peer_held(server, inspect):
    holder, waiter = new_peer(server), new_peer(server)
    acquire(server, holder, "database", 3)
    acquire(server, waiter, "database", 1)
    refused = inspect(server, "kick", holder, "--reason", "test")
    assert refused.code == 2 and "--yes" in refused.error
    done = inspect(server, "kick", holder, "--reason", "test", "--yes")
    assert done.code == 0
    assert f"Now peer {waiter} (127.0.0.1:" in done.out
    assert server.remainder("database") == 2


def test_release_ends_one_lease_only(server, inspect):
    peer = new_peer(server)
    acquire(server, peer, "database", 3)
    assert inspect(server, "release", peer, "database", "--reason", "test", "--yes").code == 0
    assert server.remainder("database") == 3
    assert inspect(server, "kick", peer, "--reason", "test", "--yes").code == 1


def test_the_server_is_found_in_the_environment_and_in_the_configuration(server, inspect):
    assert inspect(None, "status", THROTTLE_SERVER=server.url).code == 0
    named = server.folder / "other.toml"
    named.write_text(f'[http]\nlisten = "0.0.0.0:{server.port}"\n')
    assert inspect(None, "-c", named, "status").code == 0


def test_a_server_that_is_not_there_is_an_error_that_says_how_to_go_on(make_server, inspect):
    done = inspect(make_server(), "status")
    assert done.code == 2
    assert done.error.startswith("throttle-inspect: ") and "-S http://HOST:PORT" in done.error


def test_help_needs_no_server(inspect):
    assert inspect(None, "kick", "--help").out.startswith("Examples:\n")
    assert inspect(None).code == 2


def test_kick_within_ends_a_peer_that_is_renewed_and_bar_keeps_it_away(server, inspect):
    holder = new_peer(server)
    acquire(server, holder, "database", 3)
    done = inspect(server, "kick", holder, "--reason", "test", "--yes", "--within", "300ms",
                   "--bar", "1h")
    assert done.code == 0 and "whatever its client renews" in done.error

    def is_gone() -> bool:
        server.request("PUT", f"/peers/{holder}", {"expires_in": "1h"})
        return server.remainder("database") == 3

    wait_until(is_gone)
    body = {"expires_in": "1h", "peer_id": holder, "acquired": {"database": 3}}
    assert server.request("POST", "/restore", body).status == 409
