"""`GET /events` and the commands that follow a server: `watch`, and `top` in a terminal."""

import json
import queue
import signal
import subprocess
import threading

import pytest

from harness.relay import Relay
from harness.server import wait_until
from harness.tcp import LIMIT_S, Service, Stream
from harness.terminal import Terminal

pytestmark = pytest.mark.ours

CONFIG = """
[semaphores]
database = 3
reports = 1
many = 100
"""


@pytest.fixture
def server(serve):
    return serve(CONFIG)


class Lines:
    """The lines that a program writes, as they come; it ends with the test."""

    def __init__(self, command: list):
        self.process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.remarks: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._read_remarks, daemon=True).start()

    def next(self) -> str:
        return self._lines.get(timeout=LIMIT_S)

    def next_event(self) -> dict:
        return json.loads(self.next())

    def until(self, event: str) -> list[dict]:
        """All up to the next event of this name."""
        events = [self.next_event()]
        while events[-1]["event"] != event:
            events.append(self.next_event())
        return events

    def _read(self) -> None:
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def _read_remarks(self) -> None:
        for line in self.process.stderr:
            self.remarks.append(line)


@pytest.fixture
def follow():
    """follow(command) runs a program that goes on; it is killed at the end of the test."""
    programs = []

    def begin(*command) -> Lines:
        programs.append(Lines(command))
        return programs[-1]

    yield begin
    for program in programs:
        if program.process.poll() is None:
            program.process.kill()
        program.process.wait()


@pytest.fixture
def tool(binary):
    return binary.with_name("throttle-inspect")


def acquire(server, semaphore="database", count=1, label=None) -> int:
    body = {"expires_in": "5min"} | ({"label": label} if label else {})
    peer = server.request("POST", "/new_peer", body).json
    assert server.acquire(peer, semaphore, count).status in (200, 202)
    return peer


def test_curl_reads_the_stream(server, follow):
    stream = follow("curl", "-sN", f"{server.url}/events?kind=granted")
    assert stream.next() == "retry: 2000"
    while not stream.next().startswith("id: "):
        pass
    peer = acquire(server, label="nightly")
    lines = [stream.next() for _ in range(4)]
    assert lines[2] == "event: granted"
    data = json.loads(lines[3].removeprefix("data: "))
    assert (data["peer"], data["label"], data["held"], data["max"]) == (peer, "nightly", 1, 3)
    assert server.stop() == 0
    assert stream.process.wait(LIMIT_S) == 0


def test_watch_goes_on_where_it_was_after_the_way_was_cut(server, follow, tool):
    relay = Relay(server.port)
    watch = follow(tool, "-S", f"127.0.0.1:{relay.port}", "watch", "--json")
    assert watch.next_event()["event"] == "hello"
    acquire(server)
    first = watch.until("granted")[-1]
    relay.cut()
    peers = [acquire(server) for _ in range(4)]
    relay.mend()
    events = watch.until("hello") + [watch.next_event() for _ in peers]
    relay.cut()
    seen = [event for event in events if event["event"] != "hello"]
    assert [event["peer"] for event in seen] == peers
    assert [event["n"] for event in seen] == [first["n"] + 1 + i for i in range(4)]
    wait_until(lambda: any("The connection is lost" in remark for remark in watch.remarks),
               lambda: str(watch.remarks))


def test_watch_survives_a_restart_and_says_what_is_missing(server, follow, tool):
    watch = follow(tool, "-S", server.url, "watch", "--json")
    run = watch.next_event()["run"]
    assert server.stop() == 0
    assert watch.until("bye")
    server.start()
    assert watch.until("gap")[-1] == {"event": "gap", "missed": None}
    peer = acquire(server)
    granted = watch.until("granted")[-1]
    assert granted["peer"] == peer
    assert not granted["id"].startswith(f"{run}.")


def test_watch_is_for_people_and_ends_with_control_c(server, follow, tool):
    watch = follow(tool, "-S", server.url, "watch", "--semaphore", "reports")
    wait_until(lambda: server.metrics()["throttle_event_streams"] == 1)
    peer = acquire(server, "reports", label="a\x1b[2J")
    line = watch.next()
    assert f"granted         1 of reports peer {peer} (127.0.0.1:" in line
    assert '"a\\x1b[2J", waited 0s · 1/1 held, 0 waiting' in line
    watch.process.send_signal(signal.SIGINT)
    assert watch.process.wait(LIMIT_S) == 130
    wait_until(lambda: server.metrics()["throttle_event_streams"] == 0)


