"""Clients that leave while they wait, in every way and however much they had sent."""

import subprocess
import sys

import pytest

from harness.tcp import LIMIT_S, Client

# The last is more than the sockets between take while nobody reads: what a client says of its end
# then lies behind bytes that have not come yet. Only a reset overtakes them.
SENT = [0, 5, 65_536, 300_000]
TOO_MUCH = 300_000
# A process that connects, sends bytes as far as they fit, says so, and waits for its end.
VANISHING = """
import socket, sys, time
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
client.settimeout(0.2)
data = b"x" * int(sys.argv[2])
try:
    while data:
        data = data[client.send(data[:65536]):]
except TimeoutError:
    pass
print("said", flush=True)
time.sleep(60)
"""


@pytest.fixture(params=[False, True], ids=["", "abort-on-close"])
def abort_on_close(request):
    return request.param


@pytest.fixture
def crowded(start, service, tmp_path, abort_on_close):
    """A proxy whose only place is held; its hook leaves a line for each activation."""
    arguments = ["--abort-on-close"] if abort_on_close else []
    proxy = start(service, "--before-activate", f"echo >> {tmp_path}/activations", *arguments)
    proxy.holder = proxy.client()
    proxy.wait_for(active=1)
    proxy.activations = lambda: len((tmp_path / "activations").read_text())
    return proxy


def close(client: Client) -> None:
    client.close()


def half_close(client: Client) -> None:
    client.finish_sending()


def reset(client: Client) -> None:
    client.reset()


def is_served(how, sent: int, abort_on_close: bool) -> bool:
    """An end of data after a request may mean that the client wants its answer."""
    return how is not reset and sent > 0 and (not abort_on_close or sent == TOO_MUCH)


@pytest.mark.parametrize("sent", SENT)
@pytest.mark.parametrize("how", [close, half_close, reset])
def test_who_left_costs_nothing_and_who_asked_is_served(
        crowded, service, abort_on_close, how, sent):
    leaving = crowded.client()
    data = bytes(range(256)) * (sent // 256) + b"x" * (sent % 256)
    sent = leaving.send_what_fits(data)
    crowded.wait_for(waiting=1)
    last = crowded.client()
    crowded.wait_for(waiting=2)
    how(leaving)
    if is_served(how, sent, abort_on_close):
        reset(crowded.holder)
        service.next()
        with service.next() as stream:
            assert stream.read_all() == data[:sent]
    else:
        assert crowded.ending_of(leaving)["state"] == "CQ"
        crowded.wait_for(waiting=1)
        reset(crowded.holder)
        service.next()
    with service.next() as stream:
        last.send(b"it is my turn")
        assert stream.read(13) == b"it is my turn"
    served = 2 + is_served(how, sent, abort_on_close)
    assert (service.accepted, service.most, crowded.activations()) == (served, 1, served)


@pytest.mark.parametrize("sent", SENT)
def test_a_process_that_is_killed_is_like_one_that_closed(crowded, service, abort_on_close, sent):
    vanishing = subprocess.Popen([sys.executable, "-c", VANISHING, str(crowded.listen), str(sent)],
                                 stdout=subprocess.PIPE)
    assert vanishing.stdout.readline() == b"said\n"
    crowded.wait_for(waiting=1)
    vanishing.kill()
    vanishing.wait()
    if is_served(close, sent, abort_on_close):
        reset(crowded.holder)
        service.next()
        with service.next() as stream:
            assert len(stream.read_all()) > 0
    else:
        crowded.wait_for(waiting=0)
        assert crowded.activations() == 1


def test_a_client_that_is_reset_after_its_half_close_has_left(crowded, service, abort_on_close):
    leaving = crowded.client()
    leaving.send(b"a request")
    crowded.wait_for(waiting=1)
    leaving.finish_sending()
    if not abort_on_close:
        leaving.reset()
    crowded.wait_for(waiting=0)
    assert crowded.ending_of(leaving)["state"] == "CQ"


@pytest.mark.parametrize("sent", [5, 16_384, 16_385, 3_000_000])
def test_what_a_waiting_client_sent_arrives_whole_and_in_order(crowded, service, background, sent):
    data = b"".join(number.to_bytes(4, "big") for number in range(sent // 4 + 1))[:sent]
    client = crowded.client()
    sending = background(client.send, data)
    crowded.wait_for(waiting=1)
    reset(crowded.holder)
    service.next()
    with service.next() as stream:
        assert stream.read(sent) == data
    sending.result(LIMIT_S)


def test_a_client_that_leaves_while_the_service_is_down_is_not_waited_for(start, make_service):
    service = make_service()
    service.stop()
    proxy = start(service, "--connect-timeout", "1min")
    leaving = proxy.client()
    proxy.wait_for(connecting=1)
    leaving.reset()
    assert proxy.ending_of(leaving)["state"] == "CC"
    assert proxy.is_empty()
