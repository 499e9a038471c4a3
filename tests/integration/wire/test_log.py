"""What the server says on stderr, and to a GELF server."""

import gzip
import json
import re
import socket
import time
import zlib

import pytest

from harness.server import wait_until
from harness.tcp import LIMIT_S, free_port

LINE = re.compile(r"\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (ERROR|WARN |INFO |DEBUG|TRACE) [\w:.]+\] .+")


def lose_a_lease(server, semaphore: str = "A") -> None:
    """What every operator wants to be warned of."""
    assert server.acquire(server.new_peer(), semaphore, 1, "?expires_in=1ms").status == 200
    wait_until(lambda: server.remainder(semaphore) == 1)


@pytest.mark.parametrize("config, variable, warns, informs", [
    ("", None, True, False),
    ('[logging.stderr]\nlevel = "INFO"', None, True, True),
    ('[logging.stderr]\nlevel = "error"', None, False, False),
    ('[logging.stderr]\nlevel = "error"', "INFO", True, True),
    ('[logging.stderr]\nlevel = "trace"', "off", False, False),
    ("", "app=info", False, True),
    ("", "warn", True, False),
])
def test_the_level_decides_and_the_variable_wins(serve, config, variable, warns, informs):
    environment = {"THROTTLE_LOG": variable} if variable else {}
    settings = 'startup_grace = "1ms"\n[semaphores]\nA = 1\n'  # without a grace there is a warning
    server = serve(settings + config, environment=environment)
    lose_a_lease(server)
    server.stop()
    lines = [line for line in server.log_lines if " ready " not in line]
    assert any("WARN" in line for line in lines) is warns
    assert any("INFO" in line for line in lines) is informs


@pytest.mark.ours
@pytest.mark.parametrize("variable", ["off", "error", "warn", "info", "http=trace", "info/nothing"])
@pytest.mark.parametrize("address, listens", [
    ("127.0.0.1", "for this machine only"), ("0.0.0.0", "on all addresses"),
    ("[::]", "on all addresses")])
def test_the_line_ready_is_written_at_every_level(make_server, variable, address, listens):
    """With the port that the system chose."""
    server = make_server("[semaphores]\nA = 1", port=0, environment={"THROTTLE_LOG": variable},
                         arguments=["--address", address])
    server.spawn()
    ready = re.compile(re.escape(f"ready address={address}:") + r"([1-9]\d*)"
                       + f' listens="{listens}" semaphores=1$', re.MULTILINE)
    wait_until(lambda: ready.search(server.stderr), lambda: server.stderr)
    server.port = int(ready.search(server.stderr)[1])
    assert server.request("GET", "/health").status == 200
    assert len(ready.findall(server.stderr)) == 1


@pytest.mark.ours
@pytest.mark.parametrize("level, in_file", [("info", 1), ("warn", 0)])
def test_a_file_gets_the_line_ready_by_its_level_and_stderr_too(make_server, level, in_file):
    server = make_server("")
    log = server.folder / "log"
    server.config = f'[semaphores]\nA = 1\n[logging.file]\npath = "{log}"\nlevel = "{level}"\n'
    server.environment["THROTTLE_LOG"] = "off"
    server.start()
    assert server.stop() == 0
    assert server.stderr.count(" ready ") == 1
    assert log.read_text().count(" ready ") == in_file


@pytest.mark.ours
def test_nothing_is_ready_before_all_is(make_server, binary):
    """A proxy that listens already says nothing if the server then cannot."""
    taken = make_server("[semaphores]\nA = 1").start()
    server = make_server(f'[proxy.p]\nlisten = "127.0.0.1:{free_port()}"\n'
                         f'upstream = "127.0.0.1:{free_port()}"\n', port=taken.port)
    server.spawn()
    assert server.wait() == 1
    assert "cannot start" in server.stderr and " ready " not in server.stderr


def test_a_request_for_an_unknown_semaphore_is_warned_of(serve):
    server = serve("[semaphores]\nA = 1")
    server.acquire(server.new_peer(), "nobodys")
    server.stop()
    assert "WARN" in server.stderr and "nobodys" in server.stderr


