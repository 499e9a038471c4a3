"""Limits by client address, and how one who is refused hears of it."""

import pytest

from harness.server import wait_until


def parse(answer: bytes) -> tuple[int, dict[str, str], str]:
    head, _, body = answer.decode().partition("\r\n\r\n")
    status, *fields = head.split("\r\n")
    headers = {name.lower(): value for name, value in (field.split(": ", 1) for field in fields)}
    return int(status.split()[1]), headers, body


def is_refused(proxy, source: str) -> bool:
    """Whether one more of that address is turned away."""
    before = len(proxy.connections())
    client = proxy.client(source)
    decided = []

    def decide() -> list:
        decided.extend([True] * (not client.is_open()))
        decided.extend([False] * (len(proxy.connections()) > before))
        return decided

    wait_until(decide)
    return decided[0]


def test_waiting_and_active_connections_of_a_client_count_together(start, service):
    proxy = start(service, "--max-per-client", 2)
    mine = proxy.clients(2, "127.0.0.1")
    proxy.wait_for(active=1, waiting=1)
    assert is_refused(proxy, "127.0.0.1")
    assert not is_refused(proxy, "127.0.0.2")
    mine[1].reset()
    assert proxy.ending_of(mine[1])["state"] == "CQ"
    assert not is_refused(proxy, "127.0.0.1")
    assert is_refused(proxy, "127.0.0.1")


def test_a_client_that_has_a_place_may_have_extra_ones(start, service):
    """As psql, whose Ctrl+C is a second connection while the first one is served."""
    proxy = start(service, "--extra-per-client", 1)
    query = proxy.client("127.0.0.1")
    proxy.wait_for(active=1)
    other = proxy.client("127.0.0.2")
    proxy.wait_for(waiting=1)
    cancel = proxy.client("127.0.0.1")
    proxy.wait_for(active=2, waiting=1)
    one_more = proxy.client("127.0.0.1")
    proxy.wait_for(active=2, waiting=2)
    cancel.reset()  # and the extra place passes on to the next of that client
    assert proxy.ending_of(cancel)["state"] == "CD"
    proxy.wait_for(active=2, waiting=1)
    query.reset()
    proxy.wait_for(active=2, waiting=0)
    assert other.is_open() and one_more.is_open()


def test_extra_places_come_and_go_with_a_reload(make_proxy, service):
    proxy = make_proxy()

    def config(extra: int) -> str:
        return f"""
[proxy.office]
listen = "127.0.0.1:{proxy.listen}"
upstream = "127.0.0.1:{service.port}"
extra_per_client = {extra}
"""

    proxy.config = config(0)
    proxy.start()
    proxy.client()
    proxy.wait_for(active=1)
    for extra in (1, 0, 1):
        proxy.reload(config(extra))
        first, second = proxy.clients(2)
        # The client that came before there were extra places has a right to them too.
        proxy.wait_for(active=1 + extra, waiting=2 - extra)
        for client in (first, second):
            client.reset()
        proxy.wait_for(active=1, waiting=0)
    proxy.kept[0].reset()
    proxy.wait_for(active=0)
    proxy.clients(3)
    proxy.wait_for(active=2, waiting=1)


def test_networks_have_limits_of_their_own_or_none(start, service):
    proxy = start(service, "--max-per-client", 1, "--client-limit", "127.0.0.16/28=3",
                  "--client-limit", "127.0.0.17=none", "--client-limit", "127.0.0.64/26=0")
    for source, allowed in [("127.0.0.2", 1), ("127.0.0.18", 3), ("127.0.0.17", 6)]:
        refused = [is_refused(proxy, source) for _ in range(6)]
        assert refused == [False] * allowed + [True] * (6 - allowed)
    assert is_refused(proxy, "127.0.0.70")


def test_a_prefix_makes_neighbours_one_client(start, service):
    proxy = start(service, "--max-per-client", 1, "--ipv4-prefix", 24)
    assert not is_refused(proxy, "127.0.0.1")
    assert is_refused(proxy, "127.0.0.250")
    assert not is_refused(proxy, "127.0.1.1")


