"""throttle-proxy as a process: its arguments, its start and its stop."""

import json
import os
import signal
import socket
import subprocess
import time

import pytest

from harness.server import run, wait_until
from harness.tcp import LIMIT_S, Client, free_port


# Arguments.

def test_help_and_version_are_told(proxy_binary):
    helped = run(proxy_binary, "--help")
    assert helped.returncode == 0
    assert all(flag in helped.stdout for flag in ("-l", "-p", "-h", "-n", "-t", "--help all"))
    assert "--recycle-every" in run(proxy_binary, "--help", "all").stdout
    version = run(proxy_binary, "--version")
    assert version.returncode == 0 and version.stdout.startswith("throttle-proxy ")


@pytest.mark.parametrize("arguments, named", [
    ([], "--listen"),
    (["-l", "9000"], "--upstream-port"),
    (["-l", "nowhere:x", "-p", "1"], "listen"),
    (["-l", "70000", "-p", "1"], "listen"),
    (["-l", "::1:80", "-p", "1"], "listen"),
    (["-l", "1", "-p", "0"], "upstream-port"),
    (["-l", "1", "-p", "1", "-n", "-1"], "max-connections"),
    (["-l", "1", "-p", "1", "-n", "many"], "max-connections"),
    (["-l", "1", "-p", "1", "-t", "soon"], "timeout"),
    (["-l", "1", "-p", "1", "-t", "0"], "timeout"),
    (["-l", "1", "-p", "1", "--queue-order", "random"], "queue-order"),
    (["-l", "1", "-p", "1", "--client-limit", "10.0.0.1/8=3"], "client-limit"),
    (["-l", "1", "-p", "1", "--accept-proxy", "everywhere"], "accept-proxy"),
    (["-l", "1", "-p", "1", "--recycle-every", "3"], "recycle-every"),
    (["-l", "1", "-p", "1", "--nonsense"], "nonsense"),
    (["-l", "1", "-p", "1", "stray"], "stray"),
])
def test_wrong_arguments_end_with_2_and_are_named(proxy_binary, arguments, named):
    ended = run(proxy_binary, *arguments)
    assert ended.returncode == 2
    assert named in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("written", ["300", "300ms", "0.3s"])
def test_a_bare_number_is_milliseconds(start, service, written):
    proxy = start(service, "-t", written)
    began = time.monotonic()
    assert proxy.client().ending() in ("closed", "reset")
    assert 0.25 < time.monotonic() - began


@pytest.mark.parametrize("written, host", [("{}", "127.0.0.1"), ("{}", "127.0.0.9"), ("{}", "::1"),
                                           ("0.0.0.0:{}", "127.0.0.1"), ("[::1]:{}", "::1"),
                                           ("localhost:{}", "localhost"), ("[::]:{}", "::1")])
def test_it_listens_where_it_is_told_to(make_proxy, echoing, written, host):
    proxy = make_proxy(echoing.port)
    proxy.arguments = ["-l", written.format(proxy.listen)]
    proxy.command = without_listen(proxy)
    proxy.start()
    with socket.create_connection((host, proxy.listen), 10) as client:
        client.sendall(b"hello")
        assert client.recv(5) == b"hello"


def without_listen(proxy):
    """Its command line, except for the -l that it would have by itself."""
    command = proxy.command()
    at = command.index("-l")
    return lambda: command[:at] + command[at + 2:]


def test_the_long_names_say_the_same(proxy_binary, make_proxy, echoing):
    proxy = make_proxy()
    proxy.command = lambda: [
        str(proxy_binary), f"--listen=127.0.0.1:{proxy.listen}", "--upstream-host", "localhost",
        "--upstream-port", str(echoing.port), "--max-connections=2", "--timeout=1min",
        f"--status=127.0.0.1:{proxy.port}", "--log-format=json"]
    proxy.start()
    assert all(client.ask(b"hello") == b"hello" for client in proxy.clients(2))


def test_check_says_whether_all_is_valid(proxy_binary, tmp_path):
    assert run(proxy_binary, "-l", 1, "-p", 2, "--check").returncode == 0
    config = tmp_path / "some.toml"
    config.write_text('[proxy.a]\nlisten = "127.0.0.1:1"\nupstream = "localhost:2"\n')
    assert run(proxy_binary, "-c", config, "--check").returncode == 0
    config.write_text('[proxy.a]\nlisten = "127.0.0.1:1"\nupstream = "localhost"\n')
    checked = run(proxy_binary, "-c", config, "--check")
    assert checked.returncode == 1 and "upstream" in checked.stderr


def test_a_port_in_use_ends_with_1_and_is_named(proxy_binary, echoing):
    ended = run(proxy_binary, "-l", f"127.0.0.1:{echoing.port}", "-p", 1)
    assert ended.returncode == 1
    assert f"127.0.0.1:{echoing.port}" in ended.stderr


def test_a_status_port_in_use_ends_with_1_and_is_named(proxy_binary, echoing):
    ended = run(proxy_binary, "-l", f"127.0.0.1:{free_port()}", "-p", 1, "--status",
                f"127.0.0.1:{echoing.port}")
    assert ended.returncode == 1
    assert str(echoing.port) in ended.stderr


