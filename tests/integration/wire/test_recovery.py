"""What a restart, a lowered limit and a stop of the server leave of the clients' leases."""

import signal
import time
from contextlib import ExitStack

import pytest

from harness.http import encode
from harness.server import wait_until

pytestmark = pytest.mark.ours

TOKEN = "throttle-fencing-token"
LIFE = "2s"
STOPPED_S = 4.5  # more than the life and the second within which a server is not late


def config(count: int) -> str:
    return f"[semaphores]\nA = {count}\n"


def restore(server, peer: int, acquired: dict):
    body = {"expires_in": "1min", "peer_id": peer, "acquired": acquired}
    return server.request("POST", "/restore", body)


def keep_active(server, peer: int, active: dict):
    """The heartbeat of the first generation."""
    return server.request("PUT", f"/peers/{peer}", {"expires_in": "1min", "active": active})


def reload(server, count: int) -> None:
    server.write_config(config(count))
    server.signal(signal.SIGHUP)
    name = 'throttle_max{semaphore="A"}'
    wait_until(lambda: server.metrics()[name] == count)


def is_acquired(server, peer: int) -> bool:
    return server.request("GET", f"/peers/{peer}/is_acquired").json


# Restoring.

@pytest.mark.parametrize("bring_back", [restore, keep_active])
def test_a_restore_beyond_a_lowered_limit_is_accepted_and_declared(serve, bring_back):
    server = serve(config(2))
    assert bring_back(server, 7, {"A": 3}).status == 200
    assert server.remainder("A") == -1
    assert server.metrics()['throttle_overcommit_total{semaphore="A"}'] == 1
    assert server.acquire(server.new_peer(), "A").status == 202


@pytest.mark.parametrize("bring_back", [restore, keep_active])
def test_a_restore_that_names_an_unknown_semaphore_restores_the_others(serve, bring_back):
    server = serve(config(1))
    answer = bring_back(server, 7, {"A": 1, "gone": 1})
    assert (answer.status, answer.body) == (400, b"Unknown semaphore")
    assert server.remainder("A") == 0
    assert server.acquire(server.new_peer(), "A").status == 202
    wait_until(lambda: "restored its lease" in server.stderr and "gone" in server.stderr)


def test_a_restored_lease_has_no_token_until_it_is_acquired_afresh(serve):
    server = serve(config(1))
    first = server.new_peer("100ms")
    assert TOKEN in server.acquire(first, "A").headers
    wait_until(lambda: first not in server.peers())
    second = server.new_peer()
    granted = int(server.acquire(second, "A").headers[TOKEN])
    assert restore(server, first, {"A": 1}).status == 200
    repeated = server.acquire(first, "A")
    assert repeated.status == 200 and TOKEN not in repeated.headers
    for peer in (first, second):
        server.request("DELETE", f"/peers/{peer}/A")
    assert int(server.acquire(first, "A").headers[TOKEN]) > granted


# A server that stood still.

def test_a_stop_of_the_server_is_not_charged_to_its_clients(serve):
    server = serve(config(2))
    peers = [server.new_peer(LIFE) for _ in range(2)]
    silent = server.new_peer(LIFE)
    assert all(server.acquire(peer, "A").status == 200 for peer in peers)
    with ExitStack() as stack:
        connections = [stack.enter_context(server.connect()) for _ in peers]
        server.signal(signal.SIGSTOP)
        try:
            for connection, peer in zip(connections, peers):
                connection.send(encode("PUT", f"/peers/{peer}", {"expires_in": "1min"}))
            time.sleep(STOPPED_S)
        finally:
            server.signal(signal.SIGCONT)
        assert [connection.response().status for connection in connections] == [200, 200]
    assert server.remainder("A") == 0
    wait_until(lambda: "this process was stopped or too busy" in server.stderr)
    wait_until(lambda: server.peers() == set(peers))
    assert silent not in server.peers() and server.remainder("A") == 0


# A closed semaphore.

def test_a_limit_of_zero_closes_a_semaphore_and_keeps_everybody(serve):
    server = serve(config(1))
    holder, waiter, newcomer = (server.new_peer() for _ in range(3))
    server.acquire(holder, "A")
    assert server.acquire(waiter, "A").status == 202
    reload(server, 0)
    assert server.acquire(newcomer, "A").status == 202
    server.request("DELETE", f"/peers/{holder}")
    assert not is_acquired(server, waiter) and not is_acquired(server, newcomer)
    reload(server, 1)
    wait_until(lambda: is_acquired(server, waiter))
    assert not is_acquired(server, newcomer)
