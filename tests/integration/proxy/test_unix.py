"""Unix sockets on both sides: what is carried, what the file is, and real programs at an end."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import threading

import pytest

from harness.server import wait_until
from harness.tcp import LIMIT_S, free_port


class UnixService:
    """A service that gives everything back; `received` is what each connection has sent so far."""

    def __init__(self, path):
        self.path = path
        self.received: list[bytes] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connected, _ = self._listener.accept()
            except OSError:
                return
            self.received.append(b"")
            threading.Thread(target=self._echo, args=[connected, len(self.received) - 1],
                             daemon=True).start()

    def _echo(self, connected: socket.socket, number: int) -> None:
        with connected:
            try:
                while piece := connected.recv(65536):
                    self.received[number] += piece
                    connected.sendall(piece)
            except OSError:
                pass


def connect(path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(LIMIT_S)
    client.connect(str(path))
    return client


def ask(client: socket.socket, words: bytes) -> bytes:
    client.sendall(words)
    return client.recv(len(words), socket.MSG_WAITALL)


@pytest.fixture
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("s")


@pytest.fixture
def service(folder):
    service = UnixService(folder / "service.sock")
    yield service
    service.stop()


@pytest.fixture
def start_office(make_proxy, service, folder):
    """start_office(key=value, …) is a proxy at `front` that leads to the service."""
    def start(**keys):
        proxy = make_proxy()
        proxy.front = folder / "front.sock"
        proxy.table = lambda **values: "\n".join(
            ["[proxy.office]", f'listen = ["unix:{proxy.front}", "127.0.0.1:{proxy.listen}"]',
             f'upstream = "unix:{service.path}"', 'upstream_check = "none"',
             *(f"{k} = {v}" for k, v in values.items())])
        proxy.config = proxy.table(**keys)
        return proxy.start()
    return start


def from_front(folder, upstream: str) -> str:
    """The configuration of a proxy from front.sock to that socket of the folder."""
    return "\n".join(["[proxy.p]", f'listen = "unix:{folder}/front.sock"',
                      f'upstream = "unix:{folder}/{upstream}"', 'upstream_check = "none"'])


def test_one_queue_of_both_kinds_of_clients(start_office):
    proxy = start_office()
    first = connect(proxy.front)
    assert ask(first, b"hello") == b"hello"
    with proxy.client() as second:
        proxy.wait_for(active=1, waiting=1)
        assert [each["client"] for each in proxy.connections()] == \
            [f"unix:uid={os.getuid()}", second.address]
        first.close()
        assert second.ask(b"me too") == b"me too"
    proxy.wait_for_log("connection", 2)
    assert proxy.endings()[0]["client"] == f"unix:uid={os.getuid()}"


def test_much_is_carried_whole_both_ways_and_ends_in_halves(start_office):
    proxy = start_office()
    much = os.urandom(8 << 20)
    with connect(proxy.front) as client:
        back = bytearray()
        pieces = iter(lambda: client.recv(1 << 20), b"")
        reader = threading.Thread(target=lambda: [back.extend(piece) for piece in pieces])
        reader.start()
        client.sendall(much)
        client.shutdown(socket.SHUT_WR)
        reader.join(LIMIT_S)
    assert bytes(back) == much


def test_every_wait_and_end_of_a_client_frees_its_place(start_office):
    proxy = start_office(idle_timeout='"300ms"', vanish_timeout='"1s"')
    for _ in range(20):
        active, waiting = connect(proxy.front), connect(proxy.front)
        active.sendall(b"x")
        waiting.close()
        active.close()
    connect(proxy.front)
    wait_until(proxy.is_empty)


def test_clients_of_one_user_are_one_client(start_office):
    proxy = start_office(max_per_client=1)
    with connect(proxy.front) as client:
        ask(client, b"hello")
        with connect(proxy.front) as other:
            assert other.recv(1) == b""
        with proxy.client():
            proxy.wait_for(active=1, waiting=1)


def test_the_file_is_there_while_the_proxy_listens(start_office):
    proxy = start_office(socket_mode='"0600"')
    assert stat.S_IMODE(proxy.front.stat().st_mode) == 0o600
    proxy.reload(proxy.table(socket_mode='"0666"'))
    assert stat.S_IMODE(proxy.front.stat().st_mode) == 0o666
    with connect(proxy.front) as client:
        assert ask(client, b"hello") == b"hello"
        proxy.signal(signal.SIGTERM)
        proxy.wait_for_log("stopping")
        wait_until(lambda: not proxy.front.exists())
        assert ask(client, b"still there") == b"still there"
    assert proxy.wait() == 0


def test_the_file_of_a_killed_proxy_is_replaced_and_that_of_a_live_one_is_not(start_office,
                                                                              make_proxy):
    proxy = start_office()
    other = make_proxy(config=proxy.config.replace(str(proxy.listen), str(free_port())))
    other.write_config(other.config)
    tried = subprocess.run(other.command(), capture_output=True, text=True, timeout=LIMIT_S)
    assert tried.returncode == 1
    assert f"cannot listen on unix:{proxy.front}: address already in use. Another program" in \
        tried.stderr
    proxy.kill()
    assert proxy.front.exists()
    proxy.start()
    with connect(proxy.front) as client:
        assert ask(client, b"hello") == b"hello"


def test_a_service_that_comes_late_is_waited_for(make_proxy, folder):
    proxy = make_proxy(config=from_front(folder, "late.sock")).start()
    with connect(folder / "front.sock") as client:
        client.sendall(b"hello")
        proxy.wait_for(connecting=1)
        late = UnixService(folder / "late.sock")
        assert client.recv(5, socket.MSG_WAITALL) == b"hello"
        late.stop()


def test_the_header_for_the_service_says_that_there_are_no_addresses(start_office, service):
    for version, header in ((1, b"PROXY UNKNOWN\r\n"),
                            (2, b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0")):
        proxy = start_office(send_proxy=f'"v{version}"')
        with connect(proxy.front) as client:
            client.sendall(b"hello")
            wait_until(lambda: service.received and service.received[-1] == header + b"hello")
        proxy.kill()


def test_a_balancer_at_the_socket_names_the_real_client(start_office):
    proxy = start_office(accept_proxy='["unix"]')
    with connect(proxy.front) as client:
        client.sendall(b"PROXY TCP4 192.0.2.7 192.0.2.9 4711 80\r\nhello")
        assert client.recv(5, socket.MSG_WAITALL) == b"hello"
        assert [each["client"] for each in proxy.connections()] == ["192.0.2.7:4711"]


def test_haproxy_in_front_of_the_socket_names_the_real_client(start_office, tmp_path):
    assert shutil.which("haproxy"), "haproxy is missing (package haproxy)"
    proxy = start_office(accept_proxy='["unix"]')
    port = free_port()
    config = tmp_path / "haproxy.cfg"
    config.write_text("defaults\n mode tcp\n timeout connect 5s\n timeout client 30s\n"
                      " timeout server 30s\n"
                      f"listen all\n bind 127.0.0.1:{port}\n"
                      f" server one unix@{proxy.front} send-proxy-v2\n")
    with subprocess.Popen(["haproxy", "-db", "-f", config], stdin=subprocess.DEVNULL) as haproxy:
        try:
            proxy.listen, own = port, proxy.listen
            wait_until(lambda: _answers(port))
            with proxy.client() as client:
                assert client.ask(b"hello") == b"hello"
                wait_until(lambda: client.address in
                           [each["client"] for each in proxy.connections()])
            proxy.listen = own
        finally:
            haproxy.kill()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def test_curl_speaks_to_an_http_service_behind_two_sockets(make_proxy, folder):
    assert shutil.which("curl"), "curl is missing (package curl)"
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{folder}/http.sock")
    listener.listen(8)

    def serve() -> None:
        for _ in range(2):
            connected, _ = listener.accept()
            with connected:
                connected.recv(65536)
                connected.sendall(page)

    threading.Thread(target=serve, daemon=True).start()
    proxy = make_proxy(config=from_front(folder, "http.sock")).start()
    for _ in range(2):
        answered = subprocess.run(["curl", "-sS", "--unix-socket", f"{folder}/front.sock",
                                   "http://office/"], capture_output=True, timeout=LIMIT_S)
        assert answered.stdout == b"hello\n", answered.stderr
    proxy.wait_for_log("connection", 2)
    listener.close()


def test_the_command_line_takes_sockets(make_proxy, service, folder):
    front = folder / "front.sock"
    proxy = make_proxy()
    proxy.command = lambda: [str(proxy.binary), "-l", f"unix:{front}", "--upstream",
                             f"unix:{service.path}", "--socket-mode", "0600", "--status",
                             f"127.0.0.1:{proxy.port}", "--log-format", "json"]
    proxy.start()
    with connect(front) as client:
        assert ask(client, b"hello") == b"hello"
    ready = [line for line in proxy.log("ready") if "proxy" in line]
    assert [(line["address"], line["upstream"]) for line in ready] == \
        [(f"unix:{front}", f"unix:{service.path}")]


def test_a_loop_through_a_link_is_warned_of(make_proxy, folder):
    (folder / "link.sock").symlink_to(folder / "front.sock")
    proxy = make_proxy(config=from_front(folder, "link.sock")).start()
    with connect(folder / "front.sock"):
        proxy.wait_for_log("connections come back, and may wait for themselves for ever")


def test_a_full_backlog_of_the_service_is_waited_out(make_proxy, folder):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{folder}/full.sock")
    listener.listen(0)
    taken = connect(folder / "full.sock")
    proxy = make_proxy(config=from_front(folder, "full.sock")).start()
    with connect(folder / "front.sock") as client:
        client.sendall(b"hello")
        proxy.wait_for(connecting=1)
        first, _ = listener.accept()
        connected, _ = listener.accept()
        assert connected.recv(5, socket.MSG_WAITALL) == b"hello"
        for each in (first, connected, taken, listener):
            each.close()
