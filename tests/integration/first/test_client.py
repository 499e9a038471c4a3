"""The first generation's client: a peer is one lease, and acquiring makes the peer."""

import time
from datetime import timedelta

import pytest
import requests
from throttle_client import Client, Peer

from harness.server import wait_until
from harness.tcp import LIMIT_S

NOW = timedelta(0)


def waits(client: Client, peer: Peer) -> bool:
    return client.block_until_acquired(peer, NOW)


def test_acquiring_tells_a_lease_from_a_place_in_the_queue(serve):
    client = Client(serve("[semaphores]\nA = 1").url)
    first, second = client.acquire("A"), client.acquire("A")
    assert first.has_active() and not first.has_pending()
    assert second.has_pending() and not second.has_active()
    assert first.id.isdecimal() and second.id.isdecimal()


def test_who_waits_is_served_when_the_first_is_gone(serve):
    client = Client(serve("[semaphores]\nA = 1").url)
    first, second = client.acquire("A"), client.acquire("A")
    assert waits(client, second)
    client.release(first)
    assert not waits(client, second)
    assert second.has_active()


def test_blocking_ends_when_the_lease_is_released(serve, background):
    server = serve("[semaphores]\nA = 1")
    client = Client(server.url)
    first, second = client.acquire("A"), client.acquire("A")
    blocked = background(client.block_until_acquired, second, timedelta(minutes=1))
    time.sleep(0.3)
    released = time.monotonic()
    client.release(first)
    assert blocked.result(LIMIT_S) is False
    assert time.monotonic() - released < 10
    assert client.remainder("A") == 0


def test_blocking_ends_when_its_time_is_over(serve):
    client = Client(serve("[semaphores]\nA = 1").url)
    client.acquire("A")
    second = client.acquire("A")
    began = time.monotonic()
    assert client.block_until_acquired(second, timedelta(milliseconds=500))
    assert 0.5 <= time.monotonic() - began


def test_blocking_ends_when_the_holder_expires(serve, background):
    client = Client(serve('litter_collection_interval = "10ms"\n[semaphores]\nA = 1').url)
    client.acquire("A", expires_in=timedelta(milliseconds=500))
    second = client.acquire("A")
    blocked = background(client.block_until_acquired, second, timedelta(seconds=20))
    assert blocked.result(LIMIT_S) is False


def test_three_leases_fit_and_the_fourth_waits(serve):
    client = Client(serve("[semaphores]\nA = 3").url)
    assert all(client.acquire("A").has_active() for _ in range(3))
    assert client.acquire("A").has_pending()


def test_a_count_of_three_leaves_two_of_five(serve):
    client = Client(serve("[semaphores]\nA = 5").url)
    peer = client.acquire("A", count=3)
    assert client.remainder("A") == 2
    client.release(peer)
    assert client.remainder("A") == 5


def test_a_large_count_waits_while_too_little_is_left(serve):
    client = Client(serve("[semaphores]\nA = 5").url)
    assert client.acquire("A", count=3).has_active()
    assert client.acquire("A", count=3).has_pending()


@pytest.mark.ours  # the earliest server let small counts overtake
def test_a_large_count_at_the_head_is_not_starved(serve):
    client = Client(serve("[semaphores]\nA = 5").url)
    small, large, late = (client.acquire("A", count) for count in (1, 5, 1))
    assert large.has_pending() and late.has_pending()
    assert client.remainder("A") == 4
    client.release(small)
    assert client.remainder("A") == 0
    assert not waits(client, large) and waits(client, late)


def test_more_than_the_full_count_is_refused(serve):
    server = serve("[semaphores]\nA = 1")
    with pytest.raises(ValueError, match="block forever"):
        Client(server.url).acquire("A", count=2)
    assert server.remainder("A") == 1


def test_a_count_of_nothing_is_granted_though_the_semaphore_is_taken(serve):
    client = Client(serve("[semaphores]\nA = 1").url)
    client.acquire("A")
    assert client.acquire("A", count=0).has_active()
    assert client.remainder("A") == 0


@pytest.mark.parametrize("call", [
    lambda client: client.acquire("A"),
    lambda client: client.remainder("A"),
    lambda client: client.heartbeat(Peer("5", active={"A": 1})),
    lambda client: client.block_until_acquired(Peer("5", pending={"A": 1}), NOW),
], ids=["acquire", "remainder", "heartbeat", "block"])
def test_an_unknown_semaphore_is_an_error(serve, call):
    with pytest.raises(ValueError, match="Unknown semaphore"):
        call(Client(serve().url))


