"""The commands that the proxy runs, and what depends on how they end."""

import os
import resource
import signal
import time

import pytest

from harness.server import lives, wait_until
from harness.tcp import echo


def outcome(proxy, name: str) -> float:
    return proxy.metrics().get(
        f'throttle_proxy_connections_total{{proxy="proxy",outcome="{name}"}}', 0)


def notes(proxy) -> list[str]:
    return [line["what"] for line in proxy.log("note")]


def test_a_hook_that_succeeds_lets_the_client_through(start, echoing, tmp_path):
    proxy = start(echoing, "--before-activate", f"touch {tmp_path}/ran")
    assert not (tmp_path / "ran").exists()
    with proxy.client() as client:
        assert client.ask(b"hello") == b"hello"
    assert (tmp_path / "ran").exists()


def test_a_hook_that_fails_turns_the_client_away_and_frees_the_place(start, echoing):
    proxy = start(echoing, "--before-activate", 'test "$THROTTLE_ACTIVATION" != 1 || exit 3')
    first, second = proxy.clients(2)
    assert first.ending() == "closed"
    assert second.ask(b"hello") == b"hello"
    assert proxy.ending_of(first)["state"] == "HA"
    assert echoing.accepted == 1
    [failed] = proxy.log("hook failed")
    assert (failed["client"], failed["activation"]) == (first.address, 1)
    assert "status 3" in failed["reason"]
    assert "status 3" in proxy.wait_for_log("could not serve a connection")[0]["reason"]


def test_a_command_that_does_not_exist_is_a_hook_that_fails(start, echoing):
    proxy = start(echoing, "--before-activate", "/does/not/exist")
    assert proxy.client().ending() == "closed"
    assert echoing.accepted == 0


def test_a_hook_that_hangs_is_ended_with_all_its_children(start, echoing, tmp_path):
    children = tmp_path / "children"
    hook = (f"sleep 61 & echo $! > {children}; (sleep 62 & echo $! >> {children}; wait) & "
            f"(setsid sh -c 'echo $$ >> {children}; sleep 63' &); wait; sleep 64")
    proxy = start(echoing, "--before-activate", hook, "--hook-timeout", "2s")
    client = proxy.client()
    assert client.ending() == "closed"
    assert proxy.ending_of(client)["state"] == "HA"
    pids = [int(pid) for pid in children.read_text().split()]
    assert len(pids) == 3
    wait_until(lambda: not any(lives(pid) for pid in pids))
    [failed] = proxy.log("hook failed")
    assert failed["reason"] == "the before-activate hook took longer than 2s and was ended"
    assert (failed["client"], failed["activation"]) == (client.address, 1)


