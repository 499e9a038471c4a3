"""The client's single calls: what each asks of the server, and what it makes of the answer."""

import pickle
import time
from datetime import timedelta

import pytest
from throttle_client import Client
from throttle_client.client import UnknownPeer

from harness.server import wait_until
from harness.tcp import LIMIT_S

MINUTE = timedelta(minutes=1)
NOW = timedelta(0)


def peers_of(client: Client, number: int) -> list[int]:
    return [client.new_peer(MINUTE) for _ in range(number)]


def ask(client: Client, peer: int, count: int, wait_ms: int = 0, semaphore: str = "A") -> bool:
    return client.acquire(peer, semaphore, count, block_for=timedelta(milliseconds=wait_ms))


def test_the_client_survives_pickling(serve):
    client = pickle.loads(pickle.dumps(Client(serve("[semaphores]\nA = 1").url)))
    assert client.remainder("A") == 1


def test_the_second_of_two_waits_until_the_first_is_gone(serve):
    client = Client(serve("[semaphores]\nA = 1").url)
    first, second = peers_of(client, 2)
    assert client.acquire(first, "A")
    assert not client.acquire(second, "A")
    assert client.is_acquired(first)
    assert not client.is_acquired(second)
    client.release(first)
    assert client.is_acquired(second)


def test_asking_again_tells_whether_the_lock_has_come(serve):
    client = Client(serve("[semaphores]\nA = 1").url)
    first, second = peers_of(client, 2)
    assert ask(client, first, 1)
    assert not ask(client, second, 1, wait_ms=10)
    client.release(first)
    assert ask(client, second, 1, wait_ms=10)


def test_asking_again_takes_nothing_more(serve):
    client = Client(serve("[semaphores]\nA = 3").url)
    (peer,) = peers_of(client, 1)
    assert client.acquire(peer, "A") and client.acquire(peer, "A")
    assert client.remainder("A") == 2


def test_a_peer_without_locks_has_acquired_all_it_asked_for(serve):
    client = Client(serve().url)
    (peer,) = peers_of(client, 1)
    assert client.is_acquired(peer)


def test_three_share_a_semaphore_of_three_and_the_fourth_waits(serve):
    client = Client(serve("[semaphores]\nA = 3").url)
    *holders, late = peers_of(client, 4)
    assert all(client.acquire(peer, "A") for peer in holders)
    assert client.remainder("A") == 0
    assert not client.acquire(late, "A")


def test_a_large_count_at_the_head_is_not_starved(serve):
    client = Client(serve("[semaphores]\nA = 5").url)
    small, large, late = peers_of(client, 3)
    assert client.acquire(small, "A", 1)
    assert not client.acquire(large, "A", 5)
    assert not client.acquire(late, "A", 1)
    assert client.remainder("A") == 4
    client.release(small)
    assert client.remainder("A") == 0
    assert client.is_acquired(large) and not client.is_acquired(late)


@pytest.mark.ours  # elsewhere the next request may come before the timer
def test_a_life_of_nothing_ends_with_the_request_that_asked_for_it(serve):
    client = Client(serve("[semaphores]\nA = 1").url)
    (peer,) = peers_of(client, 1)
    assert client.acquire(peer, "A", expires_in=NOW)
    assert client.remainder("A") == 1
    with pytest.raises(UnknownPeer):
        client.is_acquired(peer)


def test_leases_end_with_the_life_of_their_peer(serve):
    client = Client(serve('litter_collection_interval = "10ms"\n[semaphores]\nA = 1').url)
    (peer,) = peers_of(client, 1)
    assert client.acquire(peer, "A", expires_in=timedelta(seconds=1))
    assert client.remainder("A") == 0
    wait_until(lambda: client.remainder("A") == 1)


def test_waiting_ends_when_the_lock_is_released(serve, background):
    client = Client(serve("[semaphores]\nA = 1").url)
    first, second = peers_of(client, 2)
    assert client.acquire(first, "A")
    waiting = background(ask, client, second, 1, 60_000)
    wait_until(lambda: client_is_waiting(client, second))
    released = time.monotonic()
    client.release(first)
    assert waiting.result(LIMIT_S)
    assert time.monotonic() - released < 10