@pytest.mark.parametrize("log", ["info", "off"])
def test_what_hinders_the_start_is_the_last_line_of_the_log(proxy_binary, echoing, log):
    ended = run(proxy_binary, "-l", f"127.0.0.1:{echoing.port}", "-p", 1, "--log-format", "json",
                THROTTLE_LOG=log)
    *before, last = ended.stderr.splitlines()
    if log == "off":
        assert not before and str(echoing.port) in last
        return
    starting, failure = json.loads(before[0]), json.loads(last)
    assert starting["message"] == "starting" and "configuration" not in starting
    assert (failure["level"], failure["message"]) == ("ERROR", "cannot start")
    assert str(echoing.port) in failure["reason"]


@pytest.mark.parametrize("config", ["", "[semaphores]\nA = 1\n", "[proxy.a]\nlisten = 1\n",
                                    "nonsense"])
def test_a_configuration_without_a_whole_proxy_ends_with_1(proxy_binary, tmp_path, config):
    file = tmp_path / "some.toml"
    file.write_text(config)
    ended = run(proxy_binary, "-c", file)
    assert ended.returncode == 1 and str(file) in ended.stderr


# Stop.

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_lets_the_active_end_and_turns_the_waiting_away(start, echoing, number):
    proxy = start(echoing)
    active, waiting = proxy.clients(2)
    assert active.ask(b"hello") == b"hello"
    proxy.wait_for(waiting=1)
    proxy.signal(number)
    assert waiting.ending() == "closed"
    with pytest.raises(ConnectionRefusedError):
        Client(proxy.listen)
    assert active.ask(b"still served") == b"still served"
    assert proxy.is_running()
    active.close()
    assert proxy.wait() == 0
    assert [line["asked_by"] for line in proxy.log("stopping")] == [number.name]
    assert [line["state"] for line in proxy.endings()] == ["DQ", "--"]


def test_the_status_page_shows_who_is_still_there_during_a_stop(start, echoing):
    proxy = start(echoing)
    client = proxy.client()
    client.ask(b"hello")
    proxy.signal(signal.SIGTERM)
    proxy.wait_for_log("stopping")
    time.sleep(2)  # longer than what requests are given to end in
    assert [each["state"] for each in proxy.connections()] == ["active"]
    routes = proxy.request("GET", "/").body.split()
    assert {b"/health", b"/ready", b"/version", b"/metrics", b"/connections"} <= set(routes)
    client.close()
    assert proxy.wait() == 0
    assert proxy.stderr.count("drain timeout") == 0


def test_there_is_nothing_to_reload_without_a_file(start, echoing):
    proxy = start(echoing)
    proxy.signal(signal.SIGHUP)
    proxy.wait_for_log("reload ignored: started without a configuration file")
    assert proxy.client().ask(b"hello") == b"hello"


def test_the_drain_ends_in_time(start, echoing):
    proxy = start(echoing, "--drain-timeout", "300ms")
    client = proxy.client()
    client.ask(b"hello")
    began = time.monotonic()
    proxy.signal(signal.SIGTERM)
    assert client.ending() in ("closed", "reset")
    assert proxy.wait() == 0
    assert 0.2 < time.monotonic() - began < 10


def test_a_second_signal_ends_it_at_once(start, echoing):
    proxy = start(echoing)
    client = proxy.client()
    client.ask(b"hello")
    proxy.signal(signal.SIGTERM)
    proxy.wait_for_log("stopping")
    proxy.signal(signal.SIGINT)
    assert client.ending() == "reset"
    assert proxy.wait() == 1


def test_a_second_signal_does_no_harm_to_one_that_has_all_but_ended(proxy_binary, stuck_pipe):
    """Here it cannot write the end of its log, for which it allows itself a moment."""
    address = ("127.0.0.1", free_port())
    process = subprocess.Popen(
        [proxy_binary, "-l", f"127.0.0.1:{address[1]}", "-p", "1"], stdin=subprocess.DEVNULL,
        stderr=stuck_pipe, env=os.environ | {"THROTTLE_LOG": "info"})
    try:
        wait_until(lambda: is_listening(address))
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: not is_listening(address))
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT_S) >= 0
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def stuck_pipe():
    """The writing end of a full pipe that nobody reads."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(writing, bytes(4096))
    os.set_blocking(writing, True)
    yield writing
    os.close(writing)
    os.close(reading)


def is_listening(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, LIMIT_S).close()
        return True
    except ConnectionRefusedError:
        return False


def test_a_stop_ends_a_hook_that_runs_for_nobody(start, echoing, tmp_path):
    """The hook of a connection that has its place may end; a second signal ends it, too."""
    mark = tmp_path / "mark"
    proxy = start(echoing, "--before-activate", f"touch {mark}; sleep 30")
    proxy.client()
    wait_until(mark.exists)
    proxy.signal(signal.SIGTERM)
    proxy.wait_for_log("stopping")
    proxy.signal(signal.SIGINT)
    assert proxy.wait() == 1


def test_a_hundred_who_wait_are_gone_with_a_stop_and_can_come_again(start, echoing):
    proxy = start(echoing)
    holder = proxy.client()
    holder.ask(b"hello")
    clients = proxy.clients(100)
    proxy.wait_for(waiting=100)
    proxy.signal(signal.SIGTERM)
    assert {client.ending() for client in clients} == {"closed"}
    holder.close()
    assert proxy.wait() == 0
    proxy.start()
    assert all(client.ask(b"hello") == b"hello" and client.close() is None
               for client in proxy.clients(100))