@pytest.fixture
def low_limit():
    """A soft limit of open files below the hard one, for what is started."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    low = (512, before[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, low)
    yield low
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_hook_has_the_limit_of_open_files_that_the_proxy_was_started_with(
        start, echoing, low_limit):
    proxy = start(echoing, "--before-activate", "ulimit -S -n; ulimit -H -n")
    with proxy.client() as client:
        client.ask(b"hello")
    raised = resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE)
    assert raised[0] > low_limit[0] and raised[1] == low_limit[1]
    assert [int(line["line"]) for line in proxy.wait_for_log("hook says", 2)] == list(low_limit)


def test_a_hook_blocks_nobody_but_its_client(start, echoing):
    hook = 'test "$THROTTLE_ACTIVATION" != 2 || sleep 30'
    proxy = start(echoing, "-n", 2, "--before-activate", hook)
    first = proxy.client()
    assert first.ask(b"before") == b"before"
    proxy.client()
    proxy.wait_for(active=1, preparing=1)
    assert first.ask(b"meanwhile") == b"meanwhile"


def test_the_environment_tells_a_hook_about_its_connection(start, service, tmp_path):
    told = tmp_path / "told"
    proxy = start(service, "--name", "office",
                  "--before-activate", f"env | grep ^THROTTLE_ >> {told}; echo >> {told}")
    clients = proxy.clients(1, "127.0.0.7")
    proxy.wait_for(active=1)
    clients += proxy.clients(2, "127.0.0.7")
    proxy.wait_for(active=1, waiting=2)
    time.sleep(0.1)  # the wait that is reported to the second one
    clients[0].reset()
    proxy.wait_for(active=1, waiting=1)
    first, second = (
        {name: value for name, value in (line.split("=", 1) for line in part.split("\n"))
         if name not in ("THROTTLE_LOG", "THROTTLE_RUN")}
        for part in told.read_text().strip().split("\n\n"))
    assert int(second.pop("THROTTLE_WAITED_MS")) >= 100
    common = {"THROTTLE_PROXY": "office", "THROTTLE_UPSTREAM": f"127.0.0.1:{service.port}",
              "THROTTLE_CLIENT_ADDRESS": "127.0.0.7", "THROTTLE_TIMED_OUT": "0"}
    ports = [client.address.split(":")[1] for client in clients[1:2]]
    assert first.pop("THROTTLE_CLIENT_PORT").isdigit()
    assert first == common | {"THROTTLE_ACTIVATION": "1", "THROTTLE_WAITED_MS": "0",
                              "THROTTLE_QUEUED": "0"}
    assert second == common | {"THROTTLE_CLIENT_PORT": ports[0], "THROTTLE_ACTIVATION": "2",
                               "THROTTLE_QUEUED": "1"}


def test_what_a_hook_says_is_in_the_log_line_by_line(start, echoing):
    hook = r"printf 'one\ntwo words\n'; echo wrong >&2; printf unfinished"
    proxy = start(echoing, "--before-activate", hook)
    with proxy.client() as client:
        client.ask(b"hello")
    lines = proxy.wait_for_log("hook says", 4)
    assert {line["hook"] for line in lines} == {"before-activate"}
    assert sorted(line["line"] for line in lines) == ["one", "two words", "unfinished", "wrong"]


def test_the_log_of_a_hook_names_the_client_for_whom_it_runs(start, echoing):
    says = "echo $THROTTLE_CLIENT_ADDRESS:$THROTTLE_CLIENT_PORT $THROTTLE_ACTIVATION"
    proxy = start(echoing, "-n", 2, "-t", "2s", "--before-activate", says,
                  "--on-timeout", f"{says}; exit 4", "--recycle", says, "--recycle-after-timeout")
    first, second = proxy.clients(2)
    first.ask(b"hello")
    second.ask(b"hello")
    second.close()
    first.ending()
    proxy.wait_for_log("hook done", 3)
    lines = proxy.wait_for_log("hook says", 4)
    who = {"before-activate": {f"{first.address} 1", f"{second.address} 2"},
           "on-timeout": {f"{first.address} 1"}, "recycle": {": 2"}}
    for hook, expected in who.items():
        assert {line["line"] for line in lines if line["hook"] == hook} == expected
    for line in [*lines, *proxy.log("hook done"), *proxy.wait_for_log("hook failed")]:
        assert ("client" in line) == ("activation" in line) == (line["hook"] != "recycle")
    assert all(line["line"] == "{client} {activation}".format(**line)
               for line in lines if "client" in line)
    [failed] = proxy.log("hook failed")
    assert (failed["hook"], failed["client"]) == ("on-timeout", first.address)
    assert "status 4" in failed["reason"]


@pytest.mark.parametrize("kind", ["before-activate", "on-timeout", "recycle"])
def test_what_a_hook_leaves_running_goes_on_writing(start, echoing, tmp_path, kind):
    go, done = tmp_path / "go", tmp_path / "done"
    left = f"(until test -e {go}; do sleep 0.02; done; echo one; echo two >&2; touch {done})"
    more = {"recycle": ["--recycle-after-timeout"]}.get(kind, [])
    proxy = start(echoing, "-t", "2s", f"--{kind}", f"{left} & exit 0", *more)
    client = proxy.client()
    assert client.ask(b"hello") == b"hello"
    assert client.ending() in ("closed", "reset")
    proxy.wait_for_log("hook done")
    go.touch()
    wait_until(done.exists)
    lines = proxy.wait_for_log("hook says", 2)
    assert sorted(line["line"] for line in lines) == ["one", "two"]
    for line in lines:
        assert line["hook"] == kind
        assert line.get("client") == (None if kind == "recycle" else client.address)


def test_a_stop_neither_waits_for_what_a_hook_left_running_nor_ends_it(start, echoing, tmp_path):
    pid = tmp_path / "pid"
    proxy = start(echoing, "--before-activate", f"sleep 61 & echo $! > {pid}",
                  "--hook-timeout", "1s")
    with proxy.client() as client:
        assert client.ask(b"hello") == b"hello"
        time.sleep(1.2)  # more than the hook timeout
        assert client.ask(b"hello") == b"hello"
    assert proxy.stop() == 0
    left = int(pid.read_text())
    assert lives(left)
    os.kill(left, signal.SIGKILL)


@pytest.fixture
def abandoned(start, echoing, tmp_path):
    """A proxy with a hook that runs until the file `go` is there, and whose client has left."""
    hook = f"touch {tmp_path}/begun; until test -e {tmp_path}/go; do sleep 0.02; done; echo ended"
    proxy = start(echoing, "--before-activate", hook)
    proxy.gone = proxy.client()
    wait_until((tmp_path / "begun").exists)
    proxy.gone.close()
    assert proxy.ending_of(proxy.gone)["state"] == "CA"
    proxy.wait_for(left=1)
    return proxy


def test_a_hook_whose_client_leaves_runs_to_its_end_and_holds_the_place(
        abandoned, echoing, tmp_path):
    with abandoned.client() as second:
        abandoned.wait_for(left=1, waiting=1)
        assert not abandoned.log("hook done")
        (tmp_path / "go").touch()
        assert second.ask(b"hello") == b"hello"
    first_done = abandoned.wait_for_log("hook done", 2)[0]
    assert (first_done["client"], first_done["activation"]) == (abandoned.gone.address, 1)
    assert abandoned.wait_for_log("hook says", 2)[0]["client"] == abandoned.gone.address
    abandoned.wait_for_log("connection", 2)
    wait_until(abandoned.is_empty)
    assert len(abandoned.endings()) == 2
    assert echoing.accepted == 1


def test_a_stop_waits_for_a_hook_whose_client_left(abandoned, tmp_path):
    abandoned.signal(signal.SIGTERM)
    abandoned.wait_for_log("stopping")
    (tmp_path / "go").touch()
    assert abandoned.wait() == 0
    assert abandoned.log("hook done")


def test_a_second_signal_ends_a_hook_whose_client_left(abandoned):
    assert abandoned.stop_at_once() == 1
    [failed] = abandoned.log("hook failed")
    assert failed["reason"] == "the before-activate hook was ended with its connection"


def test_a_hook_hears_once_that_a_connection_was_timed_out(start, echoing, tmp_path):
    told = tmp_path / "told"
    proxy = start(echoing, "-t", "2s",
                  "--before-activate", f"echo $THROTTLE_TIMED_OUT >> {told}")
    assert proxy.client().ending() in ("closed", "reset")
    for _ in range(2):
        with proxy.client() as client:
            client.ask(b"quick")
    wait_until(proxy.is_empty)
    assert told.read_text().split() == ["0", "1", "0"]


@pytest.mark.parametrize("limit", [1, 3])
def test_recycling_under_load_keeps_the_order_and_meets_nobody(
        start, make_service, tmp_path, limit):
    """Each recycling replaces a service that counts its connections."""
    seen, served = tmp_path / "seen", []

    def talk(stream) -> None:
        served.append(int(stream.read(4)))
        stream.send(b"done")
        stream.read_all()

    service = make_service(talk)
    recycle = ("ss -Htn state established state fin-wait-1 state fin-wait-2 "
               f"'( sport = :{service.port} )' | wc -l >> {seen}; sleep 0.05")
    proxy = start(service, "-n", limit, "--recycle", recycle, "--recycle-every", 5)
    clients = []
    for number in range(30):
        clients.append(proxy.client())
        clients[-1].send(b"%04d" % number)
    for client in clients:
        assert client.read(4) == b"done"
        client.close()
    wait_until(lambda: seen.read_text().split() == ["0"] * 6, seen.read_text)
    wait_until(lambda: sum("begins after 5 activations" in note for note in notes(proxy)) == 6)
    assert service.most <= limit
    if limit == 1:
        assert served == list(range(30))
    else:
        assert sorted(served) == list(range(30))


def test_recycling_comes_after_the_last_connection_and_not_before_the_next(
        start, echoing, tmp_path):
    recycled = tmp_path / "recycled"
    proxy = start(echoing, "--recycle", f"echo >> {recycled}", "--recycle-every", 2)
    for _ in range(2):
        assert not recycled.exists()
        with proxy.client() as client:
            client.ask(b"hello")
    wait_until(recycled.exists)


def test_a_timeout_recycles_and_the_waiting_keep_their_order(start, echoing, tmp_path):
    recycled = tmp_path / "recycled"
    proxy = start(echoing, "-t", "2s", "--recycle", f"echo >> {recycled}",
                  "--recycle-after-timeout")
    first, second, third = proxy.clients(3)
    proxy.wait_for(active=1, waiting=2)
    first.ending()
    assert second.ask(b"second") == b"second"
    assert len(recycled.read_text()) == 1
    proxy.wait_for(active=1, waiting=1)
    second.close()
    assert third.ask(b"third") == b"third"
    assert len(recycled.read_text()) == 1


def test_waiting_clients_outlive_a_service_that_takes_its_time_to_return(start, make_service):
    service = make_service(echo)
    proxy = start(service, "--recycle", "true", "--recycle-every", 1, "--connect-timeout", "1s",
                  "--ready-timeout", "1min")
    first, second = proxy.clients(2)
    first.ask(b"first")
    service.stop()
    first.close()
    proxy.wait_for(active=0, waiting=1)
    time.sleep(1.2)  # more than the connect timeout
    assert second.is_open()
    make_service(echo, service.port)
    assert second.ask(b"second") == b"second"
    assert proxy.ending_of(first)["state"] in ("--", "SD")


def test_a_service_that_does_not_return_in_time_is_left_to_the_next_connection(start, make_service):
    service = make_service(echo)
    proxy = start(service, "--recycle", "true", "--recycle-every", 1, "--connect-timeout", "1s",
                  "--ready-timeout", "300ms")
    first, second = proxy.clients(2)
    first.ask(b"first")
    service.stop()
    first.close()
    assert second.ending() == "closed"
    assert proxy.ending_of(second)["state"] == "SC"
    wait_until(lambda: any("does not answer after its recycling" in note for note in notes(proxy)))


def test_a_recycling_that_fails_is_told_and_the_queue_goes_on(start, echoing):
    proxy = start(echoing, "--recycle", "echo broken; false", "--recycle-every", 1)
    for _ in range(3):
        with proxy.client() as client:
            assert client.ask(b"hello") == b"hello"
    wait_until(lambda: any("not recycled" in note for note in notes(proxy)))


def test_a_stop_does_not_wait_for_a_recycling_that_nobody_waits_for(start, echoing, tmp_path):
    pid = tmp_path / "pid"
    proxy = start(echoing, "--recycle", f"echo $$ > {pid}; sleep 30", "--recycle-every", 1)
    with proxy.client() as client:
        client.ask(b"hello")
    wait_until(lambda: pid.exists() and pid.read_text().strip())
    waiting = proxy.client()
    proxy.wait_for(waiting=1)
    assert proxy.stop() == 0
    assert waiting.ending() == "closed"
    wait_until(lambda: not lives(int(pid.read_text())))


def test_a_connection_that_never_ends_holds_a_recycling_up_only_so_long(start, echoing, tmp_path):
    recycled = tmp_path / "recycled"
    proxy = start(echoing, "-n", 2, "--recycle", f"echo >> {recycled}", "--recycle-every", 2,
                  "--recycle-drain-timeout", "2s")
    first, second, third = proxy.clients(3)
    assert first.ask(b"first") == b"first"
    assert second.ask(b"second") == b"second"
    assert (first.ending(), second.ending()) == ("reset", "reset")
    assert third.ask(b"third") == b"third"
    assert len(recycled.read_text()) == 1
    assert {proxy.ending_of(client)["state"] for client in (first, second)} == {"UD"}
    assert outcome(proxy, "recycling") == 2


def test_a_hook_may_say_much(start, echoing):
    hook = "head -c 3000000 /dev/zero | tr '\\\\0' x; echo; echo the end"
    proxy = start(echoing, "--before-activate", hook)
    with proxy.client() as client:
        assert client.ask(b"hello") == b"hello"
    wait_until(lambda: proxy.log("hook says")[-1:] and
               proxy.log("hook says")[-1]["line"] == "the end", lambda: proxy.stderr[-500:])


def test_a_port_scan_runs_no_hook_where_the_first_byte_activates(start, echoing, tmp_path):
    ran = tmp_path / "ran"
    proxy = start(echoing, "--activate-on", "first-byte", "--before-activate", f"echo >> {ran}")
    for _ in range(20):
        proxy.client().close()
    with proxy.client() as silent:
        proxy.wait_for(silent=1)
        with proxy.client() as client:
            assert client.ask(b"hello") == b"hello"
        assert silent.ask(b"at last") == b"at last"
    assert len(ran.read_text()) == 2
    assert echoing.accepted == 2
