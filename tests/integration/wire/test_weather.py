"""Bad weather: slow, silent and lost clients, too many of them, no descriptors left. The server
neither dies nor spins, others are served meanwhile, and the ledger does not change."""

import resource
import time
from contextlib import ExitStack

import pytest

from harness.http import encode
from harness.ledger import CONFIG, HOLDER, WAITER, Ledger
from harness.server import wait_until

SHORT_LIMITS = """
[http]
header_timeout = "1s"
body_timeout = "1s"
idle_timeout = "1s"
write_timeout = "1s"
"""
REQUEST = encode("PUT", f"/peers/{HOLDER}", {"expires_in": "1h"})
IDLE_SHARE = 0.2  # of one core
MIB = 1024 * 1024


@pytest.fixture
def hasty(serve):
    """A server with little patience, whose ledger the test must leave as it is."""
    ledger = Ledger(serve(CONFIG + SHORT_LIMITS))
    before = ledger.state()
    yield ledger.server
    assert ledger.state() == before


def cpu_share(server, seconds: float = 1.0) -> float:
    before = server.cpu_seconds()
    time.sleep(seconds)
    return (server.cpu_seconds() - before) / seconds


# Slow and silent.

@pytest.mark.ours
@pytest.mark.parametrize("said", [REQUEST[:20], REQUEST[:-5]],
                         ids=["half a head", "half a body"])
def test_who_stops_in_mid_request_is_told_and_left(hasty, said):
    with hasty.connect() as connection:
        connection.send(said)
        assert connection.response().status == 408
        assert connection.hangs_up()
        wait_until(lambda: hasty.metrics()["throttle_http_connections"] == 1)


@pytest.mark.ours
def test_who_drips_is_not_waited_for_longer_than_who_is_silent(hasty):
    with hasty.connect() as connection:
        began = time.monotonic()
        with pytest.raises(ConnectionError):
            for byte in encode("GET", "/health", X="a" * 200):
                connection.send(bytes([byte]))
                time.sleep(0.02)
        assert 0.9 < time.monotonic() - began


@pytest.mark.ours
@pytest.mark.parametrize("said", [b"", REQUEST], ids=["nothing", "one request"])
def test_who_says_nothing_more_is_left_without_a_word(hasty, said):
    with hasty.connect() as connection:
        if said:
            connection.send(said)
            assert connection.response().status == 200
        with pytest.raises(ConnectionError, match="hung up after b''"):
            connection.response()


@pytest.mark.ours
def test_who_says_nothing_more_after_a_blocked_request_is_left_too(hasty):
    blocked = encode("PUT", f"/peers/{WAITER}/A?block_for=100ms", 1)
    with hasty.connect() as connection:
        connection.send(blocked + REQUEST)
        assert [connection.response().status for _ in range(2)] == [202, 200]
        assert connection.hangs_up()


@pytest.mark.ours
def test_who_never_reads_is_left(hasty):
    with hasty.connect() as connection:
        with pytest.raises(ConnectionError):
            for _ in range(20_000):
                connection.send(encode("GET", "/metrics") * 50)
        assert hasty.request("GET", "/health").status == 200


@pytest.mark.ours
def test_who_waits_for_a_lock_is_not_taken_for_silent(hasty):
    with hasty.connect() as connection:
        connection.send_request("PUT", f"/peers/{WAITER}/A?block_for=3s", 1)
        assert connection.response().status == 202


def test_slow_clients_hold_up_nobody(untouched):
    with ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(untouched.connect()).send(REQUEST[:30])
        began = time.monotonic()
        assert untouched.request("GET", "/health").status == 200
        assert time.monotonic() - began < 5  # half of what the first of them is given


# Gone.

@pytest.mark.parametrize("how", ["with a farewell", "by a reset"])
@pytest.mark.parametrize("said", [b"", REQUEST[:20], REQUEST[:-5], REQUEST, REQUEST * 50],
                         ids=["nothing", "half a head", "half a body", "all", "much"])
def test_a_client_may_hang_up_at_any_time(untouched, said, how):
    for _ in range(20):
        connection = untouched.connect()
        connection.send(said)
        connection.hang_up(how)
    assert untouched.request("GET", "/health").status == 200


