"""ConnectionLimiter beside go-connlimit: accept and release, by one thread and by two."""

import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

MODULE = "github.com/hashicorp/go-connlimit"
VERSION = "v0.3.0"
LIMIT_S = 600
THREADS = (1, 2)

Rates = dict[int, float]  # accepts with their releases a second, by threads


def limiter_rates(bench: Path, rounds: int, seconds: float,
                  checkout: Path | None) -> tuple[Rates, Rates | None]:
    """Medians of ours and of go-connlimit; rounds in turn. Nothing where Go or it are missing."""
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        test = _build_connlimit(Path(folder), checkout)
        for _ in range(rounds):
            ours.append(_our_rates(bench, seconds))
            if test:
                theirs.append(_their_rates(test, seconds))
    return _medians(ours), _medians(theirs) if theirs else None


def _medians(rounds: list[Rates]) -> Rates:
    return {threads: statistics.median(rates[threads] for rates in rounds) for threads in THREADS}


def _our_rates(bench: Path, seconds: float) -> Rates:
    report = json.loads(_run([bench, "--benchmark_format=json", f"--benchmark_min_time={seconds}"]))
    return {run["threads"]: run["items_per_second"] for run in report["benchmarks"]}


def _their_rates(test: Path, seconds: float) -> Rates:
    output = _run([test, "-test.bench=.", "-test.run=^$", f"-test.benchtime={seconds}s",
                   f"-test.cpu={','.join(map(str, THREADS))}"])
    found = re.findall(r"^BenchmarkAcceptAndRelease(?:-(\d+))?\s+\d+\s+([\d.]+) ns/op", output,
                       re.MULTILINE)
    return {int(threads or 1): 1e9 / float(each_ns) for threads, each_ns in found}


def _build_connlimit(folder: Path, checkout: Path | None) -> Path | None:
    """The benchmark with go-connlimit, from the module proxy or from a checkout."""
    if not shutil.which("go"):
        print("go-connlimit is left out: there is no Go.", flush=True)
        return None
    shutil.copy(Path(__file__).with_name("connlimit_test.go"), folder)
    commands = [["go", "mod", "init", "connlimit"]]
    if checkout:
        commands += [["go", "mod", "edit", f"-require={MODULE}@{VERSION}",
                      f"-replace={MODULE}={checkout.resolve()}"], ["go", "mod", "tidy"]]
    else:
        commands.append(["go", "get", f"{MODULE}@{VERSION}"])
    test = folder / "connlimit.test"
    try:
        for command in [*commands, ["go", "test", "-c", "-o", test]]:
            _run(command, folder)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        reason = (getattr(error, "stderr", "") or str(error)).strip().splitlines()[-1]
        print(f"go-connlimit is left out: {reason}", flush=True)
        return None
    return test


def _run(command: list, folder: Path | None = None) -> str:
    environment = os.environ | {"GOFLAGS": "-mod=mod"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True,
                          check=True, timeout=LIMIT_S).stdout
