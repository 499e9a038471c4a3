"""Clients that wait in a proxy that lets one through: what each costs in memory, and how soon the
next one is served when the place is free."""

import os
import socket
import statistics
import time
from contextlib import ExitStack
from dataclasses import dataclass

from comparison.servers import CLIENT_CPU, Server, allow_descriptors

LIMIT_S = 60
SETTLED_S = 0.5
SPARE_DESCRIPTORS = 100


@dataclass
class HandOver:
    number: int
    p50_us: float
    p99_us: float


def silent_upstream() -> socket.socket:
    """The system accepts for it."""
    return socket.create_server(("127.0.0.1", 0), backlog=128)


def waiting_bytes(proxy: Server, number: int, said: bytes) -> float:
    """Resident memory of one of `number` waiting connections, each of which has sent `said`."""
    allow_descriptors(number + SPARE_DESCRIPTORS)
    with ExitStack() as stack:
        def connect() -> socket.socket:
            client = socket.create_connection(("127.0.0.1", proxy.port), LIMIT_S)
            return stack.enter_context(client)

        connect()  # has the place
        _settle(proxy)
        memory, descriptors = proxy.resident_bytes(), _descriptors(proxy)
        for _ in range(number):
            client = connect()
            if said:
                client.sendall(said)
        deadline = time.monotonic() + LIMIT_S
        while _descriptors(proxy) < descriptors + number:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{proxy.name} did not accept {number}")
            time.sleep(0.01)
        _settle(proxy)
        return (proxy.resident_bytes() - memory) / number


def measure_hand_over(proxy: Server, upstream: socket.socket, number: int) -> HandOver:
    """`number` connections wait, and each has sent its number. Measures from the moment when
    the upstream closes the connection of a client that has left until it has the first byte of the
    next one."""
    os.sched_setaffinity(0, {CLIENT_CPU})
    allow_descriptors(number + SPARE_DESCRIPTORS)
    upstream.settimeout(LIMIT_S)
    clients = []
    for i in range(number + 1):
        client = socket.create_connection(("127.0.0.1", proxy.port), LIMIT_S)
        client.sendall(i.to_bytes(4))
        clients.append(client)
    latencies = []
    served = _accept(upstream, 0)
    for i, client in enumerate(clients[:-1]):
        client.close()
        if served.recv(1):
            raise RuntimeError("a client said more than it did")
        begin = time.perf_counter()
        served.close()
        served = _accept(upstream, i + 1)
        latencies.append(time.perf_counter() - begin)
    served.close()
    clients[-1].close()
    cuts = statistics.quantiles(latencies, n=100)
    return HandOver(number, cuts[49] * 1e6, cuts[98] * 1e6)


def _accept(upstream: socket.socket, expected: int) -> socket.socket:
    connection, _ = upstream.accept()
    connection.settimeout(LIMIT_S)
    said = int.from_bytes(connection.recv(4))
    if said != expected:
        raise RuntimeError(f"{expected} is next, not {said}")
    return connection


def _descriptors(server: Server) -> int:
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def _settle(server: Server) -> None:
    """Waits until its memory has not changed for a while."""
    deadline, since, last = time.monotonic() + LIMIT_S, time.monotonic(), -1
    while time.monotonic() < min(since + SETTLED_S, deadline):
        if (now := server.resident_bytes()) != last:
            since, last = time.monotonic(), now
        time.sleep(0.02)
