"""The server as a process: command line, configuration, start, reload and stop."""

import re
import signal
import socket
import statistics
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.http import encode
from harness.server import free_port, wait_until

STARTS = 20
READY_TARGET_MS = 10


def run(binary, *arguments, folder=None) -> subprocess.CompletedProcess:
    return subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True,
                          timeout=10, cwd=folder, stdin=subprocess.DEVNULL)


# Start.

@pytest.mark.ours
def test_the_server_is_ready_soon_after_its_start(make_server, report_figure):
    """The target is a median of 10 ms; on a busy machine it is only measured."""
    times = []
    for _ in range(STARTS):
        server = make_server("[semaphores]\nA = 1")
        began = time.monotonic()
        server.spawn()
        while True:
            try:
                server.connect().close()
                break
            except ConnectionRefusedError:
                assert time.monotonic() - began < 5
        times.append((time.monotonic() - began) * 1000)
        server.kill()
    median = statistics.median(times)
    report_figure(f"ready {median:.1f} ms after its start, the median of {STARTS} starts "
                  f"(target {READY_TARGET_MS} ms)")
    assert median < 50 * READY_TARGET_MS


@pytest.mark.parametrize("arguments", [["--port={port}"], ["--port", "{port}"]], ids=str)
def test_the_port_may_be_said_in_many_ways(binary, tmp_path, arguments):
    port = free_port()
    config = tmp_path / "some.toml"
    config.write_text("[semaphores]\nA = 3")
    command = [binary, *(a.format(port=port) for a in arguments), f"-c{config}"]
    assert is_served(command, ("127.0.0.1", port), tmp_path)


@pytest.mark.parametrize("address, host", [("127.0.0.2", "127.0.0.2"), ("[::1]", "::1"),
                                           ("localhost", "localhost"), ("0.0.0.0", "127.0.0.3")])
def test_it_listens_where_it_is_told_to(binary, tmp_path, address, host):
    port = free_port()
    command = [binary, "--address", address, "--port", str(port)]
    assert is_served(command, (host, port), tmp_path)


def is_served(command: list, address: tuple[str, int], folder) -> bool:
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        def is_up() -> bool:
            try:
                with socket.create_connection(address, 1) as connection:
                    connection.sendall(encode("GET", "/health"))
                    return b" 200 " in connection.recv(1000)
            except OSError:
                assert process.poll() is None
                return False
        wait_until(is_up, 5)
        return True
    finally:
        process.terminate()
        process.wait(5)


def test_without_a_configuration_there_are_no_semaphores(binary, tmp_path):
    port = free_port()
    assert is_served([binary, "--port", str(port)], ("127.0.0.1", port), tmp_path)


def test_a_port_in_use_is_an_error(serve, binary, tmp_path):
    server = serve()
    result = run(binary, "--port", server.port, folder=tmp_path)
    assert result.returncode == 1 and result.stderr
    assert server.request("GET", "/health").status == 200


# Command line.

@pytest.mark.ours
@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--version"], ["-V"]], ids=str)
def test_what_is_asked_for_is_told_on_standard_output(binary, arguments):
    result = run(binary, *arguments)
    assert result.returncode == 0
    assert "throttle-server" in result.stdout and result.stderr == ""


@pytest.mark.parametrize("arguments, named", [
    (["--nonsense"], "nonsense"), (["--port", "66000"], "66000"), (["--port", "-1"], ""),
    (["--port", "http"], "http"), (["--port"], "port"), (["-x"], "x"), (["surplus"], "surplus"),
    pytest.param(["--log-format", "xml"], "xml", marks=pytest.mark.ours),
], ids=str)
def test_wrong_arguments_exit_2_and_are_named(binary, tmp_path, arguments, named):
    result = run(binary, *arguments, folder=tmp_path)
    assert result.returncode == 2
    assert named in result.stderr and result.stdout == ""


# Configuration.