@pytest.mark.ours
@pytest.mark.parametrize("method, target, body", [
    ("PUT", "/peers/1/nobodys", 1),
    ("DELETE", "/peers/1/nobodys", None),
    ("GET", "/remainder?semaphore=nobodys", None),
    ("GET", "/leases?semaphore=nobodys", None),
    ("POST", "/acquire", {"pending": {"nobodys": 1}, "expires_in": "1min"}),
    ("POST", "/restore", {"peer_id": 1, "acquired": {"A": 1, "nobodys": 1}, "expires_in": "1min"}),
    ("PUT", "/peers/1", {"active": {"A": 1, "nobodys": 1}, "expires_in": "1min"}),
])
def test_the_log_names_the_semaphore_that_is_not_known(serve, method, target, body):
    server = serve("[semaphores]\nA = 1", arguments=["--log-format", "json"])
    refused = server.request(method, target, body)
    assert (refused.status, refused.body) == (400, b"Unknown semaphore")
    def refusals():
        lines = [json.loads(line) for line in server.log_lines]
        return [line for line in lines if line["message"] == "refused a request"]

    wait_until(refusals)
    assert [line["reason"] for line in refusals()] == ["Unknown semaphore: nobodys"]


@pytest.mark.ours
def test_the_warning_of_a_lost_lease_names_its_client(serve):
    server = serve("[semaphores]\nA = 1")
    lose_a_lease(server)
    wait_until(lambda: re.search(r'WARN .* peer=\d+ label="" client=127\.0\.0\.1:\d+ semaphore=A',
                                 server.stderr), lambda: server.stderr)


def test_each_line_has_its_time_level_and_target(serve):
    server = serve("[semaphores]\nA = 1", environment={"THROTTLE_LOG": "debug"})
    lose_a_lease(server)
    server.stop()
    lines = server.log_lines
    assert lines and [line for line in lines if not LINE.fullmatch(line)] == []


@pytest.mark.ours
def test_a_mistake_in_the_variable_is_told_though_it_lets_only_errors_pass(serve):
    server = serve("[semaphores]\nA = 1", environment={"THROTTLE_LOG": "ledger=debgu"})
    wait_until(lambda: "log level 'ledger=debgu' is ignored" in server.stderr)


@pytest.mark.ours
def test_an_unknown_target_silences_nothing_and_is_guessed(serve):
    server = serve("[semaphores]\nA = 1", environment={"THROTTLE_LOG": "ledgr"})
    lose_a_lease(server)
    wait_until(lambda: "did you mean 'ledger'?" in server.stderr)
    wait_until(lambda: "a peer that held a lease was not renewed in time" in server.stderr)


@pytest.mark.ours
@pytest.mark.parametrize("target", ["app", "http", "journal", "ledger", "proxy"])
def test_every_target_of_the_log_is_known(serve, target):
    server = serve("[semaphores]\nA = 1", environment={"THROTTLE_LOG": f"{target}=debug,warn"})
    server.stop()
    assert "is ignored" not in server.stderr


def test_a_server_without_semaphores_says_so(serve):
    server = serve("")
    wait_until(lambda: "semaphores" in server.stderr)


@pytest.mark.ours
@pytest.mark.parametrize("config, arguments", [
    ("", ["--log-format", "json"]), ('format = "json"', []),
    ('format = "json"', ["--log-format=json"]),
])
def test_machines_get_an_object_a_line(serve, config, arguments):
    server = serve(f'[semaphores]\nA = 1\n[logging.stderr]\nlevel = "trace"\n{config}',
                   arguments=arguments)
    lose_a_lease(server)
    server.stop()
    records = [json.loads(line) for line in server.log_lines]
    assert {"INFO", "WARN"} <= {record["level"] for record in records}
    assert all({"time", "level", "target", "message"} <= record.keys() for record in records)
    assert any(record["level"] == "WARN" and record.get("semaphore") == "A" for record in records)


@pytest.mark.ours
def test_nobody_forges_a_line(serve):
    server = serve("[semaphores]\nA = 1", environment={"THROTTLE_LOG": "trace"})
    server.request("GET", "/remainder?semaphore=x%0A[2000-01-01T00:00:00Z%20ERROR%20app]%20forged")
    server.acquire(server.new_peer(), "%0D%0A%1B[31mred")
    server.stop()
    assert "\x1b" not in server.stderr
    assert all(LINE.fullmatch(line) for line in server.log_lines)


# GELF.