def test_watch_ends_at_the_next_event_after_its_reader_left(server, tool):
    with subprocess.Popen([tool, "-S", server.url, "watch"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watch:
        head = subprocess.Popen(["head", "-1"], stdin=watch.stdout, stdout=subprocess.PIPE,
                                text=True)
        watch.stdout.close()
        wait_until(lambda: server.metrics()["throttle_event_streams"] == 1)
        peer = acquire(server)
        assert f"peer {peer}" in head.communicate(timeout=LIMIT_S)[0]
        acquire(server)
        try:
            assert watch.wait(LIMIT_S) == 0
        finally:
            watch.kill()
        assert watch.stderr.read() == ""
    wait_until(lambda: server.metrics()["throttle_event_streams"] == 0)


def test_watch_that_cannot_write_is_an_error(server, tool):
    with open("/dev/full", "w", encoding="ascii") as full:
        watch = subprocess.Popen([tool, "-S", server.url, "watch"], stdin=subprocess.DEVNULL,
                                 stdout=full, stderr=subprocess.PIPE, text=True)
    with watch:
        try:
            wait_until(lambda: server.metrics()["throttle_event_streams"] == 1)
            acquire(server)
            assert watch.wait(LIMIT_S) == 2
        finally:
            watch.kill()
        assert "stdout cannot be written" in watch.stderr.read()


def answer_without_an_end(stream: Stream) -> None:
    """Refuses a stream of events, and never completes the text."""
    stream.send(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 100\r\n\r\nbusy")
    while stream.socket.recv(65536):
        pass


def test_watch_does_not_wait_for_an_answer_without_an_end(tool):
    service = Service(answer_without_an_end)
    try:
        done = subprocess.run([tool, "-S", f"127.0.0.1:{service.port}", "--timeout", "100ms",
                               "watch"], capture_output=True, text=True, timeout=LIMIT_S,
                              stdin=subprocess.DEVNULL, check=False)
    finally:
        service.stop()
    assert done.returncode == 2
    assert "/events answers 503: busy" in done.stderr


def test_the_seventeenth_stream_is_refused(server, follow, tool):
    for _ in range(16):
        follow(tool, "-S", server.url, "watch")
    wait_until(lambda: server.metrics()["throttle_event_streams"] == 16)
    refused = subprocess.run([tool, "-S", server.url, "watch"], capture_output=True, text=True,
                             timeout=LIMIT_S, stdin=subprocess.DEVNULL, check=False)
    assert refused.returncode == 2
    assert "max_streams" in refused.stderr
    assert server.metrics()["throttle_event_streams_refused_total"] == 1


@pytest.fixture
def top(server, tool, tmp_path):
    """top(word, …) runs it in a terminal of 80 columns and 24 rows."""
    terminals = []

    def begin(*words) -> Terminal:
        terminals.append(Terminal([tool, "-S", server.url, "top", "-d", "100ms", *words], tmp_path))
        return terminals[-1]

    yield begin
    for terminal in terminals:
        terminal.close()


def is_as_before(terminal: Terminal) -> bool:
    """The line has its settings again, and the screen is the first one with a cursor."""
    shown = terminal.written.rfind(b"\x1b[?25h") > terminal.written.rfind(b"\x1b[?25l")
    left = terminal.written.rfind(b"\x1b[?1049l") > terminal.written.rfind(b"\x1b[?1049h")
    return terminal.settings() == terminal.before and shown and left


def test_top_shows_what_happens_until_q(server, top):
    acquire(server, count=2, label="load crm")
    terminal = top()
    terminal.wait_for("2/3")
    assert terminal.settings() != terminal.before
    terminal.wait_for("load crm")
    acquire(server, "reports", label="\x1b[31mred")
    terminal.wait_for("\\x1b[31mred")
    waiter = acquire(server, "reports")
    terminal.wait_for("waits 1  reports")
    assert len(terminal.lines()) == 24
    server.request("DELETE", f"/peers/{waiter}")
    wait_until(lambda: "waits" not in terminal.text(), terminal.text)
    terminal.type("q")
    assert terminal.wait() == 0
    wait_until(lambda: is_as_before(terminal))


def test_top_follows_the_size_of_its_terminal(server, top):
    for number in range(30):
        acquire(server, "many", label=f"label of number {number}")
    terminal = top()
    terminal.wait_for("more")
    terminal.resize(132, 50)
    terminal.wait_for("label of number 29")
    terminal.resize(40, 10)
    wait_until(lambda: "label of number 29" not in terminal.text() and "more" in terminal.text())
    assert terminal.lines()[0].startswith("throttle ")
    terminal.type("q")
    assert terminal.wait() == 0


def test_top_kicks_whom_it_is_told_to(server, top):
    holder = acquire(server, "reports", label="stuck one")
    waiter = acquire(server, "reports")
    terminal = top()
    terminal.wait_for("stuck one")
    terminal.type("k")
    terminal.wait_for("End which peer?")
    terminal.type("label:stuck*\r")
    terminal.wait_for("Why, for the log")
    terminal.type("it hangs\r")
    terminal.wait_for("holds 1 of reports?")
    terminal.type("y")
    wait_until(lambda: server.remainder("reports") == 0 and holder not in server.peers())
    assert waiter in server.peers()
    wait_until(lambda: "reason=\"it hangs\"" in server.stderr, lambda: server.stderr)
    terminal.type("q")
    assert terminal.wait() == 0


def test_top_says_which_peer_it_ended_though_another_is_named_meanwhile(server, top):
    first, second = acquire(server), acquire(server)
    terminal = top("--timeout", "1min")
    terminal.wait_for(str(second))
    terminal.type(f"k{first}\rit hangs\r")
    terminal.wait_for("holds 1 of database?")
    server.signal(signal.SIGSTOP)
    try:
        terminal.type(f"yk{second}\r")
        terminal.wait_for("Why, for the log")
        terminal.type("\x1b")
        terminal.wait_for("[q]uit")
    finally:
        server.signal(signal.SIGCONT)
    terminal.wait_for(f"Peer {first} is ended.")
    assert server.peers() == {second}
    terminal.type("q")
    assert terminal.wait() == 0


@pytest.mark.parametrize("end", ["\x03", signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_top_gives_the_terminal_back_however_it_ends(server, top, end):
    terminal = top()
    terminal.wait_for("SEMAPHORE")
    if isinstance(end, str):
        terminal.type(end)
    else:
        terminal.process.send_signal(end)
    assert terminal.wait() == 130
    wait_until(lambda: is_as_before(terminal))


def test_top_answers_keys_while_the_server_does_not(server, top):
    terminal = top()
    terminal.wait_for("SEMAPHORE")
    server.signal(signal.SIGSTOP)
    try:
        terminal.type("f")
        terminal.wait_for("Show what contains")
        terminal.type("\x1b")
        terminal.type("q")
        assert terminal.wait() == 0
        wait_until(lambda: is_as_before(terminal))
    finally:
        server.signal(signal.SIGCONT)


def test_top_stays_while_the_server_is_away(server, top):
    terminal = top()
    terminal.wait_for("SEMAPHORE")
    assert server.stop() == 0
    terminal.wait_for("As of ")
    server.start()
    terminal.wait_for("[q]uit")
    terminal.type("q")
    assert terminal.wait() == 0


def test_top_without_a_server_is_an_error_and_without_a_terminal_a_status(server, inspect, tool,
                                                                          tmp_path):
    shown = inspect(server, "top")
    assert shown.code == 0 and "0/3" in shown.out and "\x1b" not in shown.out
    terminal = Terminal([tool, "-S", "127.0.0.1:1", "top"], tmp_path)
    try:
        assert terminal.wait() == 2
        wait_until(lambda: "Is the server running there?" in terminal.text().replace("\n", ""),
                   terminal.text)
        assert b"\x1b[?1049h" not in terminal.written
        assert terminal.settings() == terminal.before
    finally:
        terminal.close()