def test_one_too_many_is_sent_the_words_of_the_protocol(start, service):
    proxy = start(service, "--max-per-client", 1, "--reject-text", r"421 busy\r\n")
    proxy.client()
    proxy.wait_for(active=1)
    assert proxy.client().read_all() == b"421 busy\r\n"


def test_a_client_may_only_connect_this_often(start, service):
    proxy = start(service, "-n", 9, "--max-rate", "2/h")
    proxy.clients(2)
    proxy.wait_for(active=2)
    assert is_refused(proxy, "127.0.0.1")
    assert not is_refused(proxy, "127.0.0.2")
    assert proxy.metric(
        'throttle_proxy_connections_total{proxy="proxy",outcome="refused_rate"}') == 1


def test_connections_without_a_byte_are_no_news(start, echoing):
    proxy = start(echoing, environment={"THROTTLE_LOG": "info"})
    check = proxy.client()
    proxy.wait_for(active=1)
    check.close()
    wait_until(proxy.is_empty)
    client = proxy.client()
    assert client.ask(b"hello") == b"hello"
    client.close()
    assert [line["client"] for line in proxy.wait_for_log("connection")] == [client.address]


@pytest.mark.parametrize("how, ending", [("close", "closed"), ("reset", "reset")])
def test_one_too_many_is_closed_or_reset(start, service, how, ending):
    proxy = start(service, "--max-per-client", 1, "--reject", how)
    proxy.client()
    proxy.wait_for(active=1)
    try:
        heard = proxy.client().ending()
    except ConnectionResetError:  # before connect() had returned
        heard = "reset"
    assert heard == ending


@pytest.mark.parametrize("said", [0, 5, 200_000])
def test_the_text_arrives_although_the_client_had_sent_something(start, service, said):
    proxy = start(service, "--max-per-client", 1, "--reject", "http")
    proxy.client()
    proxy.wait_for(active=1)
    client = proxy.client()
    client.send(b"x" * said)
    status, headers, body = parse(client.read_all())
    assert (status, headers["connection"]) == (429, "close")
    assert int(headers["retry-after"]) > 0
    assert len(body) == int(headers["content-length"]) > 0
    assert not any(letter.isdigit() for letter in body), "it reveals the limits"


def refused_by_full_queue(start, service):
    proxy = start(service, "--max-queue", 0, "--reject", "http")
    proxy.client()
    proxy.wait_for(active=1)
    return proxy.client()


def refused_by_queue_timeout(start, service):
    proxy = start(service, "--queue-timeout", "100ms", "--reject", "http")
    proxy.client()
    proxy.wait_for(active=1)
    return proxy.client()


def refused_by_dead_service(start, service):
    service.stop()
    return start(service, "--connect-timeout", "100ms", "--reject", "http").client()


def refused_by_hook(start, service):
    return start(service, "--before-activate", "false", "--reject", "http").client()


@pytest.mark.parametrize("refused", [refused_by_full_queue, refused_by_queue_timeout,
                                     refused_by_dead_service, refused_by_hook])
@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\n\r\n", b"x" * 100_000],
                         ids=["silent", "asked", "much"])
def test_a_service_that_cannot_be_had_is_unavailable(start, service, refused, said):
    client = refused(start, service)
    client.send(said)
    status, headers, body = parse(client.read_all())
    assert status == 503
    assert int(headers["retry-after"]) > 0
    assert len(body) == int(headers["content-length"])


def test_the_same_port_of_two_addresses_is_two_clients(start, echoing):
    proxy = start(echoing, "-n", 2, "--max-per-client", 1)
    one = proxy.client("127.0.0.2")
    other = proxy.client("127.0.0.3", source_port=one.socket.getsockname()[1])
    assert (one.ask(b"one"), other.ask(b"other")) == (b"one", b"other")
    one.close()
    assert other.ask(b"still there") == b"still there"
    proxy.wait_for(active=1)


def test_refusals_are_counted_by_reason_and_not_all_logged(start, service):
    proxy = start(service, "--max-per-client", 1)
    proxy.client()
    proxy.wait_for(active=1)
    for _ in range(50):
        assert proxy.client().ending() == "closed"
    name = 'throttle_proxy_connections_total{proxy="proxy",outcome="refused_per_client"}'
    wait_until(lambda: proxy.metric(name) == 50)
    assert len(proxy.log("refused a connection")) < 5