GOOD_CONFIGS = [
    "", "[semaphores]", "[logging]", "A_key_of_tomorrow = 1\n[semaphores]\nA = 5",
    'litter_collection_interval = "5min"\n[semaphores]\nA = 5',
    "[semaphores]\r\nA = 5\r\n# with a comment\r\n", "semaphores = { A = 5 }", "semaphores.A = 5",
    "semaphores.A.max = 5", "[semaphores.A]\nmax = 5\nlevel = 7", "[semaphores]\nA = { max = 5 }",
    "[semaphores]\n  [semaphores.A]\n  level = -2147483648\n  max = 0x5", "[semaphores]\nA = +5",
    "[semaphores]\nA = 0b101", "[semaphores]\nA = 0o5",
    "[semaphores]\n'A' = 5\n\"B\\u0020C\" = 1_0",
    '[semaphores]\nA = 5\n[logging.stderr]\nlevel = "INFO"',
]


@pytest.mark.parametrize("config", GOOD_CONFIGS, ids=repr)
def test_a_configuration_is_read(serve, config):
    server = serve(config)
    if "A" in config.replace("A_", "_"):
        assert server.remainder("A") == 5


BAD_CONFIGS = [
    ("[semaphores]\nA = ", 2, "", ""),
    ("[semaphores]\nA = 1.5", 2, "A", "integer"),
    ("[semaphores]\nA = '5'", 2, "A", "integer"),
    ("[semaphores]\nA = true", 2, "A", "integer"),
    ("[semaphores]\nA = 9223372036854775808", 2, "", ""),
    ("[semaphores]\nA = 1\nA = 2", 3, "", ""),
    ("[semaphores]\nB = 1\nA = {}", 3, "max", ""),
    ("[semaphores]\nA = { level = 1 }", 2, "max", ""),
    ("[semaphores]\nA = { max = 1, level = 2147483648 }", 2, "level", ""),
    ("semaphores = 3", 1, "semaphores", "table"),
    ("\n\n[logging.stderr]\n", 3, "level", ""),
]


@pytest.mark.parametrize("config, line, key, expected", BAD_CONFIGS, ids=repr)
def test_a_wrong_configuration_exits_1(binary, tmp_path, config, line, key, expected):
    (tmp_path / "throttle.toml").write_text(config)
    assert run(binary, "--port", free_port(), folder=tmp_path).returncode == 1


@pytest.mark.ours
@pytest.mark.parametrize("config, line, key, expected", [
    *BAD_CONFIGS,
    ('[semaphores]\nA = { max = 1, order = "random" }', 2, "order", "fifo"),
    ('startup_grace = "soon"', 1, "startup_grace", "soon"),
    ("[http]\nmax_connections = 'many'", 2, "max_connections", "integer"),
    ('[logging.stderr]\nlevel = "loud"', 2, "level", "warn"),
    ('[logging.gelf]\nname = "n"\nhost = "h"\nlevel = "info"\nport = 70000', 5, "port", "65535"),
], ids=repr)
def test_an_error_says_where_and_what_was_expected(binary, tmp_path, config, line, key, expected):
    (tmp_path / "throttle.toml").write_text(config)
    result = run(binary, "--check", folder=tmp_path)
    assert result.returncode == 1
    assert re.search(rf"throttle\.toml:{line}:\d+: ", result.stderr), result.stderr
    assert key in result.stderr and expected in result.stderr


@pytest.mark.ours
@pytest.mark.parametrize("config", GOOD_CONFIGS, ids=repr)
def test_check_says_yes_and_ends(binary, tmp_path, config):
    (tmp_path / "throttle.toml").write_text(config)
    assert run(binary, "--check", folder=tmp_path).returncode == 0


def test_a_folder_is_no_configuration(binary, tmp_path):
    result = run(binary, "-c", tmp_path, "--port", free_port())
    assert result.returncode == 1 and str(tmp_path) in result.stderr


