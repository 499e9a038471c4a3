"""Which clients are let through, in which order, and how long the others wait."""

import time

import pytest

from harness.server import wait_until
from harness.tcp import LIMIT_S, echo


def order_served(service, number: int) -> list[bytes]:
    """Serves one client after the other, and says what each of them had sent."""
    said = []
    for _ in range(number):
        with service.next() as stream:
            said.append(stream.read(2))
            stream.reset()
    return said


def test_a_client_is_served_through_it(start, echoing):
    with start(echoing).client() as client:
        assert client.ask(b"hello") == b"hello"


@pytest.mark.parametrize("limit", [1, 3])
def test_never_more_than_the_limit_are_at_the_service(start, make_service, background, limit):
    service = make_service(echo)
    proxy = start(service, "-n", limit)

    def work(_) -> bytes:
        with proxy.client() as client:
            return client.ask(b"a request")

    answers = [background(work, number) for number in range(150)]
    assert {answer.result(LIMIT_S) for answer in answers} == {b"a request"}
    assert service.accepted == 150
    assert service.most <= limit


@pytest.mark.parametrize("order, expected", [
    ("fifo", [b"a1", b"a2", b"a3", b"b1", b"b2", b"c1"]),
    ("lifo", [b"c1", b"b2", b"b1", b"a3", b"a2", b"a1"]),
    ("fair", [b"a1", b"b1", b"c1", b"a2", b"b2", b"a3"]),
])
def test_the_queue_keeps_its_order(start, service, order, expected):
    proxy = start(service, "--queue-order", order)
    holder = proxy.client("127.0.0.9")
    service.next()
    waiting = []
    for name, source in [(b"a1", 1), (b"a2", 1), (b"a3", 1), (b"b1", 2), (b"b2", 2), (b"c1", 3)]:
        waiting.append(proxy.client(f"127.0.0.{source}"))
        waiting[-1].send(name)
        proxy.wait_for(waiting=len(waiting))
    holder.reset()
    assert order_served(service, 6) == expected


def test_each_waiting_connection_shows_its_place(start, service):
    proxy = start(service)
    clients = proxy.clients(3)
    proxy.wait_for(active=1, waiting=2)
    states = {each["client"]: (each["state"], each.get("place")) for each in proxy.connections()}
    assert states == {clients[0].address: ("active", None), clients[1].address: ("waiting", 1),
                      clients[2].address: ("waiting", 2)}


def test_a_full_queue_turns_the_next_away(start, service):
    proxy = start(service, "--max-queue", 2)
    clients = proxy.clients(3)
    proxy.wait_for(active=1, waiting=2)
    assert proxy.client().ending() == "closed"
    assert proxy.wait_for_log("refused a connection")[0]["reason"] == "the queue is full"
    proxy.wait_for(active=1, waiting=2)
    clients[1].close()
    proxy.wait_for(waiting=1)
    proxy.client().send(b"there is room again")
    proxy.wait_for(waiting=2)


def test_a_queue_of_none_lets_nobody_wait(start, service):
    proxy = start(service, "--max-queue", 0)
    first = proxy.client()
    with service.next():
        assert proxy.client().ending() == "closed"
    first.close()


def test_who_waits_too_long_is_turned_away(start, service):
    proxy = start(service, "--queue-timeout", "300ms")
    began = time.monotonic()
    holder, waiting = proxy.clients(2)
    assert waiting.ending() == "closed"
    assert 0.25 < time.monotonic() - began
    ending = proxy.ending_of(waiting)
    assert (ending["state"], ending["tw"]) == ("sQ", -1)
    proxy.wait_for(active=1, waiting=0)
    assert holder.is_open()


def test_a_limit_of_none_pauses_and_another_one_lets_go(start_from, make_proxy, service):
    proxy = make_proxy()
    paused = (f'[proxy.office]\nlisten = "127.0.0.1:{proxy.listen}"\n'
              f'upstream = "127.0.0.1:{service.port}"\nmax_connections = 0\n')
    proxy.config = paused
    proxy.start()
    clients = proxy.clients(3)
    proxy.wait_for(waiting=3)
    proxy.reload(paused.replace("= 0", "= 1"))
    for client in clients:
        with service.next():
            proxy.wait_for(active=1)
            client.close()
    wait_until(proxy.is_empty)
    assert service.most == 1


def test_the_line_of_a_connection_tells_its_story(start, service):
    proxy = start(service)
    first, second, third = proxy.clients(3)
    proxy.wait_for(active=1, waiting=2)
    for client in first, second, third:
        client.send(b"12345")
        with service.next() as stream:
            stream.read(5)
            stream.send(b"123")
            client.read(3)
            client.close()
    lines = [proxy.ending_of(client) for client in (first, second, third)]
    assert [line["position"] for line in lines] == [0, 0, 1]
    assert [line["state"] for line in lines] == ["--"] * 3
    assert {(line["bytes_up"], line["bytes_down"]) for line in lines} == {(5, 3)}
    assert all(0 <= line["tw"] <= line["tt"] and line["tc"] >= 0 for line in lines)
    assert lines[0]["tw"] == 0 < lines[2]["tw"]
