"""The published clients of both generations at once, as processes, on one semaphore."""

import subprocess
import sys
from pathlib import Path

import pytest

from harness.tcp import LIMIT_S

pytestmark = pytest.mark.ours  # no other server serves both

MOST = 3
WORKERS_EACH = 4
TURNS = 5

# Begins at a signal. Writes which client is inside; appending a short line is atomic.
WORK = """
import sys, time
from datetime import timedelta
{prelude}
log = open(sys.argv[2], "a", buffering=1)
print("ready", flush=True)
sys.stdin.readline()
for turn in range({turns}):
    with {lock}:
        log.write("+{count}\\n")
        time.sleep(0.02)
        log.write("-{count}\\n")
"""
CURRENT = WORK.format(prelude="from throttle_client import lock", turns=TURNS, count=1,
                      lock="lock(sys.argv[1], 'A', timeout=timedelta(seconds=30))")
FIRST = WORK.format(prelude="from throttle_client import Client, lock", turns=TURNS, count=2,
                    lock="lock(Client(sys.argv[1]), 'A', count=2, timeout=timedelta(seconds=30))")


def test_they_share_a_semaphore_and_never_hold_too_much(serve, request, tmp_path):
    first_python = request.config.getoption("--first-python")
    assert first_python, "--first-python is needed"
    server = serve(f"[semaphores]\nA = {MOST}")
    log = tmp_path / "log"
    workers = [subprocess.Popen([python, "-c", script, server.url, log], text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
               for python, script in ((sys.executable, CURRENT), (first_python, FIRST))
               for _ in range(WORKERS_EACH)]
    assert [worker.stdout.readline() for worker in workers] == ["ready\n"] * len(workers)
    for worker in workers:
        worker.stdin.close()
    assert [worker.wait(LIMIT_S) for worker in workers] == [0] * len(workers)
    changes = [int(line) for line in Path(log).read_text().splitlines()]
    assert len(changes) == 2 * 2 * WORKERS_EACH * TURNS
    inside, most = 0, 0
    for change in changes:
        inside += change
        most = max(most, inside)
    assert most == MOST and inside == 0
    assert server.remainder("A") == MOST and server.peers() == set()
