"""The first generation's `lock`."""

import threading
import time
from datetime import timedelta

import pytest
from throttle_client import Client, Timeout, lock

from harness.server import wait_until
from harness.tcp import LIMIT_S

TENTH = timedelta(milliseconds=100)


def test_an_unknown_semaphore_is_an_error(serve):
    with pytest.raises(ValueError, match="Unknown semaphore"):
        with lock(Client(serve().url), "A"):
            pass


def test_the_remainder_sinks_and_rises(serve):
    client = Client(serve("[semaphores]\nA = 1").url)
    assert client.remainder("A") == 1
    with lock(client, "A"):
        assert client.remainder("A") == 0
    assert client.remainder("A") == 1


def test_giving_up_raises_timeout(serve):
    client = Client(serve("[semaphores]\nA = 1").url)
    with lock(client, "A"):
        with pytest.raises(Timeout):
            with lock(client, "A", timeout=timedelta(seconds=1)):
                pass


def test_the_second_enters_when_the_first_has_left(serve, background):
    client = Client(serve("[semaphores]\nA = 1").url)
    order = []

    def enter_second():
        with lock(client, "A", timeout=timedelta(seconds=10)):
            order.append("second")

    with lock(client, "A"):
        second = background(enter_second)
        time.sleep(0.3)
        order.append("first")
    second.result(LIMIT_S)
    assert order == ["first", "second"]


def test_heartbeats_keep_a_lease_beyond_its_life(serve):
    client = Client(serve("[semaphores]\nA = 1").url, timedelta(seconds=1))
    with lock(client, "A", heartbeat_interval=timedelta(0)):
        time.sleep(1.5)
        assert client.remove_expired() == 0
        assert client.remainder("A") == 0


def test_heartbeats_restore_a_lease_after_a_restart(serve):
    server = serve("[semaphores]\nA = 1")
    client = Client(server.url)
    with lock(client, "A", heartbeat_interval=TENTH):
        server.kill()
        server.start()
        wait_until(lambda: client.remainder("A") == 0)


def test_who_waits_gets_the_lease_from_a_server_that_lost_its_state(serve, background):
    server = serve("[semaphores]\nA = 1")
    client = Client(server.url)
    client.acquire("A")
    entered = threading.Event()

    def wait_for_it():
        with lock(client, "A", timeout=timedelta(seconds=10)):
            entered.set()

    waiting = background(wait_for_it)
    wait_until(lambda: server.metrics()['throttle_pending{semaphore="A"}'] == 1)
    server.kill()
    server.start()
    waiting.result(LIMIT_S)
    assert entered.is_set()


def test_after_an_exception_the_lease_lasts_until_the_heartbeats_end(serve):
    """This client does not release where its body fails; the end of its life does."""
    client = Client(serve("[semaphores]\nA = 1").url, timedelta(seconds=2))
    with pytest.raises(ZeroDivisionError):
        with lock(client, "A", heartbeat_interval=TENTH) as peer:
            raise ZeroDivisionError
    assert client.remainder("A") == 0
    peer.active.clear()
    wait_until(lambda: client.remainder("A") == 1)
