"""What passes between a client that has its place and the service."""

import hashlib
import os
import random
import resource
import time
from pathlib import Path

import pytest

from harness.server import wait_until
from harness.tcp import LIMIT_S, Stream, echo, free_port

BULK_BYTES = 200 * 1024 * 1024


@pytest.fixture
def connected(start, service):
    """connected(argument, …) is a proxy, a client and its connection at the service."""
    def connect(*arguments, **options):
        proxy = start(service, *arguments)
        client = proxy.client(**options)
        proxy.wait_for(active=1)
        return proxy, client, service.next()
    return connect


def send_blocks(stream: Stream, block: bytes, total: int) -> str:
    """Sends it over and over, in pieces of odd sizes, then ends; the digest of all."""
    digest, sizes = hashlib.sha256(), random.Random(total)
    left = total
    while left:
        piece = block[:min(left, sizes.randrange(1, len(block)))]
        stream.send(piece)
        digest.update(piece)
        left -= len(piece)
    stream.finish_sending()
    return digest.hexdigest()


def digest_of_all(stream: Stream) -> str:
    digest = hashlib.sha256()
    while piece := stream.socket.recv(1 << 20):
        digest.update(piece)
    return digest.hexdigest()


def rss_bytes(proxy) -> int:
    pages = int(Path(f"/proc/{proxy.process.pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def test_hundreds_of_megabytes_pass_whole_both_ways_at_once(connected, background):
    proxy, client, stream = connected()
    block = os.urandom(1 << 20)
    up = background(send_blocks, client, block, BULK_BYTES)
    down = background(send_blocks, stream, block[::-1], BULK_BYTES + 1)
    up_arrived = background(digest_of_all, stream)
    assert background(digest_of_all, client).result(LIMIT_S) == down.result(LIMIT_S)
    assert up_arrived.result(LIMIT_S) == up.result(LIMIT_S)
    ending = proxy.ending_of(client)
    assert (ending["bytes_up"], ending["bytes_down"]) == (BULK_BYTES, BULK_BYTES + 1)
    assert ending["state"] == "--"


def test_small_words_pass_at_once(start, echoing):
    with start(echoing).client() as client:
        assert [client.ask(b"%d" % number) for number in range(500)] == \
            [b"%d" % number for number in range(500)]


def test_an_end_of_the_clients_data_is_passed_on_and_the_answer_still_comes(connected):
    proxy, client, stream = connected()
    client.send(b"a request")
    client.finish_sending()
    assert stream.read_all() == b"a request"
    stream.send(b"an answer")
    stream.close()
    assert client.read_all() == b"an answer"
    assert proxy.ending_of(client)["state"] == "--"


def test_an_end_of_the_services_data_is_passed_on_and_the_client_may_go_on(connected):
    proxy, client, stream = connected()
    stream.send(b"a greeting")
    stream.finish_sending()
    assert client.read_all() == b"a greeting"
    client.send(b"still there")
    client.close()
    assert stream.read_all() == b"still there"
    assert proxy.ending_of(client)["state"] == "--"


def test_a_reset_of_the_client_is_one_for_the_service(connected):
    proxy, client, stream = connected()
    client.reset()
    assert stream.ending() == "reset"
    assert proxy.ending_of(client)["state"] == "CD"
    assert proxy.ending_of(client)["end"] == "the client left with the service connected"


def test_a_reset_of_the_service_is_one_for_the_client(connected):
    proxy, client, stream = connected()
    stream.send(b"x")  # one that resets without a byte is tried again
    assert client.read(1) == b"x"
    stream.reset()
    assert client.ending() == "reset"
    assert proxy.ending_of(client)["state"] == "SD"


def test_a_reset_after_the_end_of_data_is_passed_on_too(connected):
    proxy, client, stream = connected()
    client.finish_sending()
    assert stream.read_all() == b""
    client.reset()
    wait_until(proxy.is_empty)
    with pytest.raises(ConnectionError):
        stream.send(b"to nobody")
        wait_until(lambda: stream.send(b"to nobody"))


@pytest.mark.parametrize("who", ["client", "service"])
def test_a_reader_that_stops_costs_little_memory(connected, who):
    proxy, client, stream = connected()
    before = rss_bytes(proxy)
    sender, reader = (stream, client) if who == "client" else (client, stream)
    sent = sender.send_what_fits(bytes(64 << 20))
    assert sent < 64 << 20, "there is no back-pressure"
    assert rss_bytes(proxy) - before < 4 << 20
    assert len(reader.read(sent)) == sent


def test_a_service_that_refuses_is_tried_until_it_is_there(start, make_service):
    port = free_port()
    proxy = start(Gone(port), "--connect-timeout", "10s")
    client = proxy.client()
    client.send(b"are you there")
    proxy.wait_for(connecting=1)
    service = make_service(echo, port)
    assert client.read(13) == b"are you there"
    client.close()
    assert proxy.ending_of(client)["tc"] > 0
    assert service.accepted == 1


class Gone:
    """A service that is not there."""

    def __init__(self, port: int):
        self.port = port


def test_a_service_that_never_comes_frees_the_place_in_time(start):
    proxy = start(Gone(free_port()), "--connect-timeout", "300ms")
    began = time.monotonic()
    first, second = proxy.clients(2)
    assert first.ending() == second.ending() == "closed"
    # One after the other. The loop's clock stands while it works, so a time-out may come early.
    assert 0.45 < time.monotonic() - began
    assert [proxy.ending_of(client)["state"] for client in (first, second)] == ["SC", "SC"]
    # The second of a kind waits for a summary.
    (line,) = proxy.wait_for_log("could not serve a connection")
    assert "refused" in line["reason"] and str(proxy.upstream) in line["reason"]
    assert proxy.is_empty()


def test_a_service_may_die_and_come_back(start, make_service):
    service = make_service(echo)
    proxy = start(service)
    with proxy.client() as client:
        assert client.ask(b"one") == b"one"
        waiting = proxy.client()
        proxy.wait_for(waiting=1)
        service.stop()
        assert client.ending() in ("closed", "reset")
    proxy.wait_for(connecting=1)
    returned = make_service(echo, service.port)
    assert waiting.ask(b"two") == b"two"
    assert returned.most == 1


def test_a_service_that_hangs_up_at_once_frees_the_place(start, make_service):
    proxy = start(make_service(lambda stream: stream.close()))
    clients = proxy.clients(20)
    for client in clients:
        assert client.ending() in ("closed", "reset")
        client.close()
    wait_until(proxy.is_empty)


def test_a_connection_on_which_nothing_moves_is_ended(connected):
    proxy, client, stream = connected("--idle-timeout", "2s")
    waiting = proxy.client()
    for _ in range(3):  # longer than the limit in all
        time.sleep(0.7)
        began = time.monotonic()
        client.send(b".")
        assert stream.read(1) == b"."
    assert client.ending() in ("closed", "reset")
    assert 1.9 < time.monotonic() - began
    assert proxy.ending_of(client)["state"] == "cD"
    proxy.wait_for(active=1, waiting=0)
    assert waiting.is_open()


def test_the_time_to_live_ends_busy_connections_too(start, echoing, tmp_path):
    said = tmp_path / "said"
    hook = f'echo "$THROTTLE_CLIENT_PORT $THROTTLE_ACTIVATION" >> {said}'
    proxy = start(echoing, "-t", 2000, "--on-timeout", hook)
    began = time.monotonic()
    client, waiting = proxy.clients(2)
    with pytest.raises(ConnectionError):
        while time.monotonic() - began < LIMIT_S:
            client.ask(b"busy")
    assert 1.9 < time.monotonic() - began
    assert proxy.ending_of(client)["state"] == "TD"
    assert waiting.ask(b"my turn") == b"my turn"
    wait_until(said.exists)
    wait_until(lambda: said.read_text().endswith("\n"))
    assert said.read_text().splitlines()[0] == f"{client.address.split(':')[1]} 1"


def test_the_time_to_live_does_not_count_the_wait(start, service):
    proxy = start(service, "-t", "400ms")
    began = time.monotonic()
    first, second = proxy.clients(2)
    assert first.ending() in ("closed", "reset")
    assert second.ending() in ("closed", "reset")
    assert time.monotonic() - began > 0.75


def test_connections_have_nodelay_and_keepalive(connected):
    """As the system reports it."""
    proxy, client, stream = connected()
    ends = f":{proxy.listen:04X}", f":{int(client.address.split(':')[1]):04X}"

    def timers() -> list[str]:
        table = map(str.split, Path("/proc/net/tcp").read_text().splitlines()[1:])
        return [timer[:2] for _, local, remote, _, _, timer, *_ in table
                if local.endswith(ends[0]) and remote.endswith(ends[1])]

    wait_until(lambda: timers() == ["02"], lambda: f"no keep-alive timer: {timers()}")
