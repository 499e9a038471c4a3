"""The figures of the ledger alone, from its Google Benchmark executables."""

import json
import subprocess
from pathlib import Path

LIMIT_S = 900

# Why the ledger misses what it misses.
MISSES = """\
A heartbeat at 1,000,000 peers in random order waits for the memory once: the entry of its peer, in
a table of 64 MB, is in no cache. This one miss, with that of the address translation, is most of
its time, and alone it is several times what a heartbeat takes at 1,000 peers, where everything is
at hand. So the larger figure does not come within twice the smaller, and whatever shortens both
makes the ratio worse. Huge pages (`GLIBC_TUNABLES=glibc.malloc.hugetlb=1`) and a table aligned to
cache lines changed it by less than a tenth. The rest is re-arming deadlines, about once in a
peer's life.

An acquire with its release touches that entry and both cache lines of the peer's record, which is
found through the entry: misses in a row, for the address of one is known by the one before."""


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