@pytest.mark.ours
def test_the_shipped_example_is_valid(binary, request):
    example = request.config.rootpath.parent.parent / "examples/throttle.toml"
    assert run(binary, "--check", "-c", example).returncode == 0


@pytest.mark.ours
def test_a_full_queue_is_503(serve):
    server = serve("[semaphores]\nA = { max = 1, max_pending = 1 }")
    statuses = [server.acquire(server.new_peer(), "A").status for _ in range(3)]
    assert statuses == [200, 202, 503]
    answer = server.acquire(server.new_peer(), "A")
    assert "A" in answer.text and server.metrics()['throttle_pending{semaphore="A"}'] == 1


@pytest.mark.ours
def test_who_came_last_may_be_served_first(serve):
    server = serve('[semaphores]\nA = { max = 1, order = "lifo" }')
    holder, first, last = (server.new_peer() for _ in range(3))
    assert [server.acquire(p, "A").status for p in (holder, first, last)] == [200, 202, 202]
    server.request("DELETE", f"/peers/{holder}")
    assert server.request("GET", f"/peers/{last}/is_acquired").json is True
    assert server.request("GET", f"/peers/{first}/is_acquired").json is False


@pytest.mark.ours
def test_after_a_start_the_clients_may_restore_before_anything_is_granted(serve):
    server = serve('startup_grace = "1s"\n[semaphores]\nA = 1')
    early = server.new_peer()
    assert server.acquire(early, "A").status == 202
    body = {"expires_in": "1min", "peer_id": 7, "acquired": {"A": 1}}
    assert server.request("POST", "/restore", body).status == 200
    assert server.acquire(early, "A", 1, "?block_for=1500ms").status == 202
    assert server.remainder("A") == 0
    server.request("DELETE", "/peers/7")
    assert server.acquire(early, "A").status == 200


# Reload.

@pytest.fixture
def reload():
    """reload(server, config, said) waits until the log says so."""

    def act(server, config: str, said: str) -> None:
        server.write_config(config)
        before = server.stderr.count(said)
        server.signal(signal.SIGHUP)
        wait_until(lambda: server.stderr.count(said) > before, 5, lambda: server.stderr)

    return act


INFO = {"environment": {"THROTTLE_LOG": "info"}}


@pytest.mark.ours
def test_a_reload_adds_resizes_and_removes_semaphores_and_drops_no_lease(serve, reload):
    server = serve("[semaphores]\nA = 3\nB = 1\nC = 1", **INFO)
    holder, waiter = server.new_peer(), server.new_peer()
    server.acquire(holder, "A", 3)
    other = server.new_peer()
    server.acquire(other, "C")
    assert server.acquire(waiter, "B").status == 200
    server.request("DELETE", f"/peers/{waiter}/B")
    reload(server, "[semaphores]\nA = 1\nB = 5\nD = 2", "reloaded")
    assert server.remainder("A") == -2
    assert server.remainder("B") == 5 and server.remainder("D") == 2
    assert server.acquire(waiter, "C").body == b"Unknown semaphore"
    assert server.acquire(waiter, "A").status == 202
    assert server.peers() == {holder, waiter, other}
    server.request("DELETE", f"/peers/{holder}")
    assert server.request("GET", f"/peers/{waiter}/is_acquired").json is True


@pytest.mark.ours
def test_a_reload_serves_who_fits_now(serve, reload):
    server = serve("[semaphores]\nA = 1", **INFO)
    holder, waiter = server.new_peer(), server.new_peer()
    server.acquire(holder, "A")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(server.acquire, waiter, "A", 1, "?block_for=20s")
        wait_until(lambda: server.metrics()['throttle_pending{semaphore="A"}'] == 1, 5)
        reload(server, "[semaphores]\nA = 2", "reloaded")
        assert answer.result(2).status == 200


