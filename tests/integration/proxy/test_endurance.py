"""Many waiting clients, descriptors that run out, and a while of everything at once."""

import os
import random
import resource
import socket
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.server import wait_until
from harness.tcp import LIMIT_S, Client, echo

WAITING = 10_000
SOAK_S = float(os.environ.get("THROTTLE_SOAK_S", "20"))  # minutes of it, for a release
FEW = 64


@pytest.fixture
def many_descriptors():
    """As many as this process may have; how many that are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def private_bytes(proxy) -> int:
    """What only this process has in memory."""
    lines = Path(f"/proc/{proxy.process.pid}/smaps_rollup").read_text().splitlines()
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty"))


@pytest.mark.timeout(600)
def test_ten_thousand_wait_and_all_are_served(start, make_service, many_descriptors, report_figure):
    number = min(WAITING, many_descriptors - 500)
    service = make_service(lambda stream: stream.send(stream.read(1)))
    proxy = start(service, "--max-queue", number)
    holder = proxy.client()
    proxy.wait_for(active=1)
    metric = 'throttle_proxy_waiting_connections{proxy="proxy"}'
    before, began = private_bytes(proxy), time.monotonic()
    waiting = [socket.create_connection(("127.0.0.1", proxy.listen), 10) for _ in range(number)]
    wait_until(lambda: proxy.metric(metric) == number)
    report_figure(f"{number} connections waited after {time.monotonic() - began:.1f} s, each at "
                  f"{(private_bytes(proxy) - before) / number:.0f} bytes of the proxy's memory")
    half = number // 2
    for client in waiting[half:]:
        client.close()
    wait_until(lambda: proxy.metric(metric) == half)
    began = time.monotonic()
    holder.reset()
    for client in waiting[:half]:
        client.sendall(b".")
        assert client.recv(1) == b"."
        client.close()
    report_figure(f"{half / (time.monotonic() - began):.0f} of them a second were served in turn")
    wait_until(proxy.is_empty)
    assert (service.most, service.accepted) == (1, half + 1)


@pytest.mark.parametrize("open_files", [None, FEW])
def test_half_closing_clients_wait_and_hold_and_are_served(make_proxy, make_service, open_files):
    held, present, most = threading.Event(), [], []

    def talk(stream) -> None:
        present.append(stream)
        most.append(len(present))
        held.wait(LIMIT_S)
        question = stream.read_all()  # to its end, as a service that takes whole requests
        present.remove(stream)
        stream.send(b"answer to " + question)

    service = make_service(talk)
    proxy = make_proxy(service.port, "-n", 3, open_files=open_files)
    proxy.start()
    before = proxy.descriptors()
    clients = proxy.clients(3 * FEW)
    for number, client in enumerate(clients):
        client.send(b"%d" % number)
        client.finish_sending()
    wait_until(lambda: len(present) == 3)  # the status page may have no descriptor left
    spinning = proxy.cpu_seconds()
    time.sleep(1)  # the time over which a loop that spins would show
    assert proxy.cpu_seconds() - spinning < 0.3
    held.set()
    for number, client in enumerate(clients):
        assert client.read_all() == b"answer to %d" % number
        client.close()
    wait_until(proxy.is_empty)
    wait_until(lambda: proxy.descriptors() <= before + 1)
    assert max(most) == 3


def test_descriptors_that_run_out_neither_spin_nor_kill(make_proxy, echoing):
    proxy = make_proxy(echoing.port, "-n", 3, open_files=FEW)
    proxy.start()
    first = proxy.client()
    assert first.ask(b"hello") == b"hello"
    crowd = proxy.clients(3 * FEW)
    metric = 'throttle_proxy_waiting_connections{proxy="proxy"}'
    before = proxy.cpu_seconds()
    time.sleep(1)  # the time over which a loop that spins would show
    assert proxy.cpu_seconds() - before < 0.3
    assert proxy.is_running()
    assert first.ask(b"still served") == b"still served"
    for client in [first, *crowd[:-3]]:
        client.reset()
    assert all(client.ask(b"at last") == b"at last" for client in crowd[-3:])
    assert proxy.metric(metric) == 0
    assert echoing.most <= 3


def test_descriptors_that_run_out_for_all_come_back(make_proxy, echoing):
    """Taken away while it runs: it cannot reckon with that."""
    proxy = make_proxy(echoing.port, "-n", 50)
    proxy.start()
    clients = proxy.clients(5)
    assert all(client.ask(b"hello") == b"hello" for client in clients)
    limits = resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE,
                     (proxy.descriptors() + 1, limits[1]))
    crowd = proxy.clients(20)
    before = proxy.cpu_seconds()
    time.sleep(1)
    assert proxy.cpu_seconds() - before < 0.3
    assert all(client.ask(b"still served") == b"still served" for client in clients)
    for client in crowd:
        client.reset()
    resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE, limits)
    wait_until(lambda: is_served(proxy))


@contextmanager
def no_descriptors(proxy):
    """Meanwhile it can open none; those that it has stay."""
    limits = resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE, (0, limits[1]))
    yield
    resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE, limits)


def test_a_service_is_not_blamed_for_descriptors_that_run_out(start, make_service):
    service = make_service(echo)
    service.stop()
    proxy = start(service, "--connect-timeout", "2s", "--reject", "http")
    client = proxy.client()
    proxy.wait_for(connecting=1)
    with no_descriptors(proxy):
        assert b" 503 " in client.read_all()
        assert proxy.ending_of(client)["state"] == "RC"
    assert "too many open files" in proxy.wait_for_log("could not serve a connection")[0]["reason"]
    assert proxy.metric(
        'throttle_proxy_connections_total{proxy="proxy",outcome="exhausted"}') == 1


def test_a_command_is_not_blamed_for_descriptors_that_run_out(start, echoing):
    proxy = start(echoing, "--before-activate", "true")
    first, second = proxy.clients(2)
    assert first.ask(b"hello") == b"hello"
    proxy.wait_for(waiting=1)
    with no_descriptors(proxy):
        first.close()
        assert proxy.ending_of(second)["state"] == "RA"


def is_served(proxy) -> bool:
    try:
        with Client(proxy.listen) as client:
            return client.ask(b"hello") == b"hello"
    except OSError:
        return False


class Mob(threading.Thread):
    """A client that connects, says, waits, answers and leaves as it happens, again and again."""

    def __init__(self, proxy, seed: int, until: float):
        super().__init__(daemon=True)
        self.proxy, self.until = proxy, until
        self.random = random.Random(seed)
        self.served, self.wrong = 0, []
        self.start()

    def run(self) -> None:
        while time.monotonic() < self.until:
            try:
                self.visit(Client(self.proxy.listen, f"127.0.0.{self.random.randrange(1, 9)}"))
            except OSError:  # turned away, or cut off
                pass

    def visit(self, client: Client) -> None:
        data = self.random.randbytes(self.random.choice([0, 1, 1000, 20_000, 300_000]))
        patience = self.random.choice([0, 0.001, 0.01, 0.1])
        leave = self.random.choice([client.close, client.reset])
        client.socket.settimeout(2)
        with client:
            way = self.random.randrange(4)
            if way == 0:
                client.send(data[:1000])
                time.sleep(patience)
                leave()
            elif way == 1:
                client.send(data[:20_000])
                client.finish_sending()
                self.check(client.read_all(), data[:20_000])
            else:
                client.send(data[:1000])
                self.check(client.read(len(data[:1000])), data[:1000])
                time.sleep(patience)
                leave()

    def check(self, answer: bytes, expected: bytes) -> None:
        """An echo may be cut short where the proxy ends a connection, and is never another one."""
        if not expected.startswith(answer):
            self.wrong.append((answer[:20], expected[:20]))
        self.served += answer == expected != b""


@pytest.mark.timeout(SOAK_S + 60)
def test_after_a_while_of_everything_all_is_back(start, make_service, report_figure):
    seed = random.randrange(1 << 32)
    service = make_service(echo)
    proxy = start(service, "-n", 4, "-t", "2s", "--idle-timeout", "500ms", "--max-queue", 20,
                  "--queue-timeout", "1s", "--max-per-client", 10, "--queue-order", "fair",
                  "--recycle", "true", "--recycle-every", 100,
                  "--before-activate", 'test "$((THROTTLE_ACTIVATION % 17))" != 0',
                  environment={"THROTTLE_LOG": "warn,app=info"})

    def rush(seconds: float) -> list[Mob]:
        until = time.monotonic() + seconds
        mobs = [Mob(proxy, seed + number, until) for number in range(24)]
        for mob in mobs:
            mob.join(seconds + 20)
        wait_until(proxy.is_empty, lambda: f"{proxy.connections()}")
        return mobs

    rush(SOAK_S / 3)
    descriptors, memory = proxy.descriptors(), private_bytes(proxy)
    mobs = rush(SOAK_S * 2 / 3)
    assert [mob.wrong for mob in mobs] == [[]] * len(mobs), f"seed {seed}"
    served = sum(mob.served for mob in mobs)
    assert served > 10
    assert service.most <= 4
    wait_until(lambda: proxy.descriptors() <= descriptors)
    assert private_bytes(proxy) - memory < 2 << 20
    assert proxy.metrics()['throttle_acquired{semaphore="proxy"}'] == 0
    report_figure(f"a soak of {SOAK_S:.0f} s served {served} clients of "
                  f"{service.accepted} connections at the service")
