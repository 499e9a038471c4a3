"""Load by wrk: 64 keep-alive connections, one thread, on the core beside the server's."""

import re
import resource
import statistics
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from comparison.client import Client, request
from comparison.servers import CLIENT_CPU, Server

CONNECTIONS = 64
BATCH = 200
SCRIPTS = Path(__file__).parent


@dataclass
class Measurement:
    """One round: what the server did, and how busy both sides were (1 is a whole core)."""

    rate: float
    p99_ms: float
    server_busy: float
    client_busy: float


@dataclass
class Subject:
    """A server with so many peers, and what was measured of it by workload, a round an entry."""

    label: str
    server: Server
    ids: Path
    rounds: dict[str, list[Measurement]] = field(default_factory=dict)

    def median(self, workload: str, what: str = "rate") -> float:
        return statistics.median(getattr(measured, what) for measured in self.rounds[workload])


def ratio(one: Subject, other: Subject, workload: str) -> float:
    """The median over the rounds; the two sides of a ratio were measured one after the other."""
    pairs = zip(one.rounds[workload], other.rounds[workload], strict=True)
    return statistics.median(a.rate / b.rate for a, b in pairs)


def add_peers(server: Server, number: int) -> list[int]:
    """Makes peers that live an hour; their ids. Batches are sent at once, which is faster."""
    client = Client(server.port)
    new_peer = request("POST", "/new_peer", '{"expires_in": "3600000ms"}')
    ids = []
    while len(ids) < number:
        batch = min(BATCH, number - len(ids))
        client.send(new_peer * batch)
        for _ in range(batch):
            status, body = client.answer()
            if status != 200:
                raise RuntimeError(f"{server.name} made no peer: {status} {body!r}")
            ids.append(int(body))
    client.close()
    return ids


def run_wrk(subject: Subject, workload: str, seconds: int, start: int) -> Measurement:
    """One round. `start` says with which of the peers it begins."""
    server = subject.server
    command = ["taskset", "-c", str(CLIENT_CPU), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s",
               "--latency", "-s", SCRIPTS / f"{workload}.lua", server.url, "--", subject.ids,
               str(start)]
    server_before, client_before = server.cpu_seconds(), _children_seconds()
    result = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    server_used = server.cpu_seconds() - server_before
    client_used = _children_seconds() - client_before
    output = result.stdout
    if result.returncode or "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(f"wrk beside {subject.label}:\n{output}{result.stderr}")
    return Measurement(
        rate=float(re.search(r"Requests/sec:\s*([\d.]+)", output)[1]),
        p99_ms=_milliseconds(re.search(r"99%\s+([\d.]+)(us|ms|s)", output)),
        server_busy=server_used / seconds,
        client_busy=client_used / seconds)


def _milliseconds(latency: re.Match) -> float:
    return float(latency[1]) * {"us": 0.001, "ms": 1, "s": 1000}[latency[2]]


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