class GelfReceiver:
    def __init__(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        self.port = self._socket.getsockname()[1]
        self.datagrams: list[bytes] = []
        self._chunks: dict[bytes, dict[int, bytes]] = {}

    def config(self, more: str = "") -> str:
        return ('[semaphores]\nA = 1\n[logging.gelf]\nname = "tester"\nhost = "127.0.0.1"\n'
                f'port = {self.port}\nlevel = "debug"\n{more}\n')

    def messages(self, until) -> list[dict]:
        """All that comes until one is found for which `until` holds."""
        found = []
        deadline = time.monotonic() + LIMIT_S
        while not any(until(message) for message in found):
            assert time.monotonic() < deadline, found
            try:
                datagram = self._socket.recv(65536)
            except TimeoutError:
                continue
            self.datagrams.append(datagram)
            if whole := self._assemble(datagram):
                found.append(json.loads(unpack(whole)))
        return found

    def _assemble(self, datagram: bytes) -> bytes | None:
        if not datagram.startswith(b"\x1e\x0f"):
            return datagram
        name, number, count = datagram[2:10], datagram[10], datagram[11]
        parts = self._chunks.setdefault(name, {})
        parts[number] = datagram[12:]
        return b"".join(parts[i] for i in range(count)) if len(parts) == count else None

    def close(self) -> None:
        self._socket.close()


def unpack(message: bytes) -> bytes:
    if message.startswith(b"\x1f\x8b"):
        return gzip.decompress(message)
    return zlib.decompress(message) if message[:1] == b"\x78" else message


@pytest.fixture
def receiver():
    gelf = GelfReceiver()
    yield gelf
    gelf.close()


def is_warning(message: dict) -> bool:
    """About a lease that was lost."""
    return message["level"] == 4 and "_semaphore" in message


@pytest.mark.ours
@pytest.mark.parametrize("packing, magic", [
    ("", b"\x1f\x8b"), ('compression = "gzip"', b"\x1f\x8b"), ('compression = "zlib"', b"\x78"),
    ('compression = "none"', b"{"),
])
def test_a_gelf_server_receives_the_log(serve, receiver, packing, magic):
    server = serve(receiver.config(packing))
    lose_a_lease(server)
    messages = receiver.messages(is_warning)
    assert all(datagram.startswith(magic) for datagram in receiver.datagrams)
    for message in messages:
        assert (message["version"], message["host"]) == ("1.1", "tester")
        assert message["short_message"]
        assert abs(message["timestamp"] - time.time()) < 60
        assert 0 <= message["level"] <= 7
        assert all(key.startswith("_") for key in message.keys() - {
            "version", "host", "short_message", "full_message", "timestamp", "level"})
    assert any(is_warning(message) and message["_semaphore"] == "A" for message in messages)


@pytest.mark.ours
def test_a_long_message_comes_in_chunks(serve, receiver):
    name = "long" * 500
    config = receiver.config('compression = "none"\ndatagram_bytes = 512')
    server = serve(config.replace("A = 1", f"{name} = 1"))
    lose_a_lease(server, name)
    messages = receiver.messages(is_warning)
    assert name[:1000] in json.dumps(messages)
    assert any(datagram.startswith(b"\x1e\x0f") for datagram in receiver.datagrams)
    assert all(len(datagram) <= 512 for datagram in receiver.datagrams)


@pytest.mark.ours
@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid", "203.0.113.1"])
def test_a_dead_log_host_costs_nothing(serve, host):
    config = ('[semaphores]\nA = 1\n[logging.gelf]\nname = "x"\nport = 9\n'
              f'host = "{host}"\nlevel = "trace"\n')
    server = serve(config)
    began = time.monotonic()
    for _ in range(200):
        assert server.request("GET", "/health").status == 200
    assert time.monotonic() - began < LIMIT_S
    assert server.stop() == 0


@pytest.mark.ours
def test_a_log_host_that_nobody_knows_is_told_once(serve):
    server = serve('[semaphores]\nA = 1\n[logging.gelf]\nname = "x"\nport = 9\n'
                   'host = "nowhere.invalid"\nlevel = "trace"\n')
    told = "the GELF server gets no log until its name is known"
    wait_until(lambda: any(told in line for line in server.log_lines))
    [line] = [line for line in server.log_lines if told in line]
    assert "WARN" in line and "nowhere.invalid" in line