@pytest.mark.parametrize("how", ["with a farewell", "by a reset"])
def test_who_hangs_up_while_blocked_keeps_the_place_in_the_queue(untouched, how):
    connections = [untouched.connect() for _ in range(20)]
    for connection in connections:
        connection.send_request("PUT", f"/peers/{WAITER}/A?block_for=1h", 1)
    time.sleep(0.2)
    for connection in connections:
        connection.hang_up(how)
    time.sleep(0.2)
    assert untouched.request("GET", "/health").status == 200


@pytest.mark.ours
def test_a_blocked_request_ends_with_its_connection(serve):
    server = serve(CONFIG)
    holder, peer = server.new_peer(), server.new_peer()
    server.acquire(holder, "A")
    connection = server.connect()
    connection.send_request("PUT", f"/peers/{peer}/A?block_for=1h", 1)
    wait_until(lambda: server.metrics()['throttle_pending{semaphore="A"}'] == 1)
    open_now = server.descriptors()
    connection.close()
    wait_until(lambda: server.descriptors() < open_now)
    server.request("DELETE", f"/peers/{holder}")
    assert server.request("GET", f"/peers/{peer}/is_acquired").json is True


# Many.

def test_thousands_of_idle_connections_cost_nothing(untouched):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    number = min(5000, hard - 200)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    untouched.allow_descriptors(hard)
    with ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(number):
            stack.enter_context(untouched.connect())
        assert untouched.request("GET", "/health").status == 200
        assert cpu_share(untouched) < IDLE_SHARE
        assert untouched.request("GET", "/health").status == 200
    wait_until(lambda: untouched.descriptors() < 100)


def test_without_descriptors_the_server_waits_without_spinning_and_recovers(serve):
    ledger = Ledger(serve(CONFIG, open_files=48))
    server, before = ledger.server, ledger.state()
    with ExitStack() as stack:
        for _ in range(120):  # more than the server can accept, less than the system queues
            stack.enter_context(server.connect())
        assert cpu_share(server) < IDLE_SHARE
        assert server.is_running()
    wait_until(lambda: answers(server))
    assert ledger.state() == before


@pytest.mark.ours
def test_without_memory_no_peer_is_added_and_those_that_are_there_go_on(serve):
    server = serve(CONFIG)
    holder, waiter = server.new_peer(), server.new_peer()
    assert server.acquire(holder, "A").status == 200
    assert server.acquire(waiter, "A").status == 202
    server.allow_more_memory(8 * MIB)
    peer = encode("POST", "/new_peer", {"expires_in": "1h", "label": "x" * 1024})
    with server.connect() as connection:
        for added in range(100_000):
            connection.send(peer)
            refusal = connection.response()
            if refusal.status != 200:
                break
    assert (refusal.status, refusal.headers["retry-after"]) == (503, "1")
    assert "no memory for another peer" in refusal.text
    assert server.request("PUT", f"/peers/{holder}", {"expires_in": "1h"}).status == 200
    assert server.metrics()["throttle_peers"] == added + 2
    assert server.request("DELETE", f"/peers/{holder}").status == 200
    assert server.request("GET", f"/peers/{waiter}/is_acquired").json is True
    server.allow_more_memory(64 * MIB)
    assert server.request("POST", "/new_peer", {"expires_in": "1h"}).status == 200


@pytest.mark.ours
def test_a_connection_beyond_the_limit_takes_the_place_of_one_that_is_idle(serve):
    server = serve(CONFIG + "[http]\nmax_connections = 3\n")
    first, *more = [server.connect() for _ in range(3)]
    for connection in (first, *more):
        assert connection.request("GET", "/health").status == 200
    with server.connect() as late:
        assert late.request("GET", "/health").status == 200
        assert first.hangs_up()
        assert late.request("GET", "/health").status == 200
    for connection in more:
        assert connection.request("GET", "/health").status == 200


@pytest.mark.ours
def test_connections_beyond_the_limit_wait_while_every_other_one_has_a_request(serve):
    server = serve(CONFIG + "[http]\nmax_connections = 2\n")
    half, other = [server.connect() for _ in range(2)]
    for connection in (half, other):
        connection.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n")
    time.sleep(0.2)
    with server.connect() as late:
        late.send_request("GET", "/health")
        assert late.is_silent(0.3)
        assert cpu_share(server, 0.5) < IDLE_SHARE
        half.send(b"\r\n")
        assert half.response().status == 200
        assert late.response().status == 200
    other.send(b"\r\n")
    assert other.response().status == 200


def answers(server) -> bool:
    try:
        return server.request("GET", "/health").status == 200
    except OSError:
        return False
