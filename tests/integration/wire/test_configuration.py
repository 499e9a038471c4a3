"""throttle.toml: what it may hold, what is said of mistakes, and what a reload does."""

import re
import signal

import pytest

from harness.server import run, wait_until
from harness.tcp import LIMIT_S, free_port

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
    server = serve('startup_grace = "3s"\n[semaphores]\nA = 1')
    early = server.new_peer()
    assert server.acquire(early, "A").status == 202
    body = {"expires_in": "1min", "peer_id": 7, "acquired": {"A": 1}}
    assert server.request("POST", "/restore", body).status == 200
    assert server.acquire(early, "A", 1, "?block_for=3s").status == 202
    assert server.remainder("A") == 0
    server.request("DELETE", "/peers/7")
    assert server.acquire(early, "A").status == 200


# Reload.

@pytest.fixture
def reload():
    """reload(server, config, said) waits until the log says so."""

    def act(server, config: str, said: str) -> None:
        def times() -> int:
            return sum(said in line for line in server.log_lines)

        server.write_config(config)
        before = times()
        server.signal(signal.SIGHUP)
        wait_until(lambda: times() > before, lambda: server.stderr)

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
def test_a_reload_serves_who_fits_now(serve, reload, background):
    server = serve("[semaphores]\nA = 1", **INFO)
    holder, waiter = server.new_peer(), server.new_peer()
    server.acquire(holder, "A")
    answer = background(server.acquire, waiter, "A", 1, "?block_for=20s")
    wait_until(lambda: server.metrics()['throttle_pending{semaphore="A"}'] == 1)
    reload(server, "[semaphores]\nA = 2", "reloaded")
    assert answer.result(LIMIT_S).status == 200


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


@pytest.mark.ours
@pytest.mark.parametrize("config", ["", "\n# nothing\n", '[http]\nlisten = "127.0.0.1:8000"'],
                         ids=["empty", "comments", "another table"])
def test_a_file_that_would_retire_everything_is_refused(serve, reload, config):
    server = serve("[semaphores]\nA = 1", **INFO)
    reload(server, config, "stays in force")
    assert server.remainder("A") == 1
    reload(server, "[semaphores]", "reloaded")
    assert server.request("GET", "/remainder?semaphore=A").body == b"Unknown semaphore"


@pytest.mark.ours
def test_a_reload_names_each_changed_key_that_needs_a_restart(serve, reload):
    server = serve("[semaphores]\nA = 1", **INFO)
    reload(server, 'startup_grace = "1s"\ndrain_timeout = "1s"\n[semaphores]\nA = 2\n'
                   '[http]\nidle_timeout = "3s"', "reloaded")
    changed = [line for line in server.log_lines if "needs a restart" in line]
    assert [line.split("key=")[1].strip() for line in changed] == ["startup_grace",
                                                                  "http.idle_timeout"]


@pytest.mark.ours
def test_a_paused_server_grants_nothing_until_it_is_resumed(serve, reload, background):
    server = serve("[semaphores]\nA = 1", **INFO)
    server.signal(signal.SIGUSR1)
    wait_until(lambda: any("paused" in line for line in server.log_lines))
    reload(server, "[semaphores]\nA = 1\nB = 1", "reloaded")
    peers = {name: server.new_peer() for name in "AB"}
    answers = [background(server.acquire, peer, name, 1, "?block_for=20s")
               for name, peer in peers.items()]
    wait_until(lambda: server.metrics()["throttle_parked_requests"] == 2)
    assert server.metrics()['throttle_paused{semaphore="B"}'] == 1
    server.signal(signal.SIGUSR2)
    assert [answer.result(LIMIT_S).status for answer in answers] == [200, 200]
