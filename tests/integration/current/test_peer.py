"""Peers as objects: counts, and what their heartbeats bring back after the server forgot them."""

import time
from datetime import timedelta

import pytest
from throttle_client import Client, Peer
from throttle_client.client import UnknownPeer
from throttle_client.peer import PeerWithHeartbeat

from harness.server import wait_until

ONE_LEVEL = "[semaphores]\nA = 1\nB = 1\nC = 1\n"


def beating(client: Client, acquired: dict[str, int], peer_id: int, **timing) -> PeerWithHeartbeat:
    peer = PeerWithHeartbeat(client, peer_id, acquired,
                             heartbeat_interval=timedelta(milliseconds=100), **timing)
    peer.start_heartbeat()
    return peer


def test_a_large_count_waits_while_too_little_is_left(serve):
    client = Client(serve("[semaphores]\nA = 5").url)
    first, second = Peer(client), Peer(client)
    assert first.acquire("A", count=3)
    assert not second.acquire("A", count=3)
    assert first.has_acquired() and not second.has_acquired()


def test_more_than_the_full_count_is_refused(serve):
    peer = Peer(Client(serve("[semaphores]\nA = 1").url))
    with pytest.raises(ValueError, match="Lock can never be acquired."):
        peer.acquire("A", count=2)


def test_a_heartbeat_brings_a_lock_back_after_a_restart(serve):
    server = serve("[semaphores]\nA = 1")
    client = Client(server.url)
    peer = beating(client, {"A": 1}, 5)
    try:
        wait_until(lambda: client.remainder("A") == 0)
        server.stop()
        server.start()
        wait_until(lambda: client.remainder("A") == 0)
    finally:
        peer.stop_heartbeat()


def test_all_locks_come_back_whatever_their_levels(serve):
    client = Client(serve(ONE_LEVEL).url)
    peer = beating(client, {"A": 1, "B": 1, "C": 1}, 42)
    try:
        wait_until(lambda: [client.remainder(s) for s in "ABC"] == [0, 0, 0])
    finally:
        peer.stop_heartbeat()


def test_heartbeats_keep_a_lock_beyond_its_life(serve):
    client = Client(serve("[semaphores]\nA = 1").url)
    peer = PeerWithHeartbeat(client, expiration_time=timedelta(seconds=2),
                             heartbeat_interval=timedelta(milliseconds=250))
    assert peer.acquire("A")
    peer.start_heartbeat()
    try:
        time.sleep(3)
        assert client.remainder("A") == 0 and client.is_acquired(peer.id)
    finally:
        peer.stop_heartbeat()


@pytest.mark.ours
def test_heartbeats_as_far_apart_as_the_life_lose_nothing(serve):
    """As the client is shipped: both are five minutes, so each heartbeat comes a little late. The
    server allows for 5 %, which a machine that stands still for as long may exceed."""
    client = Client(serve("[semaphores]\nA = 1").url)
    rival = client.new_peer(timedelta(minutes=1))
    peer = PunctualPeer(client, expiration_time=timedelta(seconds=3),
                        heartbeat_interval=timedelta(seconds=3))
    assert peer.acquire("A")
    peer.start_heartbeat()
    try:
        is_lost = client.acquire(rival, "A", block_for=timedelta(seconds=7))
        assert not is_lost or max(peer.intervals) > 3 * 1.05, peer.intervals
    finally:
        peer.stop_heartbeat()


class PunctualPeer(PeerWithHeartbeat):
    """Notes the seconds between its signs of life, the way to the server included."""

    def __init__(self, client: Client, **timing):
        self.intervals = []
        self.last = time.monotonic()
        super().__init__(client, **timing)

    def heartbeat(self):
        sent = time.monotonic()
        try:
            super().heartbeat()
        finally:
            self.intervals.append(time.monotonic() - self.last)
            self.last = sent


def test_a_removed_peer_is_unknown(serve):
    peer = Peer(Client(serve("[semaphores]\nA = 1").url))
    assert peer.acquire("A")
    peer.remove_from_server()
    assert peer.client.remainder("A") == 1
    with pytest.raises(UnknownPeer):
        peer.heartbeat()


def test_restoring_twice_is_one_lock(serve):
    client = Client(serve("[semaphores]\nA = 3").url)
    peer = Peer(client, id=7, acquired={"A": 2})
    peer.restore()
    peer.restore()
    assert client.remainder("A") == 1


@pytest.mark.ours
def test_restoring_again_prolongs_the_peer(serve):
    client = Client(serve("[semaphores]\nA = 1").url)
    client.restore(7, {"A": 1}, timedelta(milliseconds=500))
    client.restore(7, {"A": 1}, timedelta(minutes=1))
    time.sleep(0.7)
    assert client.remainder("A") == 0


def test_restoring_a_living_peer_with_other_locks_is_refused(serve):
    client = Client(serve("[semaphores]\nA = 3").url)
    client.restore(7, {"A": 2}, timedelta(minutes=1))
    with pytest.raises(ValueError):
        client.restore(7, {"A": 1}, timedelta(minutes=1))
    assert client.remainder("A") == 1
