"""The figures of the ledger alone, from its Google Benchmark executables."""

import json
import subprocess
from pathlib import Path

LIMIT_S = 900

# Why the ledger misses what it misses.
MISSES = """\
A heartbeat at 1,000,000 peers in random order, and an acquire with its release, wait for the memory
once: for the cache line of the peer, in a table of 128 MB that is in no cache. One such miss, with
that of the address translation, takes more than 200 ns on the machine where this was written. That
is most of the time of an acquire with its release; of heartbeats the processor has two or three
under way at once. At 1,000 peers everything is at hand. So the larger figure does not come within
twice the smaller, and whatever shortens both makes the ratio worse. Huge pages
(`GLIBC_TUNABLES=glibc.malloc.hugetlb=1`) bring about a tenth. Re-arming deadlines, about once in a
peer's life, is a sixth of the heartbeats."""


def ledger_times(bench: Path, repetitions: int, min_time_s: float) -> dict[str, float]:
    """Nanoseconds by benchmark: medians of at least three repetitions, in turn."""
    report = _run(bench, f"--benchmark_repetitions={max(3, repetitions)}",
                  "--benchmark_enable_random_interleaving=true",
                  f"--benchmark_min_time={min_time_s}", "--benchmark_report_aggregates_only=true")
    return {run["run_name"].removesuffix("/manual_time"): run["real_time"]
            for run in report["benchmarks"] if run["aggregate_name"] == "median"}


def bytes_per_peer(bench: Path, peers: int) -> float:
    """Resident memory of an idle peer with one lease."""
    report = _run(bench, f"--benchmark_filter=/{peers}/")
    return report["benchmarks"][0]["bytes_per_peer"]


def _run(bench: Path, *arguments: str) -> dict:
    command = [bench, "--benchmark_format=json", *arguments]
    result = subprocess.run(command, capture_output=True, check=True, timeout=LIMIT_S)
    return json.loads(result.stdout)
