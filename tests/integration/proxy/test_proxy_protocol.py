"""The PROXY protocol, in and out, by hand and against the real HAProxy on either side."""

import socket
import struct

import pytest

from harness.server import wait_until
from harness.tcp import Client, free_port

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def header_v1(source: str, port: int = 4711) -> bytes:
    return f"PROXY TCP4 {source} 192.0.2.9 {port} 80\r\n".encode()


def header_v2(source: str, port: int = 4711, extra: bytes = b"") -> bytes:
    addresses = socket.inet_aton(source) + socket.inet_aton("192.0.2.9")
    body = addresses + struct.pack("!HH", port, 80) + extra
    return SIGNATURE + b"\x21\x11" + struct.pack("!H", len(body)) + body


def introduced(proxy, source: str, port: int = 4711, header=header_v1) -> Client:
    """A client that a load balancer brings."""
    client = proxy.client()
    client.send(header(source, port))
    return client


# Out.

def test_v1_tells_the_service_who_the_client_is(start, service):
    proxy = start(service, "--send-proxy", "v1")
    client = proxy.client("127.0.0.5")
    client.send(b"hello")
    address, port = client.address.split(":")
    expected = f"PROXY TCP4 {address} 127.0.0.1 {port} {proxy.listen}\r\nhello".encode()
    assert service.next().read(len(expected)) == expected


def test_v2_tells_the_service_who_the_client_is(start, service):
    proxy = start(service, "--send-proxy", "v2")
    client = proxy.client("127.0.0.5")
    client.send(b"hello")
    port = int(client.address.split(":")[1])
    expected = (SIGNATURE + b"\x21\x11\x00\x0c" + socket.inet_aton("127.0.0.5")
                + socket.inet_aton("127.0.0.1") + struct.pack("!HH", port, proxy.listen) + b"hello")
    assert service.next().read(len(expected)) == expected


def test_the_header_comes_at_once_although_the_client_is_silent(start, service):
    start(service, "--send-proxy", "v1").client()
    assert service.next().read(6) == b"PROXY "


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_haproxy_understands_what_is_sent(make_proxy, make_service, run_haproxy, version):
    """HAProxy takes the header and passes on what it has read, as version 1."""
    service = make_service()
    port = run_haproxy("accept-proxy", f"127.0.0.1:{service.port} send-proxy")
    proxy = make_proxy(port, "--send-proxy", version).start()
    client = proxy.client("127.0.0.77")
    client.send(b"hello")
    address, source_port = client.address.split(":")
    expected = f"PROXY TCP4 {address} 127.0.0.1 {source_port} {proxy.listen}\r\nhello".encode()
    assert service.next().read(len(expected)) == expected


# In.

@pytest.mark.parametrize("send", ["send-proxy", "send-proxy-v2"])
def test_what_haproxy_sends_is_understood(start, service, run_haproxy, send):
    proxy = start(service, "--accept-proxy", "127.0.0.1")
    port = run_haproxy("", f"127.0.0.1:{proxy.listen} {send}")
    client = Client(port, "127.0.0.88")
    client.send(b"hello")
    stream = service.next()
    assert stream.read(5) == b"hello"
    assert [each["client"] for each in proxy.connections()] == [client.address]
    stream.send(b"answer")
    assert client.read(6) == b"answer"
    client.close()


@pytest.mark.parametrize("header", [header_v1, header_v2])
def test_the_header_is_not_for_the_service(start, echoing, header):
    proxy = start(echoing, "--accept-proxy", "127.0.0.0/8")
    client = introduced(proxy, "198.51.100.7", header=header)
    assert client.ask(b"hello") == b"hello"
    assert [each["client"] for each in proxy.connections()] == ["198.51.100.7:4711"]


@pytest.mark.parametrize("version, prefix", [
    ("v1", b"PROXY TCP4 198.51.100.7 192.0.2.9 4711 80\r\n"), ("v2", header_v2("198.51.100.7"))])
def test_what_a_balancer_told_is_passed_on(start, service, version, prefix):
    proxy = start(service, "--accept-proxy", "127.0.0.1", "--send-proxy", version)
    introduced(proxy, "198.51.100.7").send(b"hello")
    assert service.next().read(len(prefix) + 5) == prefix + b"hello"