def client_is_waiting(client: Client, peer: int) -> bool:
    return not client.is_acquired(peer)


def test_waiting_ends_when_its_time_is_over(serve):
    client = Client(serve("[semaphores]\nA = 1").url)
    first, second = peers_of(client, 2)
    assert client.acquire(first, "A")
    began = time.monotonic()
    assert not ask(client, second, 1, wait_ms=500)
    assert 0.5 <= time.monotonic() - began


def test_waiting_ends_when_the_holder_expires(serve, background):
    config = 'litter_collection_interval = "1h"\n[semaphores]\nA = 1'
    client = Client(serve(config).url)
    first, second = peers_of(client, 2)
    assert client.acquire(first, "A")
    waiting = background(ask, client, second, 1, 15_000)
    wait_until(lambda: client_is_waiting(client, second))
    client.heartbeat(first, NOW)
    assert waiting.result(LIMIT_S)


def test_asking_prolongs_the_life_of_the_peer(serve):
    client = Client(serve("[semaphores]\nA = 1").url)
    (first,) = peers_of(client, 1)
    second = client.new_peer(timedelta(seconds=2))
    assert client.acquire(first, "A")
    assert not client.acquire(second, "A", expires_in=MINUTE, block_for=timedelta(seconds=2.2))
    assert not client.is_acquired(second)


def test_what_a_waiting_peer_holds_lives_as_long_as_the_peer(serve):
    client = Client(serve("[semaphores]\nA = { max = 1, level = 1 }\nB = 1").url)
    (holder,) = peers_of(client, 1)
    peer = client.new_peer(timedelta(seconds=2))
    assert client.acquire(holder, "B") and client.acquire(peer, "A")
    assert not client.acquire(peer, "B", expires_in=MINUTE, block_for=timedelta(seconds=2.2))
    assert client.remainder("A") == 0


def test_one_lock_of_two_is_released_and_the_other_stays(serve):
    config = "[semaphores]\n  [semaphores.A]\n  max = 1\n  level = 1\n  [semaphores.B]\n  max = 1\n"
    client = Client(serve(config).url)
    first, second = peers_of(client, 2)
    assert client.acquire(first, "A") and client.acquire(first, "B")
    assert not client.acquire(second, "B")
    client.release_lock(first, "B")
    assert client.is_acquired(first) and client.is_acquired(second)
    assert client.remainder("A") == 0 and client.remainder("B") == 0


def test_restoring_an_unknown_semaphore_says_so(serve):
    client = Client(serve().url)
    with pytest.raises(ValueError, match="^Unknown semaphore$"):
        client.restore(5, {"Nobody's": 1}, MINUTE)


def test_releasing_an_unknown_peer_is_no_error(serve):
    Client(serve().url).release(42)


def test_every_call_for_an_unknown_peer_is_recognised_as_such(serve):
    client = Client(serve("[semaphores]\nA = 1").url)
    for call in (lambda: client.heartbeat(42, MINUTE),
                 lambda: client.acquire(42, "A"),
                 lambda: client.is_acquired(42),
                 lambda: client.release_lock(42, "A")):
        with pytest.raises(UnknownPeer):
            call()


@pytest.mark.parametrize("name", ["/&", "a b+c", "Ä漢😀", "100%", "?#", "semaphore=A"])
def test_names_with_reserved_characters_are_reached(serve, name):
    assert_name_is_reached(serve, name)


@pytest.mark.ours
@pytest.mark.parametrize("name", ["%41", "is_acquired"])
def test_names_that_look_like_something_else_are_reached(serve, name):
    assert_name_is_reached(serve, name)


def assert_name_is_reached(serve, name: str) -> None:
    client = Client(serve(f'[semaphores]\n"{name}" = 2').url)
    (peer,) = peers_of(client, 1)
    assert client.acquire(peer, name)
    assert client.remainder(name) == 1
    client.release_lock(peer, name)
    assert client.remainder(name) == 2


@pytest.mark.ours
def test_a_base_url_may_end_in_a_slash(serve):
    client = Client(serve("[semaphores]\nA = 1").url + "/")
    (peer,) = peers_of(client, 1)
    assert client.acquire(peer, "A")
    assert client.remainder("A") == 0
