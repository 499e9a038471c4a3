"""`lock`, as applications use it: one peer a thread, and it finds its way back by itself."""

import threading
import time
from datetime import timedelta

import pytest
import throttle_client
from throttle_client import Client, Peer, Timeout, lock
from throttle_client.peer import PeerWithHeartbeat

from harness.server import wait_until
from harness.tcp import LIMIT_S

TWO_LEVELS = "[semaphores]\nA = { max = 1, level = 1 }\nB = 1\n"


def use_peer(url: str, **arguments) -> PeerWithHeartbeat:
    """The peer with which this thread's next `lock` works."""
    peer = PeerWithHeartbeat(Client(url), **arguments)
    throttle_client.set_local_peer(url, peer)
    return peer


def test_the_peer_of_a_thread_is_made_when_asked_for(serve):
    url = serve().url
    peer = throttle_client.get_local_peer(url)
    assert peer is throttle_client.get_local_peer(url)
    assert Client(url).is_acquired(peer.id)


def test_an_unknown_semaphore_is_an_error(serve):
    with pytest.raises(ValueError, match="Unknown semaphore"):
        with lock(serve().url, "A"):
            pass


def test_the_remainder_sinks_and_rises(serve):
    server = serve("[semaphores]\nA = 1")
    assert server.remainder("A") == 1
    with lock(server.url, "A"):
        assert server.remainder("A") == 0
    assert server.remainder("A") == 1


def test_a_count_of_three_leaves_two_of_five(serve):
    server = serve("[semaphores]\nA = 5")
    with lock(server.url, "A", count=3):
        assert server.remainder("A") == 2
    assert server.remainder("A") == 5


def test_nothing_is_left_behind(serve):
    server = serve("[semaphores]\nA = 1")
    with lock(server.url, "A") as peer:
        assert server.peers() == {peer.id}
    assert server.peers() == set()


def test_an_exception_frees_the_lock(serve):
    server = serve("[semaphores]\nA = 1")
    with pytest.raises(ZeroDivisionError):
        with lock(server.url, "A"):
            raise ZeroDivisionError
    assert server.remainder("A") == 1


def test_nested_locks_are_released_one_by_one(serve):
    server = serve(TWO_LEVELS)
    with lock(server.url, "A"):
        assert (server.remainder("A"), server.remainder("B")) == (0, 1)
        with lock(server.url, "B"):
            assert (server.remainder("A"), server.remainder("B")) == (0, 0)
        assert (server.remainder("A"), server.remainder("B")) == (0, 1)
    assert (server.remainder("A"), server.remainder("B")) == (1, 1)


def test_locks_nested_against_the_hierarchy_are_refused(serve):
    server = serve(TWO_LEVELS)
    with lock(server.url, "B"):
        with pytest.raises(ValueError):
            with lock(server.url, "A"):
                pass
        assert server.remainder("A") == 1


def test_a_name_may_hold_a_slash(serve):
    server = serve('[semaphores]\n"/&" = 1')
    with lock(server.url, "/&"):
        assert Client(server.url).remainder("/&") == 0


def test_giving_up_raises_timeout(serve):
    server = serve("[semaphores]\nA = 1")
    assert Peer(Client(server.url)).acquire("A")
    with pytest.raises(Timeout):
        with lock(server.url, "A", timeout=timedelta(seconds=1)):
            pass


def test_who_gave_up_still_stands_in_the_queue(serve):
    server = serve("[semaphores]\nA = 1\nB = 1")
    assert Peer(Client(server.url)).acquire("A")
    with pytest.raises(Timeout):
        with lock(server.url, "A", timeout=timedelta(milliseconds=100)):
            pass
    with pytest.raises(ValueError):
        with lock(server.url, "B"):
            pass


def test_a_lock_outlives_the_time_of_its_peer_by_heartbeats(serve):
    server = serve("[semaphores]\nA = 1")
    use_peer(server.url, expiration_time=timedelta(seconds=2),
             heartbeat_interval=timedelta(milliseconds=250))
    with lock(server.url, "A") as peer:
        time.sleep(3)
        assert peer.client.is_acquired(peer.id)
        assert server.remainder("A") == 0


def test_an_unknown_peer_restores_itself_while_it_asks(serve):
    server = serve("[semaphores]\nA = 1")
    use_peer(server.url, id=42)
    with lock(server.url, "A", timeout=timedelta(seconds=10)):
        assert server.remainder("A") == 0
        assert server.peers() == {42}


def test_threads_have_peers_of_their_own_and_never_hold_together(serve, background):
    server = serve("[semaphores]\nA = 2")
    inside, most, seen = [], [], set()

    def work():
        with lock(server.url, "A") as peer:
            inside.append(peer.id)
            most.append(len(inside))
            seen.add(peer.id)
            time.sleep(0.05)
            inside.remove(peer.id)

    for done in [background(work) for _ in range(24)]:
        done.result(LIMIT_S)
    assert max(most) == 2
    assert len(seen) == 24
    assert server.remainder("A") == 2


def test_who_waits_gets_the_lock_from_a_server_that_lost_its_state(serve, background):
    server = serve("[semaphores]\nA = 1")
    assert Peer(Client(server.url)).acquire("A")
    entered = threading.Event()

    def wait_for_it():
        with lock(server.url, "A", timeout=timedelta(seconds=30)):
            entered.set()

    waiting = background(wait_for_it)
    wait_until(lambda: server.metrics()['throttle_pending{semaphore="A"}'] == 1)
    server.kill()
    server.start()
    waiting.result(LIMIT_S)
    assert entered.is_set()


def test_all_nested_locks_come_back_after_a_restart(serve):
    server = serve(TWO_LEVELS)
    use_peer(server.url, heartbeat_interval=timedelta(milliseconds=100))
    with lock(server.url, "A"), lock(server.url, "B"):
        server.kill()
        server.start()
        wait_until(lambda: server.remainder("A") == 0 and server.remainder("B") == 0)
    assert (server.remainder("A"), server.remainder("B")) == (1, 1)


def test_the_outer_lock_is_restored_before_the_inner_one_is_asked_for(serve):
    server = serve(TWO_LEVELS)
    with lock(server.url, "A"):
        server.kill()
        server.start()
        assert server.remainder("A") == 1
        with lock(server.url, "B"):
            assert (server.remainder("A"), server.remainder("B")) == (0, 0)
