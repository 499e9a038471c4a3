"""Load by wrk: 64 connections, one thread, on the core beside the server's."""

import re
import subprocess
from pathlib import Path

from comparison.client import Client, request
from comparison.rounds import Measurement, Subject
from comparison.servers import CLIENT_CPU, Server, core_busy_seconds

CONNECTIONS = 64
BATCH = 200
SCRIPTS = Path(__file__).parent


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


def run_script(subject: Subject, workload: str, seconds: int, start: int) -> Measurement:
    """A round of a script's requests. `start` says with which of the peers it begins."""
    return run_wrk(subject, seconds, ["-s", SCRIPTS / f"{workload}.lua"], [subject.ids, str(start)])


def run_wrk(subject: Subject, seconds: int, options: list, arguments: list = ()) -> Measurement:
    server = subject.server
    command = ["taskset", "-c", str(CLIENT_CPU), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s",
               "--latency", *options, server.url, "--", *arguments]
    server_before, client_before = server.cpu_seconds(), core_busy_seconds(CLIENT_CPU)
    result = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    server_used = server.cpu_seconds() - server_before
    client_used = core_busy_seconds(CLIENT_CPU) - client_before
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
