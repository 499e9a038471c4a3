"""Requests that wait (`block_for`) for one semaphore: what each costs in memory, and how soon its
client has the answer when its turn comes."""

import os
import select
import statistics
import time
from dataclasses import dataclass

from comparison.client import Client, request
from comparison.load import add_peers
from comparison.servers import CLIENT_CPU, Server, allow_descriptors


@dataclass
class Parked:
    number: int
    bytes_each: float       # with its connection and its peer
    p50_ms: float
    p99_ms: float


def measure_parked(server: Server, number: int) -> Parked:
    """Parks `number` requests, then hands the semaphore from each to the next."""
    allow_descriptors(number + 100)
    os.sched_setaffinity(0, {CLIENT_CPU})
    before = server.resident_bytes()
    peers = add_peers(server, number + 1)
    holder = Client(server.port)
    holder.send(request("PUT", f"/peers/{peers[0]}/parked", "1"))
    _expect(200, holder)
    waiting = {}
    answered = select.epoll()
    for peer in peers[1:]:
        client = Client(server.port)
        client.send(request("PUT", f"/peers/{peer}/parked?block_for=1h", "1"))
        waiting[client.fileno()] = (peer, client)
        answered.register(client.fileno(), select.EPOLLIN)
    _wait_until_pending(server, number)
    grown = server.resident_bytes() - before

    latencies, holding = [], peers[0]
    while waiting:
        release = request("DELETE", f"/peers/{holding}")
        begin = time.perf_counter()
        holder.send(release)
        ((descriptor, _),) = answered.poll(60)
        holding, client = waiting.pop(descriptor)
        _expect(200, client)
        latencies.append(time.perf_counter() - begin)
        _expect(200, holder)
        answered.unregister(descriptor)
        client.close()
    holder.close()
    cuts = statistics.quantiles(latencies, n=100)
    return Parked(number, grown / number, cuts[49] * 1000, cuts[98] * 1000)


def _expect(status: int, client: Client) -> None:
    answer = client.answer()
    if answer[0] != status:
        raise RuntimeError(f"{status} expected, not {answer}")


def _wait_until_pending(server: Server, number: int) -> None:
    client = Client(server.port)
    deadline = time.monotonic() + 60
    wanted = f'throttle_pending{{semaphore="parked"}} {number}\n'.encode()
    while True:
        client.send(request("GET", "/metrics"))
        if wanted in client.answer()[1]:
            break
        if time.monotonic() > deadline:
            raise RuntimeError(f"not {number} are pending")
        time.sleep(0.01)
    client.close()