@pytest.mark.ours
def test_a_broken_file_is_refused_with_its_error_and_the_old_one_stays(serve, reload):
    server = serve("[semaphores]\nA = 1", **INFO)
    peer = server.new_peer()
    server.acquire(peer, "A")
    reload(server, "[semaphores]\nA = 1\nB = one", "stays in force")
    assert "throttle.toml:3:" in server.stderr
    assert server.remainder("A") == 0
    assert server.request("GET", "/remainder?semaphore=B").body == b"Unknown semaphore"
    reload(server, "[semaphores]\nA = 2", "reloaded")
    assert server.remainder("A") == 1


# Stop.

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_an_idle_server_stops_within_a_second(serve, number):
    server = serve("[semaphores]\nA = 1")
    with server.connect() as idle:
        assert idle.request("GET", "/health").status == 200
        server.signal(number)
        assert server.wait(1) == 0
        assert idle.is_closed_within(1)
    with pytest.raises(ConnectionRefusedError):
        server.connect()


@pytest.mark.ours
def test_a_signal_right_after_the_first_answer_stops_it_in_order(make_server):
    for _ in range(5):
        assert make_server("").start().stop() == 0


@pytest.mark.ours
def test_stopping_tells_who_is_blocked_that_they_are_pending(serve):
    server = serve("[semaphores]\nA = 1")
    server.acquire(server.new_peer(), "A")
    waiters = [server.new_peer() for _ in range(10)]
    old = server.request("POST", "/acquire", {"pending": {"A": 1}, "expires_in": "1min"}).json
    with ThreadPoolExecutor(20) as pool:
        answers = [pool.submit(server.acquire, w, "A", 1, "?block_for=1h") for w in waiters]
        answers.append(pool.submit(
            server.request, "POST", f"/peers/{old}/block_until_acquired?timeout_ms=3600000",
            {"pending": {"A": 1}, "active": {}, "expires_in": "5min"}))
        parked = "throttle_parked_requests"
        wait_until(lambda: server.metrics()[parked] == len(answers), 5)
        began = time.monotonic()
        server.signal(signal.SIGTERM)
        *current, first = (answer.result(2) for answer in answers)
        assert time.monotonic() - began < 1
        assert [(a.status, a.json) for a in current] == [(202, waiter) for waiter in waiters]
        assert (first.status, first.body) == (200, b"false")
        assert server.wait(2) == 0
        assert time.monotonic() - began < 2


@pytest.mark.ours
def test_stopping_lets_a_request_under_way_finish(serve):
    server = serve("[semaphores]\nA = 1")
    request = encode("POST", "/new_peer", {"expires_in": "1min"})
    with server.connect() as connection:
        connection.send(request[:-5])
        wait_until(lambda: server.metrics()["throttle_http_connections"] == 2, 5)
        server.signal(signal.SIGTERM)
        time.sleep(0.2)
        connection.send(request[-5:])
        answer = connection.response()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert server.wait(2) == 0


@pytest.mark.ours
def test_stopping_does_not_wait_for_ever_for_who_never_finishes(serve):
    server = serve("[semaphores]\nA = 1")
    with server.connect() as connection:
        connection.send(b"POST /new_peer HTTP/1.1\r\n")
        wait_until(lambda: server.metrics()["throttle_http_connections"] == 2, 5)
        server.signal(signal.SIGTERM)
        assert server.wait(2) == 0


@pytest.mark.ours
@pytest.mark.parametrize("first, second", [(signal.SIGTERM, signal.SIGTERM),
                                           (signal.SIGINT, signal.SIGTERM)],
                         ids=lambda n: n.name)
def test_a_second_signal_ends_it_at_once(serve, first, second):
    server = serve('drain_timeout = "1min"\n[semaphores]\nA = 1')
    with server.connect() as connection:
        connection.send(b"POST /new_peer HTTP/1.1\r\n")
        wait_until(lambda: server.metrics()["throttle_http_connections"] == 2, 5)
        server.signal(first)
        time.sleep(0.3)
        assert server.is_running()
        server.signal(second)
        server.wait(1)