def test_a_header_may_come_in_pieces_and_with_extensions(start, echoing):
    proxy = start(echoing, "--accept-proxy", "127.0.0.1")
    client = proxy.client()
    header = header_v2("198.51.100.7", extra=b"\x04\x00\x03abc")
    for at in range(len(header)):
        client.send(header[at:at + 1])
    assert client.ask(b"hello") == b"hello"


def test_a_balancers_own_check_is_served_as_its_own(start, echoing):
    """LOCAL, as in a health check: the connection is the balancer's."""
    proxy = start(echoing, "--accept-proxy", "127.0.0.1")
    client = proxy.client()
    client.send(SIGNATURE + b"\x20\x00\x00\x00")
    assert client.ask(b"hello") == b"hello"
    assert [each["client"] for each in proxy.connections()] == [client.address]


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\n\r\n", b"PROXY TCP4 nonsense\r\n",
                                  b"PROXY TCP4 1.2.3.4 5.6.7.8 1 99999\r\n", b"P" * 200,
                                  SIGNATURE + b"\x31\x11\x00\x0c" + bytes(12)])
def test_who_has_to_introduce_itself_and_does_not_is_turned_away(start, echoing, said):
    proxy = start(echoing, "--accept-proxy", "127.0.0.1")
    client = proxy.client()
    client.send(said)
    assert client.ending() in ("closed", "reset")
    assert echoing.accepted == 0
    line = proxy.wait_for_log("refused a connection")[0]
    assert line["reason"] == "no valid PROXY protocol header"


def test_a_balancer_that_stays_silent_is_turned_away_in_time(start, echoing):
    proxy = start(echoing, "--accept-proxy", "127.0.0.1", "--proxy-header-timeout", "200ms")
    assert proxy.client().ending() == "closed"
    half = proxy.client()
    half.send(b"PROXY TCP4 198.5")
    assert half.ending() in ("closed", "reset")


def test_from_others_the_header_is_only_data(start, service):
    proxy = start(service, "--accept-proxy", "127.0.0.2")
    header = header_v1("198.51.100.7")
    proxy.client("127.0.0.3").send(header)
    assert service.next().read(len(header)) == header


def test_the_limit_is_the_real_clients(start, service):
    proxy = start(service, "--accept-proxy", "127.0.0.1", "--max-per-client", 1)
    introduced(proxy, "198.51.100.1", 1)
    proxy.wait_for(active=1)
    assert introduced(proxy, "198.51.100.1", 2).ending() == "closed"
    introduced(proxy, "198.51.100.2", 1)
    proxy.wait_for(active=1, waiting=1)


def test_a_client_of_ipv6_is_a_network_of_64_bits(start, service):
    proxy = start(service, "--accept-proxy", "127.0.0.1", "--max-per-client", 1)

    def introduce(family: bytes, source: bytes) -> Client:
        client = proxy.client()
        client.send(b"PROXY %s %s %s 4711 80\r\n" % (family, source, source))
        return client

    introduce(b"TCP6", b"2001:db8:0:1::1")
    proxy.wait_for(active=1)
    assert introduce(b"TCP6", b"2001:db8:0:1:ffff::2").ending() == "closed"
    introduce(b"TCP6", b"2001:db8:0:2::1")
    proxy.wait_for(waiting=1)
    introduce(b"TCP4", b"198.51.100.1")
    proxy.wait_for(waiting=2)
    assert introduce(b"TCP6", b"::ffff:198.51.100.1").ending() == "closed"


def test_the_real_clients_take_turns(start, service):
    proxy = start(service, "--accept-proxy", "127.0.0.1", "--queue-order", "fair")
    holder = introduced(proxy, "198.51.100.9")
    service.next()
    for at, (source, name) in enumerate([(1, b"a1"), (1, b"a2"), (2, b"b1")]):
        introduced(proxy, f"198.51.100.{source}").send(name)
        proxy.wait_for(waiting=at + 1)
    holder.reset()
    served = []
    for _ in range(3):
        with service.next() as stream:
            served.append(stream.read(2))
            stream.reset()
    assert served == [b"a1", b"b1", b"a2"]


def test_hooks_are_told_the_real_client(start, service, tmp_path):
    told = tmp_path / "told"
    hook = f'echo "$THROTTLE_CLIENT_ADDRESS $THROTTLE_CLIENT_PORT" > {told}'
    proxy = start(service, "--accept-proxy", "127.0.0.1", "--before-activate", hook)
    introduced(proxy, "198.51.100.7")
    service.next()
    assert told.read_text() == "198.51.100.7 4711\n"