def test_an_expired_lease_is_collected(serve):
    client = Client(serve("[semaphores]\nA = 1").url, timedelta(seconds=1))
    client.acquire("A")
    time.sleep(2)
    client.remove_expired()
    assert client.remainder("A") == 1


def test_leases_are_collected_unasked(serve):
    config = 'litter_collection_interval = "10ms"\n[semaphores]\nA = 1'
    client = Client(serve(config).url, timedelta(milliseconds=100))
    client.acquire("A")
    wait_until(lambda: client.remainder("A") == 1)


def test_blocking_keeps_who_waits_alive(serve):
    client = Client(serve("[semaphores]\nA = 1").url)
    client.acquire("A")
    second = client.acquire("A", expires_in=timedelta(seconds=2))
    assert client.block_until_acquired(second, timedelta(seconds=2.2))
    assert client.remove_expired() == 0
    assert waits(client, second)


def test_a_heartbeat_restores_its_lease_after_a_restart(serve):
    server = serve("[semaphores]\nA = 1")
    client = Client(server.url)
    peer = client.acquire("A")
    server.kill()
    server.start()
    assert client.remainder("A") == 1
    client.heartbeat(peer)
    client.heartbeat(peer)
    assert client.remainder("A") == 0
    client.release(peer)
    assert client.remainder("A") == 1


def test_a_lease_is_restored_though_the_semaphore_is_taken_again(serve):
    server = serve("[semaphores]\nA = 1")
    client = Client(server.url)
    before = client.acquire("A")
    server.kill()
    server.start()
    after = client.acquire("A")
    client.heartbeat(before)
    assert client.remainder("A") == -1
    third = client.acquire("A")
    client.release(after)
    assert client.remainder("A") == 0 and waits(client, third)
    client.release(before)
    assert not waits(client, third)


def test_releasing_while_the_server_is_away_is_no_error(serve):
    server = serve("[semaphores]\nA = 1")
    client = Client(server.url)
    peer = client.acquire("A")
    server.kill()
    client.release(peer)


def test_releasing_twice_is_no_error(serve):
    client = Client(serve("[semaphores]\nA = 1").url)
    peer = client.acquire("A")
    client.release(peer)
    client.release(peer)
    assert client.remainder("A") == 1


def test_a_path_that_is_no_id_is_an_error(serve):
    with pytest.raises((requests.HTTPError, ValueError)):
        Client(serve("[semaphores]\nA = 1").url).heartbeat(Peer("me", active={"A": 1}))


def test_what_a_peer_once_got_by_waiting_is_not_counted_for_others(serve):
    """All peers that ever waited share one dictionary of leases in this client, so that the second
    says it holds A too. The server knows better, as long as it knows the peer."""
    client = Client(serve("[semaphores]\nA = 2\nB = 1").url)
    holders = [client.acquire("A", count=2), client.acquire("B")]
    of_a, of_b = client.acquire("A", count=2), client.acquire("B")
    client.release(holders[0])
    assert not waits(client, of_a)
    client.release(of_a)
    client.release(holders[1])
    assert not waits(client, of_b)
    assert set(of_b.active) == {"A", "B"}
    client.heartbeat(of_b)
    assert client.remainder("A") == 2 and client.remainder("B") == 0


@pytest.mark.ours
def test_a_forgotten_peer_is_given_all_that_it_says_it_holds(serve):
    """Only one of its entries is real, and nobody knows which: too much is the safe side."""
    client = Client(serve("[semaphores]\nA = 2\nB = 1").url)
    peer = Peer("5", active={"A": 2, "B": 1})
    client.heartbeat(peer)
    assert client.remainder("A") == 0 and client.remainder("B") == 0
    client.release(peer)
    assert client.remainder("A") == 2 and client.remainder("B") == 1


def test_who_waits_is_queued_again_under_its_id_after_a_restart(serve):
    server = serve("[semaphores]\nA = 1")
    client = Client(server.url)
    client.acquire("A")
    second = client.acquire("A")
    server.kill()
    server.start()
    third = client.acquire("A")
    assert waits(client, second)
    client.release(third)
    assert not waits(client, second)
    assert client.remainder("A") == 0
    client.release(second)
    assert client.remainder("A") == 1


def test_many_block_at_once(serve, background):
    client = Client(serve("[semaphores]\nA = 1").url)
    holder = client.acquire("A")
    blocked = [background(client.block_until_acquired, client.acquire("A"), timedelta(seconds=3))
               for _ in range(8)]
    time.sleep(0.2)
    assert client.remainder("A") == 0
    client.release(holder)
    assert [wait.result(LIMIT_S) for wait in blocked].count(False) == 1
