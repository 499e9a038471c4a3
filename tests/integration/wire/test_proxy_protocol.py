"""The lease server behind balancers of TCP connections, which name the client in a PROXY header."""

import re
import socket

import pytest

from harness.http import Connection, encode
from harness.server import wait_until

CONFIG = """
[semaphores]
A = {{ max = 1, order = "fair" }}
[http]
accept_proxy = ["127.0.0.1"]
header_timeout = "{header_timeout}"
max_per_client = 2
"""
BROKEN = "closed a connection without a valid PROXY header (accept_proxy)"

pytestmark = pytest.mark.ours


@pytest.fixture
def behind(make_server):
    """behind(header_timeout) is a server that is ready; its harness speaks no PROXY protocol."""
    def start(header_timeout: str = "10s"):
        server = make_server(CONFIG.format(header_timeout=header_timeout))
        server.spawn()
        wait_until(lambda: " ready " in server.stderr)
        return server
    return start


class Introduced(Connection):
    """A client that connects from an address of its own, and may send bytes before all others."""

    def __init__(self, port: int, source: str = "127.0.0.5", header: bytes = b""):
        self._socket = socket.create_connection(("127.0.0.1", port), 30, (source, 0))
        self._unread = b""
        self.address = "{}:{}".format(*self._socket.getsockname())
        self.send(header)


def header(source: str, destination: str = "192.0.2.9") -> bytes:
    return f"PROXY TCP4 {source} {destination} 4711 80\r\n".encode()


@pytest.mark.parametrize("send", ["send-proxy", "send-proxy-v2"])
def test_haproxy_names_the_client(behind, run_haproxy, send):
    server = behind()
    port = run_haproxy("", f"127.0.0.1:{server.port} {send}")
    with Introduced(port) as client:
        peer = client.request("POST", "/new_peer", {"expires_in": "1min"}).json
        assert client.request("PUT", f"/peers/{peer}/A", 1).status == 200
        held = client.request("GET", "/leases").json["semaphores"][0]["held"]
        assert [lease["client"] for lease in held] == [client.address]
        assert client.request("PUT", f"/peers/{peer}/nobodys", 1).status == 400
    wait_until(lambda: re.search(f"refused a request .*client={client.address}", server.stderr))


def test_haproxy_takes_health_checks_that_send_a_header(behind, run_haproxy):
    """Of version 2 they name no client."""
    server = behind()
    port = run_haproxy("", f"127.0.0.1:{server.port} send-proxy-v2 check check-send-proxy inter 10")
    with Introduced(port) as client:
        def checks() -> float:
            page = client.request("GET", "/metrics").text
            return float(re.search(r"^throttle_http_connections_accepted_total (\S+)", page,
                                   re.MULTILINE)[1])
        wait_until(lambda: checks() > 3)
        assert "throttle_http_bad_proxy_headers_total 0" in client.request("GET", "/metrics").text
    assert BROKEN not in server.stderr


def test_each_client_of_the_header_has_its_limit_and_its_turn(behind):
    server = behind()
    clients = [Introduced(server.port, "127.0.0.1", header(source))
               for source in ("192.0.2.1", "192.0.2.1", "192.0.2.2")]
    peers = [client.request("POST", "/new_peer", {"expires_in": "1min"}).json
             for client in clients]
    with Introduced(server.port, "127.0.0.1", header("192.0.2.1")) as one_too_many:
        assert one_too_many.hangs_up()
    for client, peer in zip(clients, peers):
        client.request("PUT", f"/peers/{peer}/A", 1)
    more = [client.request("POST", "/new_peer", {"expires_in": "1min"}).json
            for client in clients]
    for client, peer in zip(clients, more):
        client.request("PUT", f"/peers/{peer}/A", 1)
    waiting = clients[0].request("GET", "/leases").json["semaphores"][0]["waiting"]
    sources = [each["client"].split(":")[0] for each in waiting]
    assert sources[:2] in (["192.0.2.1", "192.0.2.2"], ["192.0.2.2", "192.0.2.1"])


def test_without_a_header_it_is_closed_and_logged_with_a_limit(behind):
    server = behind()
    for _ in range(50):
        with Introduced(server.port, "127.0.0.1", encode("GET", "/health")) as client:
            assert client.hangs_up()
    with Introduced(server.port, "127.0.0.1", header("192.0.2.1")) as client:
        assert "throttle_http_bad_proxy_headers_total 50" in client.request("GET", "/metrics").text
    assert server.stderr.count(BROKEN) == 1


def test_a_slow_header_is_closed_by_the_header_timeout(behind):
    server = behind(header_timeout="100ms")
    with Introduced(server.port, "127.0.0.1", b"PROXY TCP4 192.0") as client:
        assert client.hangs_up()
    wait_until(lambda: BROKEN in server.stderr)
    assert "header_timeout" in server.stderr


def test_others_send_none(behind):
    server = behind()
    with Introduced(server.port, "127.0.0.9") as client:
        assert client.request("GET", "/health").status == 200
    with Introduced(server.port, "127.0.0.9", header("192.0.2.1")) as client:
        assert client.request("GET", "/health").status == 400


@pytest.mark.parametrize("destination, status", [("192.0.2.9", 200), ("127.0.0.1", 403)])
def test_a_name_of_the_outside_is_answered_to_clients_that_came_from_there(behind, destination,
                                                                          status):
    """A page that was made to lead to a loopback address is not (DNS rebinding)."""
    server = behind()
    with Introduced(server.port, "127.0.0.1", header("192.0.2.1", destination)) as client:
        assert client.request("GET", "/health", Host="locks.example.org").status == status
